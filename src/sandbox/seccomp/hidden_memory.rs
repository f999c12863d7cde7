//! Refuses memory that belongs to no process and whose size nothing outside of the kernel shows.
//!
//! The watchdog counts the memory of processes. Pages of shared memory without a file belong to that memory and not to
//! its mappings: a process that fills a gibibyte and unmaps all of it except one page still occupies the gibibyte,
//! while the list of mappings shows one page. A pipe that was lent a page of memory (vmsplice) keeps the whole huge
//! page around it, 2 MiB for each waiting byte. So neither can be made. /dev/zero mapped shared is such memory too, but
//! it must be writable, which takes a list that names it.

use super::row::{Answer, AppliesWhen, Row, Test, on, row};

const EPERM: Answer = Answer::Errno(libc::EPERM);

/// MAP_SHARED (a bit that MAP_PRIVATE lacks) and MAP_ANONYMOUS.
const SHARED_WITHOUT_FILE: u32 = (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as u32;

pub(super) const ROWS: &[Row] = &[
    row!(AppliesWhen::Everyone, EPERM, ["mmap"] if [on(3, Test::MaskedIs(SHARED_WITHOUT_FILE, SHARED_WITHOUT_FILE))],
        "shared memory without a file outlives its mappings in part, which nobody can count"),
    row!(
        AppliesWhen::Everyone,
        EPERM,
        ["vmsplice"],
        "a pipe keeps huge pages for bytes, which nobody can count"
    ),
];
