use super::super::native_table::NATIVE;
use super::super::reverse_writer::{ALWAYS, RETURN};
use super::super::row::{AppliesWhen, Reported};
use super::super::rules::rows;
use super::super::simulate::{Call, run};
use super::super::{profiles_for_tests, table_aarch64, table_x86_64};
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
                Test::MaskedIs(mask, k) => u64::from(k ^ (1 << mask.trailing_zeros())),
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
        for name in rows().flat_map(|row| row.calls) {
            let known = table.number(name).is_some();
            assert!(known != table.absent.contains(name), "{name} on {}", table.arch);
        }
        for (name, _) in table.calls {
            assert!(
                rows().any(|row| row.calls.contains(name)),
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
        for row in rows() {
            let program = assemble(table, [row], ForeignArch::Kill);
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
    for row in rows() {
        let program = assemble(&NATIVE, [row], ForeignArch::Kill);
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
    // A row is needed when removing it changes an answer in some policy that contains it.
    for (at, row) in rows().enumerate() {
        let alive = profiles_for_tests().into_iter().any(|profile| {
            let part = |row: &Row| match row.applies {
                AppliesWhen::Reported(_) => row.applies.in_listener(&profile),
                _ => row.applies.in_child(&profile),
            };
            if !part(row) {
                return false;
            }
            let listener = matches!(row.applies, AppliesWhen::Reported(_));
            let same = |other: &Row| matches!(other.applies, AppliesWhen::Reported(_)) == listener && part(other);
            let with = assemble(&NATIVE, rows().filter(|r| same(r)), ForeignArch::Kill);
            let without = assemble(
                &NATIVE,
                rows().enumerate().filter(|(i, r)| *i != at && same(r)).map(|(_, r)| r),
                ForeignArch::Kill,
            );
            row.calls.iter().filter_map(|name| NATIVE.number(name)).all(|number| {
                let mut args = meeting(row);
                // An earlier row about another argument may decide the answer, so make that one pass.
                let any_family = |c: &Condition| c.arg != 0 || matches!(c.test, Test::IsNot(_));
                if row.calls.contains(&"socket") && row.when.iter().all(any_family) {
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
    assert!(rows().any(|row| row.applies == AppliesWhen::Reported(Reported::Exec)));
}

#[test]
fn a_foreign_architecture_is_killed_and_x32_and_calls_of_newer_kernels_do_not_exist() {
    let program = assemble(&table_x86_64::TABLE, rows(), ForeignArch::Kill);
    let i386 = Call {
        arch: 0x4000_0003,
        number: 1,
        args: [0; 6],
    };
    assert_eq!(run(&program, &i386), RET_KILL);
    for number in [470, 471, 600, 0x4000_0000, 0x4000_0029, u32::MAX] {
        let later = Call {
            arch: 0xc000_003e,
            number,
            args: [0; 6],
        };
        assert_eq!(run(&program, &later), value(Answer::Errno(libc::ENOSYS)));
    }
}

#[test]
fn jumps_stay_inside_and_programs_inside_the_kernels_limit() {
    for table in TABLES {
        for profile in profiles_for_tests() {
            let rows = rows().filter(|row| row.applies.in_child(&profile));
            let program = assemble(table, rows, ForeignArch::Kill);
            assert!(program.code.len() < 4096);
            for (at, ins) in program.code.iter().enumerate() {
                assert!(at + 1 + usize::from(ins.jt.max(ins.jf)) < program.code.len() || ins.code == RETURN);
                let ahead = if ins.code == ALWAYS { ins.k as usize } else { 0 };
                assert!(at + 1 + ahead < program.code.len() || ins.code == RETURN);
            }
        }
    }
}

#[test]
fn a_call_that_no_row_names_is_allowed_and_one_that_a_row_refuses_whatever_its_arguments_is_not() {
    for table in TABLES {
        for profile in profiles_for_tests() {
            let rows: Vec<_> = rows().filter(|row| row.applies.in_child(&profile)).collect();
            let program = assemble(table, rows.iter().copied(), ForeignArch::Kill);
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
                    None if number >= table.end => assert_eq!(answer, value(Answer::Errno(libc::ENOSYS)), "{number}"),
                    None => assert_eq!(answer, RET_ALLOW, "{} {number}", table.arch),
                    Some(rows) if rows[0].when.is_empty() => assert_eq!(answer, value(rows[0].answer), "{number}"),
                    Some(_) => {}
                }
            }
        }
    }
}

/// The answer of the rows, read one after the other, without a program.
fn answer_of_rows<'a>(table: &Table, rows: impl Iterator<Item = &'a Row>, foreign: ForeignArch, call: &Call) -> u32 {
    if foreign == ForeignArch::Kill && call.number >= table.end {
        return value(Answer::Errno(libc::ENOSYS));
    }
    let holds = |condition: &Condition| {
        let whole = call.args[usize::from(condition.arg)];
        let int = whole as u32;
        match condition.test {
            Test::Is(k) => int == k,
            Test::IsNot(k) => int != k,
            Test::OneOf(values) => values.contains(&int),
            Test::NoneOf(values) => !values.contains(&int),
            Test::Any(mask) => int & mask != 0,
            Test::NotAny(mask) => int & mask == 0,
            Test::MaskedIs(mask, k) => int & mask == k,
            Test::MaskedNoneOf(mask, values) => !values.contains(&(int & mask)),
            Test::NotNull => whole != 0,
            Test::NotSelf => int != 0, // the placeholder of an unpatched program
        }
    };
    let named = |row: &&Row| row.calls.iter().any(|name| table.number(name) == Some(call.number));
    let mut of_call = rows.filter(named);
    let first = of_call.find(|row| row.when.iter().all(holds));
    first.map_or(RET_ALLOW, |row| value(row.answer))
}

/// The values that a call's argument is compared with, and values near them: neighbours, and single bits flipped.
fn telling(rows: &[&Row], arg: u8) -> Vec<u64> {
    if rows
        .iter()
        .flat_map(|row| row.when)
        .all(|condition| condition.arg != arg)
    {
        return vec![0, u64::MAX];
    }
    let mut values = vec![0, 1, 1 << 40, u64::MAX];
    for condition in rows
        .iter()
        .flat_map(|row| row.when)
        .filter(|condition| condition.arg == arg)
    {
        match condition.test {
            Test::Is(k) | Test::IsNot(k) | Test::MaskedIs(_, k) | Test::Any(k) | Test::NotAny(k) => {
                values.push(k.into())
            }
            Test::OneOf(ks) | Test::NoneOf(ks) | Test::MaskedNoneOf(_, ks) => {
                values.extend(ks.iter().map(|k| u64::from(*k)));
            }
            Test::NotNull | Test::NotSelf => {}
        }
    }
    let beside = values
        .iter()
        .flat_map(|k| [k.wrapping_sub(1), *k, k.wrapping_add(1), k ^ 0x100]);
    let mut values: Vec<u64> = beside.collect();
    values.sort_unstable();
    values.dedup();
    values
}

#[test]
fn assembled_programs_agree_with_their_rules() {
    for table in TABLES {
        let mut checked: Vec<Vec<*const Row>> = Vec::new();
        for profile in profiles_for_tests() {
            let child: Vec<&Row> = rows().filter(|row| row.applies.in_child(&profile)).collect();
            let listener: Vec<&Row> = rows().filter(|row| row.applies.in_listener(&profile)).collect();
            for (rows, foreign) in [(child, ForeignArch::Kill), (listener, ForeignArch::Allow)] {
                // Many policies have the same filter.
                let same: Vec<*const Row> = rows.iter().map(|row| std::ptr::from_ref(*row)).collect();
                if checked.contains(&same) {
                    continue;
                }
                checked.push(same);
                let program = assemble(table, rows.iter().copied(), foreign);
                let check = |number, rows: &[&Row], args| {
                    let call = Call {
                        arch: table.audit_arch,
                        number,
                        args,
                    };
                    let expected = answer_of_rows(table, rows.iter().copied(), foreign, &call);
                    assert_eq!(
                        run(&program, &call),
                        expected,
                        "{} {number} {args:x?} {profile:?}",
                        table.arch
                    );
                };
                let calls = by_call(table, rows.iter().copied());
                for number in 0..table.end + 3 {
                    let of_call = calls.iter().find(|(named, _)| *named == number);
                    check(number, of_call.map_or(&[], |(_, rows)| rows.as_slice()), [0; 6]);
                }
                // Every pair of values of the first three arguments; no option or request depends on others.
                for (number, rows) in calls.iter().filter(|(_, rows)| !rows[0].when.is_empty()) {
                    let values: Vec<Vec<u64>> = (0..6).map(|arg| telling(rows, arg)).collect();
                    for (one, other) in [(0, 1), (1, 2), (0, 2), (3, 4)] {
                        for first in &values[one] {
                            for second in &values[other] {
                                let mut args = [0; 6];
                                args[one] = *first;
                                args[other] = *second;
                                check(*number, rows, args);
                            }
                        }
                    }
                }
            }
        }
    }
}
