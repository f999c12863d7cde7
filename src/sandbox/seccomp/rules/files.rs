//! Access to files by other ways than a path.

use super::super::row::AppliesWhen::*;
use super::super::row::{Answer, Reported, Row, Test, on, row};
use super::errno::{EACCES, ENOSYS, EPERM};

/// The kernel's answer on a file system without extended attributes; programs that copy files continue after it.
const NO_ATTRIBUTES: Answer = Answer::Errno(libc::EOPNOTSUPP);

/// Calls that change modes, owners and times. They are refused, or where a list allows files to be written the supervisor makes them.
const METADATA: &[&str] = &[
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
    "utimensat",
];

/// The commands of fcntl that a worker may give. None of them does anything to a file or to another process; every
/// kernel adds new ones, so these are listed. The numbers are the same on x86-64 and 64-bit Arm.
const FCNTL: &[u32] = &[
    0, 1, 2, 3, 4, // F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL
    5, 6, 7, // F_GETLK, F_SETLK, F_SETLKW: databases
    9, 11, 16, // F_GETOWN, F_GETSIG, F_GETOWN_EX
    36, 37, 38,   // F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW
    1025, // F_GETLEASE
    1026, // F_NOTIFY, which has a row of its own
    1027, 1028, // F_DUPFD_QUERY, F_CREATED_QUERY
    1029, // F_CANCELLK
    1030, // F_DUPFD_CLOEXEC
    1031, 1032, // F_SETPIPE_SZ, F_GETPIPE_SZ
    1033, 1034, // F_ADD_SEALS, F_GET_SEALS
    1035, // F_GET_RW_HINT
];

pub(super) const ROWS: &[Row] = &[
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
    row!(Everyone, EPERM, ["fcntl"] if [on(1, Test::NoneOf(FCNTL))],
        "F_SETOWN and F_SETOWN_EX aim signals at others, F_SETLEASE and F_SETDELEG stall whoever opens the file, \
         F_SET_RW_HINT changes it, although it is open for reading only"),
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
        METADATA,
        "changes metadata of files that Landlock does not cover"
    ),
    row!(
        Reported(Reported::Metadata),
        Answer::Notify,
        METADATA,
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
];
