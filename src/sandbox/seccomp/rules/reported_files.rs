//! File calls that are reported to the supervisor. Landlock refuses them without telling anybody, so the supervisor
//! checks the path and lets the kernel continue.

use super::super::row::AppliesWhen::*;
use super::super::row::{Answer, Reported, Row, Test, on, row};

const O_PATH: u32 = 0o1000_0000;
/// O_ACCMODE, O_CREAT and O_TRUNC: such an open changes or creates the file.
const OPENS_TO_CHANGE: u32 = 0o3 | 0o100 | 0o1000;
/// Such an open does not read an existing file.
const OPENS_OTHERWISE: u32 = OPENS_TO_CHANGE | O_PATH;
const READS: &str =
    "the supervisor records what Landlock refuses, and opens what /proc says of the worker's own processes";
const WRITES: &str = "the supervisor records what Landlock refuses";

pub(super) const ROWS: &[Row] = &[
    row!(Reported(Reported::Reads), Answer::Notify, ["openat"] if [on(2, Test::NotAny(OPENS_OTHERWISE))], READS),
    row!(Reported(Reported::Reads), Answer::Notify, ["open"] if [on(1, Test::NotAny(OPENS_OTHERWISE))], READS),
    row!(Reported(Reported::Writes), Answer::Notify, ["openat"] if [on(2, Test::Any(OPENS_TO_CHANGE))], WRITES),
    row!(Reported(Reported::Writes), Answer::Notify, ["open"] if [on(1, Test::Any(OPENS_TO_CHANGE))], WRITES),
    row!(
        Reported(Reported::ReadsOrWrites),
        Answer::Notify,
        ["openat2"],
        "its flags are in memory"
    ),
    row!(
        Reported(Reported::Writes),
        Answer::Notify,
        [
            "creat",
            "mkdir",
            "mkdirat",
            "rmdir",
            "unlink",
            "unlinkat",
            "rename",
            "renameat",
            "renameat2",
            "link",
            "linkat",
            "symlink",
            "symlinkat",
            "truncate"
        ],
        WRITES
    ),
];
