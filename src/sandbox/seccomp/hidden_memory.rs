//! Ways to hold memory that belongs to no process, as data, where nothing outside of the kernel shows how much it is.
//!
//! The watchdog counts what a process holds. The pages of shared memory without a file belong to that memory and not to its
//! mappings: who fills a gibibyte and then unmaps all of it but one page holds the gibibyte, and a list of mappings shows one
//! page. A pipe that was lent a page of memory (vmsplice) keeps the whole huge page around it, 2 MiB for each byte that waits.
//! So neither can be made. /dev/zero, mapped shared, is such memory too, but only for who may write to it, which takes a list
//! that names it.

use super::row::{Answer, AppliesWhen, Row, Test, on, row};

const EPERM: Answer = Answer::Errno(libc::EPERM);

/// MAP_SHARED, of which MAP_PRIVATE has no bit, and MAP_ANONYMOUS.
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
