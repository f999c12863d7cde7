//! Which system calls about files a worker may not make, and which of them are reported, as data.

use super::row::{Answer, AppliesWhen, Reported, Row, Test, on, row};

const EACCES: Answer = Answer::Errno(libc::EACCES);
const EPERM: Answer = Answer::Errno(libc::EPERM);
const ENOSYS: Answer = Answer::Errno(libc::ENOSYS);
/// What the kernel says where a file system has no extended attributes: what copies files takes it for that and goes on.
const NO_ATTRIBUTES: Answer = Answer::Errno(libc::EOPNOTSUPP);
const O_PATH: u32 = 0o1000_0000;
/// O_ACCMODE, O_CREAT and O_TRUNC: such an open changes what is there, or makes it.
const OPENS_TO_CHANGE: u32 = 0o3 | 0o100 | 0o1000;
/// Such an open is not for reading what is there.
const OPENS_OTHERWISE: u32 = OPENS_TO_CHANGE | O_PATH;
const READS: &str =
    "the supervisor records what Landlock refuses, and opens what /proc says of the worker's own processes";
const WRITES: &str = "the supervisor records what Landlock refuses";

use AppliesWhen::*;

pub(super) const OTHER_WAYS: &[Row] = &[
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
];

pub(super) const OPENS: &[Row] = &[
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
];
