//! Simulates the part of the kernel's filter machine that our programs use, so that tests can ask for a program's
//! answer.

use super::program::Program;

/// A system call as the filter sees it.
pub(super) struct Call {
    pub arch: u32,
    pub number: u32,
    pub args: [u64; 6],
}

impl Call {
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.arch,
            16..64 => {
                let arg = self.args[((offset - 16) / 8) as usize];
                if offset.is_multiple_of(8) {
                    arg as u32
                } else {
                    (arg >> 32) as u32
                }
            }
            other => panic!("no program of ours reads offset {other}"),
        }
    }
}

/// The program's return value for the call.
pub(super) fn run(program: &Program, call: &Call) -> u32 {
    let (mut at, mut accumulator) = (0usize, 0u32);
    loop {
        let ins = &program.code[at];
        at += 1;
        let branch = |holds: bool| usize::from(if holds { ins.jt } else { ins.jf });
        match ins.code {
            0x20 => accumulator = call.word(ins.k),
            0x54 => accumulator &= ins.k,
            0x05 => at += ins.k as usize,
            0x15 => at += branch(accumulator == ins.k),
            0x35 => at += branch(accumulator >= ins.k),
            0x45 => at += branch(accumulator & ins.k != 0),
            0x06 => return ins.k,
            other => panic!("no program of ours has the instruction {other:#x}"),
        }
    }
}
