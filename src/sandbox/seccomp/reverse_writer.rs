//! Writes a filter program from its end to its start.
//!
//! The kernel's filters only jump forwards. Written in reverse, the target of a jump exists already, its distance is
//! known, and an answer can be shared by all jumps that reach it. Conditional jumps reach 255 instructions; a farther
//! target is reached through an unconditional jump.

use std::collections::BTreeMap;

use libc::sock_filter;

use super::program::Program;

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
const EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const ANY_BIT: u16 = 0x45; // BPF_JMP | BPF_JSET | BPF_K
pub(super) const ALWAYS: u16 = 0x05; // BPF_JMP | BPF_JA
pub(super) const RETURN: u16 = 0x06; // BPF_RET | BPF_K

/// The reach of a conditional jump: one less than the kernel's, because another jump may be written in between.
const REACH: usize = u8::MAX as usize - 1;

/// A possible jump target: the number of instructions when it had been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(usize);

/// A program whose last instruction is the first of `code`.
#[derive(Debug, Default)]
pub(super) struct ReverseWriter {
    code: Vec<sock_filter>,
    own_pid: Vec<usize>,
    /// Where each answer was last written.
    returns: BTreeMap<u32, Label>,
}

impl ReverseWriter {
    fn push(&mut self, code: u16, k: u32, jt: u8, jf: u8) -> Label {
        self.code.push(sock_filter { code, jt, jf, k });
        Label(self.code.len())
    }

    /// How many instructions the next one would have to skip.
    fn distance(&self, to: Label) -> usize {
        self.code.len() - to.0
    }

    /// The target itself, or a jump to it that is within reach.
    fn near(&mut self, to: Label) -> Label {
        match self.distance(to) {
            0..=REACH => to,
            far => self.push(ALWAYS, far as u32, 0, 0),
        }
    }

    /// An answer. It is written once for all jumps that can reach it.
    pub(super) fn returns(&mut self, value: u32) -> Label {
        if let Some(known) = self.returns.get(&value)
            && self.distance(*known) <= REACH
        {
            return *known;
        }
        let label = self.push(RETURN, value, 0, 0);
        self.returns.insert(value, label);
        label
    }

    /// Loads a word of the call, then continues at `next`.
    pub(super) fn load(&mut self, offset: u32, next: Label) -> Label {
        self.straight(LOAD, offset, next)
    }

    /// Keeps the bits of the mask, then continues at `next`.
    pub(super) fn and(&mut self, mask: u32, next: Label) -> Label {
        self.straight(AND, mask, next)
    }

    fn straight(&mut self, code: u16, k: u32, next: Label) -> Label {
        let far = self.distance(next);
        if far > 0 {
            self.push(ALWAYS, far as u32, 0, 0);
        }
        self.push(code, k, 0, 0)
    }

    fn branch(&mut self, code: u16, k: u32, holds: Label, else_to: Label) -> Label {
        let holds = self.near(holds);
        let else_to = self.near(else_to);
        // Both are at most REACH away, or REACH + 1 when a jump was written for the other one.
        let (jt, jf) = (self.distance(holds) as u8, self.distance(else_to) as u8);
        self.push(code, k, jt, jf)
    }

    pub(super) fn equal(&mut self, k: u32, holds: Label, else_to: Label) -> Label {
        self.branch(EQUAL, k, holds, else_to)
    }

    pub(super) fn at_least(&mut self, k: u32, holds: Label, else_to: Label) -> Label {
        self.branch(AT_LEAST, k, holds, else_to)
    }

    pub(super) fn any_bit(&mut self, mask: u32, holds: Label, else_to: Label) -> Label {
        self.branch(ANY_BIT, mask, holds, else_to)
    }

    /// Tests for a value from `first` to `last`, both included.
    pub(super) fn within(&mut self, first: u32, last: u32, holds: Label, else_to: Label) -> Label {
        if first == last {
            return self.equal(first, holds, else_to);
        }
        let not_above = match last.checked_add(1) {
            Some(above) => self.at_least(above, else_to, holds),
            None => holds,
        };
        self.at_least(first, not_above, else_to)
    }

    /// Compares with the process's own id, which is filled in just before the program is loaded.
    pub(super) fn own_pid(&mut self, holds: Label, else_to: Label) -> Label {
        let label = self.equal(0, holds, else_to);
        self.own_pid.push(self.code.len() - 1);
        label
    }

    /// The program in the order of the kernel: it starts with the instruction that was written last.
    pub(super) fn finish(mut self) -> Program {
        let last = self.code.len().saturating_sub(1);
        self.code.reverse();
        Program {
            code: self.code,
            own_pid_at: self.own_pid.iter().map(|at| last - at).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulate::{Call, run};
    use super::*;

    fn answer(program: &Program, number: u32) -> u32 {
        let call = Call {
            arch: 0,
            number,
            args: [0; 6],
        };
        run(program, &call)
    }

    #[test]
    fn jumps_lead_to_their_place_at_any_distance() {
        // Distances around the reach of a conditional jump, and far beyond it, on either side.
        for between in (0..8).chain(245..265).chain([1000]) {
            for swapped in [false, true] {
                let mut program = ReverseWriter::default();
                let far = program.returns(7);
                let mut near = program.returns(8);
                for _ in 0..between {
                    near = program.load(0, near);
                }
                let (holds, else_to) = if swapped { (near, far) } else { (far, near) };
                let compared = program.equal(5, holds, else_to);
                program.load(0, compared);
                let program = program.finish();
                assert_eq!(answer(&program, 5), if swapped { 8 } else { 7 }, "{between}");
                assert_eq!(answer(&program, 6), if swapped { 7 } else { 8 }, "{between}");
            }
        }
    }

    #[test]
    fn an_answer_is_written_again_only_when_it_is_out_of_reach() {
        let mut program = ReverseWriter::default();
        let first = program.returns(7);
        assert_eq!(program.returns(7), first);
        let mut last = first;
        for _ in 0..REACH {
            last = program.load(0, last);
        }
        assert_eq!(program.returns(7), first);
        program.load(0, last);
        assert_ne!(program.returns(7), first);
    }

    #[test]
    fn a_range_has_both_its_ends() {
        for (first, last) in [
            (3, 3),
            (3, 4),
            (0, 9),
            (3, u32::MAX),
            (u32::MAX, u32::MAX),
            (0, u32::MAX),
        ] {
            let mut program = ReverseWriter::default();
            let (holds, else_to) = (program.returns(7), program.returns(8));
            let within = program.within(first, last, holds, else_to);
            program.load(0, within);
            let program = program.finish();
            for number in [0, 2, 3, 4, 5, 9, 10, u32::MAX - 1, u32::MAX] {
                let expected = if (first..=last).contains(&number) { 7 } else { 8 };
                assert_eq!(answer(&program, number), expected, "{first}..={last} {number}");
            }
        }
    }
}
