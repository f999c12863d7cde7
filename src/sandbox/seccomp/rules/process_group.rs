//! What keeps the process in its group, under its parent and under this filter.

use super::super::row::AppliesWhen::*;
use super::super::row::{Answer, Reported, Row, Test, on, row};
use super::errno::{ENOSYS, EPERM};

const PRIO_USER: u32 = 2;
const IOPRIO_WHO_USER: u32 = 3;
const PR_SET_PDEATHSIG: u32 = 1;
const SIGKILL: u32 = 9;
const PARENT_DEATH: &str =
    "the process must end with the host; a fork clears the signal, and a forked process sets the same one again";

pub(super) const ROWS: &[Row] = &[
    row!(
        Everyone,
        EPERM,
        ["setsid", "setpgid"],
        "a kill of the group must reach every descendant"
    ),
    row!(
        Everyone,
        EPERM,
        ["lsm_set_self_attr"],
        "moves the process to another profile of the machine's security module"
    ),
    row!(
        Everyone,
        EPERM,
        ["seccomp"],
        "a listener of its own could answer for its children"
    ),
    row!(Everyone, EPERM, ["prctl"] if [on(0, Test::OneOf(&[4, 22, 35, 36, 59, 0x5961_6d61]))],
        "DUMPABLE, SECCOMP, MM, CHILD_SUBREAPER, SYSCALL_USER_DISPATCH and PTRACER loosen the host's hold"),
    row!(WithoutForks, EPERM, ["prctl"] if [on(0, Test::Is(PR_SET_PDEATHSIG))], PARENT_DEATH),
    row!(WithForks, EPERM, ["prctl"] if [on(0, Test::Is(PR_SET_PDEATHSIG)), on(1, Test::IsNot(SIGKILL))], PARENT_DEATH),
    row!(Everyone, EPERM, ["personality"] if [on(0, Test::IsNot(0xffff_ffff))], "only asking for it is harmless"),
    row!(Everyone, EPERM, ["prlimit64"] if [on(2, Test::NotNull)], "sets limits, also those of other processes"),
    row!(Everyone, EPERM, ["prlimit64"] if [on(0, Test::IsNot(0)), on(0, Test::NotSelf)], "reads other processes' limits"),
    row!(Everyone, EPERM, ["setrlimit"], "sets limits"),
    row!(Everyone, EPERM, ["sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"]
        if [on(0, Test::IsNot(0))], "schedules other processes"),
    row!(Everyone, EPERM, ["setpriority", "ioprio_set"] if [on(1, Test::IsNot(0))], "schedules other processes"),
    row!(Everyone, EPERM, ["setpriority"] if [on(0, Test::Is(PRIO_USER))],
        "schedules every process of the user, the host among them, who cannot take that back"),
    row!(Everyone, EPERM, ["ioprio_set"] if [on(0, Test::Is(IOPRIO_WHO_USER))],
        "schedules the disk for every process of the user"),
    row!(
        Everyone,
        EPERM,
        ["sync", "syncfs"],
        "makes everybody wait for the disks; fsync is about one file"
    ),
    row!(Everyone, EPERM, ["move_pages", "migrate_pages"] if [on(0, Test::IsNot(0))], "moves other processes' memory"),
    row!(SignalsFiltered, EPERM, ["kill"] if [on(0, Test::IsNot(0)), on(0, Test::NotSelf)],
        "Landlock does not confine signals here: only to itself and its group"),
    row!(SignalsFiltered, EPERM, ["tgkill", "rt_tgsigqueueinfo", "rt_sigqueueinfo"] if [on(0, Test::NotSelf)],
        "Landlock does not confine signals here: only to itself"),
    row!(
        SignalsUnreported,
        EPERM,
        ["tkill", "pidfd_send_signal"],
        "Landlock does not confine signals here, and the filter cannot tell whose thread or descriptor it is"
    ),
    row!(
        SignalsSupervised,
        ENOSYS,
        ["pidfd_send_signal"],
        "Landlock does not confine signals here; callers fall back to kill"
    ),
    row!(
        Reported(Reported::Signals),
        Answer::Notify,
        ["kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"],
        "Landlock does not confine signals here; the supervisor sends those that stay in the worker's group"
    ),
    row!(
        Reported(Reported::ThreadSignals),
        Answer::Notify,
        ["tkill"],
        "musl's pthread_kill and raise; the supervisor knows whose thread it is"
    ),
];
