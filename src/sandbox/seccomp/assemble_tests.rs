use super::super::row::{For, Reported};
use super::super::rules::ROWS;
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
            Test::IsNot(k) => u64::from(k) + 1,
            Test::MaskedIs(_, k) => u64::from(k),
            Test::OneOf(values) => u64::from(values[values.len() - 1]),
            Test::NoneOf(values) | Test::MaskedNoneOf(_, values) => u64::from(values.iter().max().unwrap_or(&0) + 1),
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
                Test::IsNot(k) => u64::from(k),
                Test::MaskedIs(_, k) => u64::from(k) + 1,
                Test::OneOf(values) => u64::from(values.iter().max().unwrap_or(&0) + 1),
                Test::NoneOf(values) | Test::MaskedNoneOf(_, values) => u64::from(values[0]),
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

#[test]
fn a_call_that_no_row_names_is_allowed_and_one_that_a_row_refuses_whatever_its_arguments_is_not() {
    for table in TABLES {
        for shape in shape_for_tests() {
            let rows: Vec<_> = ROWS.iter().filter(|row| row.applies.in_child(&shape)).collect();
            let program = assemble(table, rows.iter().copied(), Foreign::Kill);
            let calls = by_call(table, rows.iter().copied());
            for number in 0..1024 {
                let of_call = calls.iter().find(|(named, _)| *named == number).map(|(_, rows)| rows);
                let answer = run(
                    &program,
                    &Call {
                        arch: table.audit_arch,
                        number,
                        args: [0; 6],
                    },
                );
                match of_call {
                    None => assert_eq!(answer, RET_ALLOW, "{} {number}", table.arch),
                    Some(rows) if rows[0].when.is_empty() => assert_eq!(answer, value(rows[0].answer), "{number}"),
                    Some(_) => {}
                }
            }
        }
    }
}
