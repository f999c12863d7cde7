//! From rows to the kernel's filter program.
//!
//! The program checks the architecture, then searches the call's number, by halves: loading a filter makes the kernel run it for
//! each of its calls, which with one after the other took as long as all else of a start's sandbox. Each call has a block that
//! is skipped unless the number fits, and in it one piece per row that tests the arguments and answers. What no row refuses is
//! allowed.

use libc::sock_filter;

use super::row::{Answer, Condition, Row, Test};
use super::table::Table;

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
const EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const ANY_BIT: u16 = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const ALWAYS: u16 = 0x05; // BPF_JMP | BPF_JA
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

pub(super) const RET_KILL: u32 = 0x8000_0000;
pub(super) const RET_ALLOW: u32 = 0x7fff_0000;
pub(super) const RET_NOTIFY: u32 = 0x7fc0_0000;
pub(super) const RET_ERRNO: u32 = 0x0005_0000;

/// What a foreign architecture gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    Kill,
    /// In the listener's filter: the child's own filter kills it.
    Allow,
}

/// A program ready to be loaded, but for the places where the process's own id belongs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    pub code: Vec<sock_filter>,
    /// Instructions whose constant is the process's own id.
    pub own_pid_at: Vec<usize>,
}

impl Program {
    fn append(&mut self, mut other: Program) {
        let start = self.code.len();
        self.own_pid_at.extend(other.own_pid_at.iter().map(|at| start + at));
        self.code.append(&mut other.code);
    }
}

/// So many calls are compared one after the other.
const LINEAR: usize = 3;

fn op(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

pub(super) fn value(answer: Answer) -> u32 {
    match answer {
        Answer::Errno(errno) => RET_ERRNO | errno as u32,
        Answer::Notify => RET_NOTIFY,
    }
}

/// Builds the program of `rows` for one architecture.
pub(super) fn assemble<'a>(table: &Table, rows: impl IntoIterator<Item = &'a Row>, foreign: Foreign) -> Program {
    let mut program = Program::default();
    let code = &mut program.code;
    code.push(op(LOAD, 4)); // seccomp_data.arch
    code.push(jump(EQUAL, table.audit_arch, 1, 0));
    code.push(op(RETURN, if foreign == Foreign::Kill { RET_KILL } else { RET_ALLOW }));
    code.push(op(LOAD, 0)); // seccomp_data.nr
    if table.x32 && foreign == Foreign::Kill {
        code.push(jump(AT_LEAST, 0x4000_0000, 0, 1));
        code.push(op(RETURN, value(Answer::Errno(libc::ENOSYS))));
    }
    let mut calls = by_call(table, rows);
    calls.sort_unstable_by_key(|(number, _)| *number);
    program.append(search(&calls));
    program
}

/// Looks for the number among these calls, which are sorted, and answers.
fn search(calls: &[(u32, Vec<&Row>)]) -> Program {
    let mut program = Program::default();
    if calls.len() <= LINEAR {
        for (number, rows) in calls {
            program.append(of_call(*number, rows));
        }
        program.code.push(op(RETURN, RET_ALLOW));
        return program;
    }
    let (below, above) = calls.split_at(calls.len() / 2);
    let below = search(below);
    program.code.extend(unless(AT_LEAST, above[0].0, below.code.len()));
    program.append(below);
    program.append(search(above));
    program
}

/// What is done for one call; goes on behind it for others.
fn of_call(number: u32, rows: &[&Row]) -> Program {
    let mut block = Program::default();
    for row in rows {
        emit_row(&mut block, row);
        if row.when.is_empty() {
            break; // nothing after it can be reached
        }
    }
    if rows.iter().all(|row| !row.when.is_empty()) {
        block.code.push(op(RETURN, RET_ALLOW));
    }
    let mut program = Program::default();
    match u8::try_from(block.code.len()) {
        Ok(skip) if skip < u8::MAX => program.code.push(jump(EQUAL, number, 0, skip)),
        _ => {
            // A block too long for a conditional jump is stepped over by an unconditional one.
            program.code.push(jump(EQUAL, number, 1, 0));
            program.code.push(op(ALWAYS, block.code.len() as u32));
        }
    }
    program.append(block);
    program
}

/// Steps over `length` instructions when the test holds.
fn unless(test: u16, k: u32, length: usize) -> Vec<sock_filter> {
    match u8::try_from(length) {
        Ok(skip) if skip < u8::MAX => vec![jump(test, k, skip, 0)],
        _ => vec![jump(test, k, 0, 1), op(ALWAYS, length as u32)],
    }
}

/// The rows of each call, in their order; calls in the order of their first row.
fn by_call<'a>(table: &Table, rows: impl IntoIterator<Item = &'a Row>) -> Vec<(u32, Vec<&'a Row>)> {
    let mut calls: Vec<(u32, Vec<&Row>)> = Vec::new();
    for row in rows {
        for number in row.calls.iter().filter_map(|name| table.number(name)) {
            match calls.iter_mut().find(|(n, _)| *n == number) {
                Some((_, rows)) => rows.push(row),
                None => calls.push((number, vec![row])),
            }
        }
    }
    calls
}

/// One row: its tests, each of which jumps behind the row where it fails, then its answer.
fn emit_row(block: &mut Program, row: &Row) {
    // Built from the end, so that each test knows how far the row's end is.
    let mut tail = vec![op(RETURN, value(row.answer))];
    let mut own_pid = Vec::new(); // distance from the end of the row
    for condition in row.when.iter().rev() {
        let mut test = emit_test(condition, tail.len());
        if condition.test == Test::NotSelf {
            own_pid.push(tail.len() + test.len() - 1);
        }
        test.append(&mut tail);
        tail = test;
    }
    let end = block.code.len() + tail.len();
    block.own_pid_at.extend(own_pid.iter().map(|from_end| end - from_end));
    block.code.append(&mut tail);
}

/// The instructions of one test; `rest` is how many instructions of the row follow, which a failing test skips.
fn emit_test(condition: &Condition, rest: usize) -> Vec<sock_filter> {
    let low = 16 + 8 * u32::from(condition.arg); // both tables are little-endian
    let miss = |behind: usize| u8::try_from(rest + behind).unwrap_or(u8::MAX); // a test finds rows this long
    match condition.test {
        Test::Is(k) => vec![op(LOAD, low), jump(EQUAL, k, 0, miss(0))],
        Test::IsNot(k) => vec![op(LOAD, low), jump(EQUAL, k, miss(0), 0)],
        Test::NotSelf => vec![op(LOAD, low), jump(EQUAL, 0, miss(0), 0)],
        Test::Any(mask) => vec![op(LOAD, low), jump(ANY_BIT, mask, 0, miss(0))],
        Test::NotAny(mask) => vec![op(LOAD, low), jump(ANY_BIT, mask, miss(0), 0)],
        Test::MaskedIs(mask, k) => vec![op(LOAD, low), op(AND, mask), jump(EQUAL, k, 0, miss(0))],
        Test::MaskedNoneOf(mask, values) => {
            let mut code = vec![op(LOAD, low), op(AND, mask)];
            code.extend(none_of(values, miss));
            code
        }
        Test::NotNull => vec![
            op(LOAD, low),
            jump(EQUAL, 0, 0, 2),
            op(LOAD, low + 4),
            jump(EQUAL, 0, miss(0), 0),
        ],
        Test::OneOf(values) => {
            let mut code = vec![op(LOAD, low)];
            for (i, k) in values.iter().enumerate() {
                let left = values.len() - 1 - i;
                let hit = u8::try_from(left).unwrap_or(u8::MAX);
                code.push(jump(EQUAL, *k, hit, if left == 0 { miss(0) } else { 0 }));
            }
            code
        }
        Test::NoneOf(values) => {
            let mut code = vec![op(LOAD, low)];
            code.extend(none_of(values, miss));
            code
        }
    }
}

/// Jumps to the row's end for each of the values.
fn none_of(values: &[u32], miss: impl Fn(usize) -> u8) -> impl Iterator<Item = sock_filter> {
    values
        .iter()
        .enumerate()
        .map(move |(i, k)| jump(EQUAL, *k, miss(values.len() - 1 - i), 0))
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
