//! Assembles the kernel's filter program from rows.
//!
//! The program checks the architecture, then finds the call's number by binary search. Loading a filter makes the
//! kernel run it for each system call number, so a linear search took as long as the rest of a start's sandbox. A call
//! that is refused whatever its arguments are is one comparison; a call whose arguments matter has a block with one
//! piece for each row, which tests them and answers. Calls that no row refuses are allowed, except those that are newer
//! than the table (`Table::end`).

use super::program::Program;
use super::reverse_writer::{Label, ReverseWriter};
use super::row::{Answer, Condition, Row, Test};
use super::table::Table;

pub(super) const RET_KILL: u32 = 0x8000_0000;
pub(super) const RET_ALLOW: u32 = 0x7fff_0000;
pub(super) const RET_NOTIFY: u32 = 0x7fc0_0000;
pub(super) const RET_ERRNO: u32 = 0x0005_0000;

/// What happens to a call of another architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForeignArch {
    Kill,
    /// Used in the listener's filter: the child's own filter kills such a call, and refuses calls that are newer than
    /// the table.
    Allow,
}

/// At most this many ranges are compared one after the other.
const LINEAR: usize = 3;

pub(super) fn value(answer: Answer) -> u32 {
    match answer {
        Answer::Errno(errno) => RET_ERRNO | errno as u32,
        Answer::Notify => RET_NOTIFY,
    }
}

/// System call numbers (including the last one) with the same action.
#[derive(Debug, Clone)]
struct Range<'a> {
    first: u32,
    last: u32,
    action: RangeAction<'a>,
}

#[derive(Debug, Clone)]
enum RangeAction<'a> {
    /// The same answer whatever the arguments are.
    Answer(Answer),
    /// The first row whose conditions are met answers.
    Rows(Vec<&'a Row>),
}

/// Builds the program of `rows` for one architecture.
pub(super) fn assemble<'a>(table: &Table, rows: impl IntoIterator<Item = &'a Row>, foreign: ForeignArch) -> Program {
    let mut ranges = ranges(by_call(table, rows));
    if foreign == ForeignArch::Kill {
        ranges.push(Range {
            first: table.end,
            last: u32::MAX,
            action: RangeAction::Answer(Answer::Errno(libc::ENOSYS)),
        });
    }
    let mut program = ReverseWriter::default();
    let found = search(&mut program, &ranges);
    let number = program.load(0, found); // seccomp_data.nr
    let other = program.returns(if foreign == ForeignArch::Kill {
        RET_KILL
    } else {
        RET_ALLOW
    });
    let native = program.equal(table.audit_arch, number, other);
    program.load(4, native); // seccomp_data.arch
    program.finish()
}

/// The rows of each call in their order, sorted by call number.
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
    calls.sort_unstable_by_key(|(number, _)| *number);
    calls
}

/// Neighbours with the same answer become one range.
fn ranges(calls: Vec<(u32, Vec<&Row>)>) -> Vec<Range<'_>> {
    let mut ranges: Vec<Range> = Vec::new();
    for (number, rows) in calls {
        let action = match rows.first() {
            Some(row) if row.when.is_empty() => RangeAction::Answer(row.answer),
            _ => RangeAction::Rows(rows),
        };
        match (ranges.last_mut(), &action) {
            (
                Some(Range {
                    last,
                    action: RangeAction::Answer(before),
                    ..
                }),
                RangeAction::Answer(answer),
            ) if *last + 1 == number && before == answer => *last = number,
            _ => ranges.push(Range {
                first: number,
                last: number,
                action,
            }),
        }
    }
    ranges
}

/// Searches the loaded number in these sorted ranges, and answers.
fn search(program: &mut ReverseWriter, ranges: &[Range]) -> Label {
    if ranges.len() > LINEAR {
        let (below, above) = ranges.split_at(ranges.len() / 2);
        let in_above = search(program, above);
        let in_below = search(program, below);
        return program.at_least(above[0].first, in_above, in_below);
    }
    let found: Vec<Label> = ranges
        .iter()
        .rev()
        .map(|range| answers(program, &range.action))
        .collect();
    let mut next = program.returns(RET_ALLOW);
    for (range, found) in ranges.iter().rev().zip(found) {
        next = program.within(range.first, range.last, found, next);
    }
    next
}

/// The action for a call that was found.
fn answers(program: &mut ReverseWriter, action: &RangeAction) -> Label {
    match action {
        RangeAction::Answer(answer) => program.returns(value(*answer)),
        RangeAction::Rows(rows) => {
            let mut next = program.returns(RET_ALLOW);
            for row in rows.iter().rev() {
                let mut hit = program.returns(value(row.answer));
                for condition in row.when.iter().rev() {
                    hit = test(program, condition, hit, next);
                }
                next = hit;
            }
            next
        }
    }
}

/// Tests one argument.
fn test(program: &mut ReverseWriter, condition: &Condition, hit: Label, miss: Label) -> Label {
    let low = 16 + 8 * u32::from(condition.arg); // both tables are little-endian
    let compared = match condition.test {
        Test::Is(k) => program.equal(k, hit, miss),
        Test::IsNot(k) => program.equal(k, miss, hit),
        Test::NotSelf => program.own_pid(miss, hit),
        Test::Any(mask) => program.any_bit(mask, hit, miss),
        Test::NotAny(mask) => program.any_bit(mask, miss, hit),
        Test::MaskedIs(mask, k) => {
            let equal = program.equal(k, hit, miss);
            program.and(mask, equal)
        }
        Test::MaskedNoneOf(mask, values) => {
            let listed = one_of(program, values, miss, hit);
            program.and(mask, listed)
        }
        Test::NotNull => {
            let high = program.equal(0, miss, hit);
            let high = program.load(low + 4, high);
            program.equal(0, high, hit)
        }
        Test::OneOf(values) => one_of(program, values, hit, miss),
        Test::NoneOf(values) => one_of(program, values, miss, hit),
    };
    program.load(low, compared)
}

/// Whether the loaded value is one of these. Long lists are searched binarily, and neighbours form one range.
fn one_of(program: &mut ReverseWriter, values: &[u32], hit: Label, miss: Label) -> Label {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for value in sorted {
        match ranges.last_mut() {
            Some((_, last)) if value - *last <= 1 => *last = value,
            _ => ranges.push((value, value)),
        }
    }
    one_of_ranges(program, &ranges, hit, miss)
}

fn one_of_ranges(program: &mut ReverseWriter, ranges: &[(u32, u32)], hit: Label, miss: Label) -> Label {
    if ranges.len() > LINEAR {
        let (below, above) = ranges.split_at(ranges.len() / 2);
        let in_above = one_of_ranges(program, above, hit, miss);
        let in_below = one_of_ranges(program, below, hit, miss);
        return program.at_least(above[0].0, in_above, in_below);
    }
    let mut next = miss;
    for (first, last) in ranges.iter().rev() {
        next = program.within(*first, *last, hit, next);
    }
    next
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
