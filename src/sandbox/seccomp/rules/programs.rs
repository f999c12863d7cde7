//! Starting programs.

use super::super::row::AppliesWhen::*;
use super::super::row::{Answer, Reported, Row, Test, on, row};
use super::errno::EACCES;

const CLONE_THREAD: u32 = 0x0001_0000;

pub(super) const ROWS: &[Row] = &[
    row!(WithoutRunUnrecorded, EACCES, ["fork", "vfork"], "starts a process"),
    row!(WithoutRunUnrecorded, EACCES, ["clone"] if [on(0, Test::NotAny(CLONE_THREAD))], "starts a process"),
    row!(
        Reported(Reported::Fork),
        Answer::Notify,
        ["fork", "vfork"],
        "the supervisor refuses and records it"
    ),
    row!(Reported(Reported::Fork), Answer::Notify, ["clone"] if [on(0, Test::NotAny(CLONE_THREAD))],
        "the supervisor refuses and records it"),
    row!(
        Reported(Reported::Exec),
        Answer::Notify,
        ["execve"],
        "Landlock refuses files; the supervisor names them for the record and refuses a worker to replace itself"
    ),
];
