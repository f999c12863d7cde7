//! Refuses memory that belongs to no process and whose size nothing outside of the kernel shows.
//!
//! The watchdog counts the memory of processes. Pages of shared memory without a file belong to that memory and not to
//! its mappings: a process that fills a gibibyte and unmaps all of it except one page still occupies the gibibyte,
//! while the list of mappings shows one page. A pipe that was lent a page of memory (vmsplice) keeps the whole huge
//! page around it, 2 MiB for each waiting byte. So neither can be made. /dev/zero mapped shared is such memory too, but
//! it must be writable, which takes a list that names it.
//!
//! Sockets hide memory too. One that waits to be accepted, or is on its way through another one (SCM_RIGHTS), has no
//! descriptor that could be looked at, and what was sent to it stays. The watchdog finds such sockets in the kernel's
//! list of all, but estimates a unix socket whose sender is closed by the size of its buffer. With the system's usual
//! buffers that is some 200 KiB each; a tool that may enlarge them reaches megabytes each.

use super::row::{Answer, AppliesWhen, Row, Test, on, row};

const EPERM: Answer = Answer::Errno(libc::EPERM);

/// MAP_SHARED (a bit that MAP_PRIVATE lacks) and MAP_ANONYMOUS.
const SHARED_WITHOUT_FILE: u32 = (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as u32;

/// SO_SNDBUF and SO_RCVBUF. Setting them succeeds without any effect: the kernel itself silently gives less than it is
/// asked for, and callers cannot depend on the size.
const BUFFERS: &[u32] = &[libc::SO_SNDBUF as u32, libc::SO_RCVBUF as u32];

pub(super) const ROWS: &[Row] = &[
    row!(AppliesWhen::Everyone, EPERM, ["mmap"] if [on(3, Test::MaskedIs(SHARED_WITHOUT_FILE, SHARED_WITHOUT_FILE))],
        "shared memory without a file outlives its mappings in part, which nobody can count"),
    row!(
        AppliesWhen::Everyone,
        EPERM,
        ["vmsplice"],
        "a pipe keeps huge pages for bytes, which nobody can count"
    ),
    row!(
        AppliesWhen::Everyone,
        Answer::Errno(libc::ENOSYS),
        ["landlock_create_ruleset", "landlock_add_rule"],
        "a set of rules keeps megabytes, which nobody can count; programs go on as on an older kernel"
    ),
    // A forked process puts itself under the set that the host hands to it.
    row!(
        AppliesWhen::WithoutForks,
        Answer::Errno(libc::ENOSYS),
        ["landlock_restrict_self"],
        "there is no set of rules"
    ),
    row!(AppliesWhen::Everyone, Answer::Errno(0), ["setsockopt"] if [on(1, Test::Is(libc::SOL_SOCKET as u32)), on(2, Test::OneOf(BUFFERS))],
        "what waits in a socket that nobody has open cannot be counted, so it must be little"),
    row!(
        AppliesWhen::WithoutPeers,
        EPERM,
        ["sendmsg", "sendmmsg"],
        "a socket that is on its way through another one belongs to nobody, and keeps what was sent to it"
    ),
];
