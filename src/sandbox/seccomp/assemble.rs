//! From rows to the kernel's filter program.
//!
//! The program checks the architecture, then goes through the calls in turn: each has a block that is skipped unless
//! the number fits, and in it one piece per row that tests the arguments and answers. What no row refuses is allowed.

use libc::sock_filter;

use super::rules::{Answer, Condition, Row, Test};
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
pub enum Foreign {
    Kill,
    /// In the listener's filter: the child's own filter kills it.
    Allow,
}

/// A program ready to be loaded, but for the places where the process's own id belongs.
#[derive(Debug, Clone, Default)]
pub struct Program {
    pub code: Vec<sock_filter>,
    /// Instructions whose constant is the process's own id.
    pub own_pid_at: Vec<usize>,
}

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
pub fn assemble<'a>(table: &Table, rows: impl IntoIterator<Item = &'a Row>, foreign: Foreign) -> Program {
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
    for (number, rows) in by_call(table, rows) {
        let mut block = Program::default();
        for row in &rows {
            emit_row(&mut block, row);
            if row.when.is_empty() {
                break; // nothing after it can be reached
            }
        }
        if rows.iter().all(|row| !row.when.is_empty()) {
            block.code.push(op(RETURN, RET_ALLOW));
        }
        match u8::try_from(block.code.len()) {
            Ok(skip) => code.push(jump(EQUAL, number, 0, skip)),
            Err(_) => {
                // A block too long for a conditional jump is stepped over by an unconditional one.
                code.push(jump(EQUAL, number, 1, 0));
                code.push(op(ALWAYS, block.code.len() as u32));
            }
        }
        let start = code.len();
        program.own_pid_at.extend(block.own_pid_at.iter().map(|at| start + at));
        code.append(&mut block.code);
    }
    code.push(op(RETURN, RET_ALLOW));
    program
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
        Test::MaskedIsNot(mask, k) => {
            vec![op(LOAD, low), op(AND, mask), jump(EQUAL, k, miss(0), 0)]
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
            for (i, k) in values.iter().enumerate() {
                code.push(jump(EQUAL, *k, miss(values.len() - 1 - i), 0));
            }
            code
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::{For, ROWS, Reported};
    use super::super::simulate::{Call, run};
    use super::super::table::NATIVE;
    use super::super::{shape_for_tests, table_aarch64, table_x86_64};
    use super::*;

    const TABLES: [&Table; 2] = [&table_x86_64::TABLE, &table_aarch64::TABLE];

    /// Arguments that meet a row's conditions.
    fn meeting(row: &Row) -> [u64; 6] {
        let mut args = [0u64; 6];
        for condition in row.when {
            let arg = &mut args[usize::from(condition.arg)];
            *arg = match condition.test {
                Test::Is(k) => u64::from(k),
                Test::IsNot(k) | Test::MaskedIsNot(_, k) => u64::from(k) + 1,
                Test::OneOf(values) => u64::from(values[values.len() - 1]),
                Test::NoneOf(values) => u64::from(values.iter().max().unwrap_or(&0) + 1),
                Test::Any(mask) => u64::from(1u32 << mask.trailing_zeros()),
                Test::NotAny(_) => 0,
                Test::NotNull => 1 << 40,
                Test::NotSelf => 4242,
            };
        }
        args
    }

    /// For each condition, arguments that meet all others but not this one.
    fn missing(row: &Row) -> Vec<[u64; 6]> {
        row.when
            .iter()
            .map(|condition| {
                let mut args = meeting(row);
                args[usize::from(condition.arg)] = match condition.test {
                    Test::Is(k) => u64::from(k) + 1,
                    Test::IsNot(k) | Test::MaskedIsNot(_, k) => u64::from(k),
                    Test::OneOf(values) => u64::from(values.iter().max().unwrap_or(&0) + 1),
                    Test::NoneOf(values) => u64::from(values[0]),
                    Test::Any(mask) => u64::from(!mask),
                    Test::NotAny(mask) => u64::from(mask),
                    Test::NotNull => 0,
                    Test::NotSelf => 0, // the placeholder of an unpatched program
                };
                args
            })
            .collect()
    }

    #[test]
    fn every_named_call_is_known_or_absent_on_each_architecture() {
        for table in TABLES {
            for name in ROWS.iter().flat_map(|row| row.calls) {
                let known = table.number(name).is_some();
                assert!(known != table.absent.contains(name), "{name} on {}", table.arch);
            }
            for (name, _) in table.calls {
                assert!(
                    ROWS.iter().any(|row| row.calls.contains(name)),
                    "no row names {name} of {}",
                    table.arch
                );
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn numbers_are_those_of_the_libc_crate() {
        for (name, number) in [
            ("ptrace", libc::SYS_ptrace),
            ("clone3", libc::SYS_clone3),
            ("fchmodat2", libc::SYS_fchmodat2),
            ("socketpair", libc::SYS_socketpair),
            ("process_mrelease", libc::SYS_process_mrelease),
        ] {
            assert_eq!(NATIVE.number(name).map(i64::from), Some(number), "{name}");
        }
    }

    #[test]
    fn each_row_answers_and_only_where_its_conditions_hold() {
        for table in TABLES {
            for row in ROWS {
                let program = assemble(table, [row], Foreign::Kill);
                for number in row.calls.iter().filter_map(|name| table.number(name)) {
                    let call = |args| Call {
                        arch: table.audit_arch,
                        number,
                        args,
                    };
                    assert_eq!(run(&program, &call(meeting(row))), value(row.answer), "{row:?}");
                    for args in missing(row) {
                        assert_eq!(run(&program, &call(args)), RET_ALLOW, "{row:?} {args:x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn junk_in_the_upper_half_of_an_int_does_not_get_past_a_row() {
        for row in ROWS {
            let program = assemble(&NATIVE, [row], Foreign::Kill);
            let mut args = meeting(row);
            for condition in row.when.iter().filter(|c| c.test != Test::NotNull) {
                args[usize::from(condition.arg)] |= 0xdead_beef << 32;
            }
            for number in row.calls.iter().filter_map(|name| NATIVE.number(name)) {
                assert_eq!(
                    run(
                        &program,
                        &Call {
                            arch: NATIVE.audit_arch,
                            number,
                            args
                        }
                    ),
                    value(row.answer),
                    "{row:?}"
                );
            }
        }
    }

    #[test]
    fn no_row_does_nothing() {
        // A row is alive when, in some policy that has it, taking it away changes an answer.
        for (at, row) in ROWS.iter().enumerate() {
            let alive = shape_for_tests().into_iter().any(|shape| {
                let part = |row: &Row| match row.applies {
                    For::Reported(_) => row.applies.in_listener(&shape),
                    _ => row.applies.in_child(&shape),
                };
                if !part(row) {
                    return false;
                }
                let listener = matches!(row.applies, For::Reported(_));
                let same = |other: &Row| matches!(other.applies, For::Reported(_)) == listener && part(other);
                let with = assemble(&NATIVE, ROWS.iter().filter(|r| same(r)), Foreign::Kill);
                let without = assemble(
                    &NATIVE,
                    ROWS.iter()
                        .enumerate()
                        .filter(|(i, r)| *i != at && same(r))
                        .map(|(_, r)| r),
                    Foreign::Kill,
                );
                row.calls.iter().filter_map(|name| NATIVE.number(name)).all(|number| {
                    let mut args = meeting(row);
                    // An answer may hang on an earlier row about another argument: make that one pass.
                    if row.calls.contains(&"socket") && row.when.iter().all(|c| c.arg != 0) {
                        args[0] = 2;
                    }
                    if row.calls.contains(&"socket") && row.when.iter().all(|c| c.arg != 1) {
                        args[1] = 1;
                    }
                    if row.calls.contains(&"socketpair") {
                        args[0] = if row.when[0].arg == 0 { 2 } else { 1 };
                        args[1] = if row.when[0].arg == 1 { 2 } else { 1 };
                    }
                    let call = Call {
                        arch: NATIVE.audit_arch,
                        number,
                        args,
                    };
                    run(&with, &call) != run(&without, &call)
                })
            });
            assert!(alive, "this row does nothing: {row:?}");
        }
        assert!(ROWS.iter().any(|row| row.applies == For::Reported(Reported::Exec)));
    }

    #[test]
    fn a_foreign_architecture_is_killed_and_x32_does_not_exist() {
        let program = assemble(&table_x86_64::TABLE, ROWS, Foreign::Kill);
        let i386 = Call {
            arch: 0x4000_0003,
            number: 1,
            args: [0; 6],
        };
        assert_eq!(run(&program, &i386), RET_KILL);
        for number in [0x4000_0000, 0x4000_0029, u32::MAX] {
            let x32 = Call {
                arch: 0xc000_003e,
                number,
                args: [0; 6],
            };
            assert_eq!(run(&program, &x32), value(Answer::Errno(libc::ENOSYS)));
        }
    }

    #[test]
    fn jumps_stay_inside_and_programs_inside_the_kernels_limit() {
        for table in TABLES {
            for shape in shape_for_tests() {
                let rows = ROWS.iter().filter(|row| row.applies.in_child(&shape));
                let program = assemble(table, rows, Foreign::Kill);
                assert!(program.code.len() < 4096);
                for (at, ins) in program.code.iter().enumerate() {
                    assert!(at + 1 + usize::from(ins.jt.max(ins.jf)) < program.code.len() || ins.code == RETURN);
                    assert!(ins.jt < u8::MAX && ins.jf < u8::MAX, "a row is too long");
                }
            }
        }
    }
}
