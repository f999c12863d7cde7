//! The system calls that a worker may not make, as data: one row per refusal, each with its reason.
//!
//! The answers follow one rule: EACCES for calls that tools meet (child_process emits 'error' for it, and throws for
//! EPERM and ENOSYS), ENOSYS where callers know a fallback, EPERM for the rest. The first matching row of a call
//! answers.

use super::row::{Answer, AppliesWhen, Reported, Row, Test, on, row};
use super::{hidden_memory, ioctl, socket_options};

const EACCES: Answer = Answer::Errno(libc::EACCES);
const EPERM: Answer = Answer::Errno(libc::EPERM);
const ENOSYS: Answer = Answer::Errno(libc::ENOSYS);

/// The kernel's answer on a file system without extended attributes; programs that copy files continue after it.
const NO_ATTRIBUTES: Answer = Answer::Errno(libc::EOPNOTSUPP);

const CLONE_THREAD: u32 = 0x0001_0000;
/// NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. In clone() the low byte is the exit signal,
/// so NEWTIME (0x80) can only be asked of clone3 and unshare.
const CLONE_NAMESPACES: u32 = 0x7e02_0000;
/// PTRACE, PARENT, UNTRACED.
const CLONE_HIDDEN: u32 = 0x0080_a000;
const AF_UNIX: u32 = 1;
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const AF_NETLINK: u32 = 16;
const SOCK_STREAM: u32 = 1;
/// Messages over a connection. Like streams they cannot be sent elsewhere: the kernel takes no address with them.
const SOCK_SEQPACKET: u32 = 5;
const SOCK_DGRAM: u32 = 2;
const SOCK_RAW: u32 = 3;
/// The type of a socket without SOCK_CLOEXEC and SOCK_NONBLOCK.
const SOCK_TYPE: u32 = 0xf;
const IPPROTO_TCP: u32 = 6;
const O_PATH: u32 = 0o1000_0000;
/// O_ACCMODE, O_CREAT and O_TRUNC: such an open changes or creates the file.
const OPENS_TO_CHANGE: u32 = 0o3 | 0o100 | 0o1000;
/// Such an open does not read an existing file.
const OPENS_OTHERWISE: u32 = OPENS_TO_CHANGE | O_PATH;
const READS: &str =
    "the supervisor records what Landlock refuses, and opens what /proc says of the worker's own processes";
const WRITES: &str = "the supervisor records what Landlock refuses";
const IPPROTO_MPTCP: u32 = 262;
const MSG_FASTOPEN: u32 = 0x2000_0000;
const PRIO_USER: u32 = 2;
const IOPRIO_WHO_USER: u32 = 3;

use AppliesWhen::*;

/// Every row of both filters.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    ROWS.iter()
        .chain(ioctl::ROWS)
        .chain(socket_options::ROWS)
        .chain(hidden_memory::ROWS)
}

const ROWS: &[Row] = &[
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
    // Files by other ways than a path.
    row!(
        Everyone,
        EPERM,
        ["mknod", "mknodat"],
        "devices, and pipes that block whoever opens them"
    ),
    row!(
        Everyone,
        EPERM,
        ["name_to_handle_at", "open_by_handle_at"],
        "opens files without walking a path"
    ),
    row!(
        Everyone,
        EPERM,
        ["fanotify_init", "fanotify_mark"],
        "watches what others do"
    ),
    row!(
        WatchRefused,
        EACCES,
        ["inotify_init", "inotify_init1", "inotify_add_watch"],
        "watching is not covered by Landlock"
    ),
    row!(
        Reported(Reported::Watch),
        Answer::Notify,
        ["inotify_add_watch"],
        "the supervisor watches what a list allows to be read"
    ),
    row!(WithoutReadAll, EACCES, ["fcntl"] if [on(1, Test::Is(1026))], "F_NOTIFY watches a directory"),
    row!(Everyone, EPERM, ["fcntl"] if [on(1, Test::OneOf(&[8, 15, 1024]))],
        "F_SETOWN and F_SETOWN_EX aim signals at others, F_SETLEASE stalls whoever opens the file"),
    row!(
        Everyone,
        ENOSYS,
        ["memfd_create", "memfd_secret", "execveat"],
        "programs that have no path"
    ),
    row!(
        Everyone,
        ENOSYS,
        ["io_uring_setup", "io_uring_enter", "io_uring_register"],
        "does what other calls do without passing this filter"
    ),
    row!(
        Everyone,
        ENOSYS,
        [
            "io_setup",
            "io_destroy",
            "io_submit",
            "io_cancel",
            "io_getevents",
            "io_pgetevents"
        ],
        "one process can take the whole machine's contexts (fs.aio-max-nr)"
    ),
    row!(
        Everyone,
        ENOSYS,
        ["cachestat"],
        "tells which parts of a file others have read lately"
    ),
    row!(
        MetadataRefused,
        EPERM,
        [
            "chmod",
            "fchmod",
            "fchmodat",
            "fchmodat2",
            "chown",
            "fchown",
            "lchown",
            "fchownat",
            "utime",
            "utimes",
            "futimesat",
            "utimensat"
        ],
        "changes metadata of files that Landlock does not cover"
    ),
    row!(
        Reported(Reported::Metadata),
        Answer::Notify,
        [
            "chmod",
            "fchmod",
            "fchmodat",
            "fchmodat2",
            "chown",
            "fchown",
            "lchown",
            "fchownat",
            "utime",
            "utimes",
            "futimesat",
            "utimensat"
        ],
        "the supervisor changes metadata where a list allows files to be written"
    ),
    row!(
        WithoutWriteAll,
        NO_ATTRIBUTES,
        [
            "setxattr",
            "lsetxattr",
            "fsetxattr",
            "setxattrat",
            "removexattr",
            "lremovexattr",
            "fremovexattr",
            "removexattrat",
            "file_setattr"
        ],
        "changes metadata of files that Landlock does not cover; programs that copy go on without"
    ),
    row!(
        WithoutReadAll,
        NO_ATTRIBUTES,
        [
            "getxattr",
            "lgetxattr",
            "fgetxattr",
            "getxattrat",
            "listxattr",
            "llistxattr",
            "flistxattr",
            "listxattrat",
            "file_getattr"
        ],
        "Landlock does not cover reading attributes, and a descriptor that is open for writing or listing reads them too"
    ),
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
    // Files. Landlock refuses, and tells nobody: the supervisor looks at the path, and lets the kernel go on.
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
    // Network.
    row!(NetDenied, EACCES, ["socket"], "no network"),
    row!(
        NetDenied,
        EACCES,
        ["connect", "bind", "listen", "accept", "accept4"],
        "no network, also on inherited sockets"
    ),
    row!(NetDenied, EACCES, ["sendto"] if [on(4, Test::NotNull)], "an address makes it a connection"),
    row!(NetSupervised, EACCES, ["socket"] if [on(0, Test::NoneOf(&[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK]))],
        "only what the supervisor can check"),
    row!(NetSupervised, EACCES, ["socket"] if [on(0, Test::Is(AF_UNIX)), on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM]))],
        "a datagram carries its address where it cannot be checked"),
    row!(NetSupervised, EACCES, ["socket"] if [on(0, Test::IsNot(AF_NETLINK)), on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM, SOCK_DGRAM]))],
        "raw sockets and others that are no connection"),
    row!(NetSupervised, EACCES, ["socket"] if [on(1, Test::MaskedIs(SOCK_TYPE, SOCK_STREAM)), on(2, Test::NoneOf(&[0, IPPROTO_TCP]))],
        "MPTCP and SCTP pass Landlock's TCP rules"),
    row!(NetSupervised, EACCES, ["sendto"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetSupervised, EACCES, ["sendmsg"] if [on(2, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetSupervised, EACCES, ["sendmmsg"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetFree, EACCES, ["socket"] if [on(0, Test::NoneOf(&[AF_INET, AF_INET6, AF_NETLINK]))],
        "unix sockets are files that cannot be told apart here, other families are no tool's"),
    row!(NetWide, EACCES, ["socket"] if [on(0, Test::NoneOf(&[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK]))],
        "other families are no tool's"),
    row!(NetWide, EACCES, ["socket"] if [on(0, Test::Is(AF_UNIX)), on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM]))],
        "a datagram carries its address where it cannot be checked"),
    row!(NetWide, EACCES, ["socket"] if [on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM, SOCK_DGRAM, SOCK_RAW]))],
        "a message of SCTP connects by itself"),
    row!(NetWide, EACCES, ["socket"] if [on(1, Test::MaskedIs(SOCK_TYPE, SOCK_STREAM)), on(2, Test::NoneOf(&[0, IPPROTO_TCP, IPPROTO_MPTCP]))],
        "a message of SCTP connects by itself"),
    row!(NetWide, EACCES, ["sendto"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetWide, EACCES, ["sendmsg"] if [on(2, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetWide, EACCES, ["sendmmsg"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(Everyone, EACCES, ["socketpair"] if [on(0, Test::IsNot(AF_UNIX))], "only the pair that is a pipe"),
    row!(Everyone, EACCES, ["socketpair"] if [on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM, SOCK_SEQPACKET]))],
        "a datagram socket of a pair reaches any other, such as /dev/log"),
    row!(
        Reported(Reported::Net),
        Answer::Notify,
        ["socket"] if [on(1, Test::MaskedIs(SOCK_TYPE, SOCK_DGRAM))],
        "datagrams carry their address where it cannot be checked; the supervisor refuses and records it"
    ),
    row!(Reported(Reported::Net), Answer::Notify, ["socket"] if [on(0, Test::Is(AF_NETLINK))],
        "it shows the machine's interfaces; the supervisor refuses and records it"),
    row!(
        Reported(Reported::Net),
        Answer::Notify,
        ["connect", "bind", "listen"],
        "the supervisor checks and does it"
    ),
    row!(
        Reported(Reported::NetWide),
        Answer::Notify,
        ["connect", "bind"],
        "the supervisor checks and does it"
    ),
    row!(Reported(Reported::Net), Answer::Notify, ["sendto"] if [on(4, Test::NotNull)],
        "an address makes it a connection; the supervisor refuses and records it"),
];
