//! The system calls that a worker may not make, as data: one row per refusal, each with its reason.
//!
//! The answers follow one rule: EACCES for calls that tools meet (child_process emits 'error' for it, and throws for
//! EPERM and ENOSYS), ENOSYS where callers know a fallback, EPERM for the rest. The first matching row of a call
//! answers.

use super::row::{Answer, AppliesWhen, Reported, Row, Test, on, row};
use super::{file_rules, hidden_memory, ioctl, net_rules, socket_options};

const EACCES: Answer = Answer::Errno(libc::EACCES);
const EPERM: Answer = Answer::Errno(libc::EPERM);
const ENOSYS: Answer = Answer::Errno(libc::ENOSYS);

const CLONE_THREAD: u32 = 0x0001_0000;
/// NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. In clone() the low byte is the exit signal,
/// so NEWTIME (0x80) can only be asked of clone3 and unshare.
const CLONE_NAMESPACES: u32 = 0x7e02_0000;
/// PTRACE, PARENT, UNTRACED.
const CLONE_HIDDEN: u32 = 0x0080_a000;
const PRIO_USER: u32 = 2;
const IOPRIO_WHO_USER: u32 = 3;

use AppliesWhen::*;

/// Every row of both filters.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    OTHERS
        .iter()
        .chain(file_rules::OTHER_WAYS)
        .chain(SHARED_AND_PROGRAMS)
        .chain(file_rules::OPENS)
        .chain(net_rules::ROWS)
        .chain(ioctl::ROWS)
        .chain(socket_options::ROWS)
        .chain(hidden_memory::ROWS)
}

const OTHERS: &[Row] = &[
    // Other processes' memory, descriptors and kernel internals.
    row!(
        Everyone,
        EPERM,
        ["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"],
        "reads or takes what belongs to another process"
    ),
    row!(
        Everyone,
        EPERM,
        ["process_madvise", "process_mrelease"],
        "acts on another process's memory"
    ),
    row!(
        Everyone,
        EPERM,
        ["bpf", "perf_event_open", "userfaultfd", "modify_ldt"],
        "kernel surface that exploits are built from and no tool needs"
    ),
    row!(
        Everyone,
        EPERM,
        ["add_key", "request_key", "keyctl"],
        "keyrings are shared with the host's user"
    ),
    row!(
        Everyone,
        EPERM,
        [
            "init_module",
            "finit_module",
            "delete_module",
            "kexec_load",
            "kexec_file_load"
        ],
        "loads code into the kernel"
    ),
    row!(
        Everyone,
        EPERM,
        [
            "lookup_dcookie",
            "acct",
            "reboot",
            "vhangup",
            "syslog",
            "quotactl",
            "quotactl_fd"
        ],
        "administration of the machine"
    ),
    row!(
        Everyone,
        EPERM,
        ["iopl", "ioperm", "uselib", "sysfs"],
        "old interfaces to hardware and kernel"
    ),
    row!(
        Everyone,
        EPERM,
        ["sethostname", "setdomainname", "swapon", "swapoff"],
        "administration of the machine"
    ),
    row!(
        Everyone,
        EPERM,
        ["clock_settime", "clock_adjtime", "adjtimex", "settimeofday"],
        "sets the machine's clock"
    ),
    // Mounts and namespaces: either would put other files under allowed names.
    row!(
        Everyone,
        EPERM,
        [
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
            "open_tree",
            "open_tree_attr",
            "move_mount",
            "mount_setattr",
            "statmount",
            "listmount"
        ],
        "changes or lists what is mounted"
    ),
    row!(
        Everyone,
        EPERM,
        ["unshare", "setns"],
        "namespaces give rights the policy did not"
    ),
    row!(Everyone, EPERM, ["clone"] if [on(0, Test::Any(CLONE_NAMESPACES))], "namespaces give rights the policy did not"),
    row!(Everyone, EPERM, ["clone"] if [on(0, Test::Any(CLONE_HIDDEN))],
        "a child that is not its maker's but the host's, where nobody waits for it, or that a debugger is kept from"),
    row!(
        Everyone,
        ENOSYS,
        ["clone3"],
        "its flags are in memory and cannot be inspected; libc falls back to clone"
    ),
];

const SHARED_AND_PROGRAMS: &[Row] = &[
    // System V and POSIX message queues, shared memory and semaphores: named by number, reachable by anyone of the user.
    row!(
        Everyone,
        EPERM,
        [
            "shmget",
            "shmat",
            "shmctl",
            "shmdt",
            "semget",
            "semop",
            "semtimedop",
            "semctl",
            "msgget",
            "msgsnd",
            "msgrcv",
            "msgctl"
        ],
        "SysV IPC reaches other processes of the user"
    ),
    row!(
        Everyone,
        EPERM,
        [
            "mq_open",
            "mq_unlink",
            "mq_timedsend",
            "mq_timedreceive",
            "mq_notify",
            "mq_getsetattr"
        ],
        "message queues reach other processes of the user"
    ),
    // What keeps the process in its group, under its parent and under this filter.
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
    row!(Everyone, EPERM, ["prctl"] if [on(0, Test::OneOf(&[1, 4, 22, 35, 36, 59, 0x5961_6d61]))],
        "PDEATHSIG, DUMPABLE, SECCOMP, MM, CHILD_SUBREAPER, SYSCALL_USER_DISPATCH and PTRACER loosen the host's hold"),
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
    row!(WithoutSignalScope, EPERM, ["kill"] if [on(0, Test::IsNot(0)), on(0, Test::NotSelf)],
        "this kernel cannot confine signals: only to itself and its group"),
    row!(WithoutSignalScope, EPERM, ["tgkill", "rt_tgsigqueueinfo", "rt_sigqueueinfo"] if [on(0, Test::NotSelf)],
        "this kernel cannot confine signals: only to itself"),
    row!(
        WithoutSignalScope,
        EPERM,
        ["tkill", "pidfd_send_signal"],
        "this kernel cannot confine signals"
    ),
    // Programs.
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
