//! Reads /proc/<pid>/status: memory and threads of one process.

use std::fs::File;
use std::os::unix::fs::FileExt;

const KIB: u64 = 1024;
/// Longer than any status. The kernel generates the text anew when it is read from the start.
const LONGEST: usize = 4096;

/// What one process uses. Pages of mapped files are not counted, because the kernel reclaims them when it needs memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// Resident pages that belong to no file, in bytes.
    pub(super) anonymous: u64,
    /// Resident pages of shared memory, in bytes.
    pub(super) shared: u64,
    /// Pages that were swapped out, in bytes.
    pub(super) swapped: u64,
    /// Pages of the machine's pool of huge pages, in bytes. They are in no other number.
    pub(super) huge: u64,
    /// Page tables, in bytes. Sparse mappings make them grow without any resident page.
    pub(super) page_tables: u64,
    pub(super) threads: u32,
}

impl Status {
    /// Reads a file that stays open: it refers to its process even when the id is given to another one. `None` when the
    /// process is gone.
    pub(super) fn read(file: &File) -> Option<Self> {
        let mut text = [0u8; LONGEST];
        let length = file.read_at(&mut text, 0).ok()?;
        Self::parse(&text[..length])
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut status = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else {
                continue;
            };
            let number = || number(&line[colon + 1..]);
            match &line[..colon] {
                b"RssAnon" => status.anonymous = number()? * KIB,
                b"RssShmem" => status.shared = number()? * KIB,
                b"HugetlbPages" => status.huge = number()? * KIB,
                b"VmSwap" => status.swapped = number()? * KIB,
                b"VmPTE" => status.page_tables = number()? * KIB,
                b"Threads" => status.threads = u32::try_from(number()?).ok()?,
                _ => {}
            }
        }
        // A zombie has no memory any more, but a thread.
        (status.threads > 0).then_some(status)
    }

    /// The sum of everything that counts, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.anonymous + self.shared + self.swapped + self.huge + self.page_tables
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text)
        .ok()?
        .split_ascii_whitespace()
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] =
        b"Name:\tbun: x\nUmask:\t0022\nVmSize:\t 6553064 kB\nVmRSS:\t   37400 kB\nRssAnon:\t    6372 kB\n\
        RssFile:\t   31028 kB\nRssShmem:\t      8 kB\nVmPTE:\t     320 kB\nVmSwap:\t       4 kB\nHugetlbPages:\t    2048 kB\nThreads:\t6\n";

    #[test]
    fn everything_except_file_pages_counts() {
        let status = Status::parse(TEXT).unwrap();
        assert_eq!(status.memory(), (6372 + 8 + 320 + 4 + 2048) * KIB);
        assert_eq!((status.shared, status.threads), (8 * KIB, 6));
    }

    #[test]
    fn a_zombie_uses_nothing_but_is_there() {
        let status = Status::parse(b"Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n").unwrap();
        assert_eq!((status.memory(), status.threads), (0, 1));
        assert_eq!(Status::parse(b""), None);
    }

    #[test]
    fn a_process_that_fills_memory_is_seen_to() {
        let file = File::open("/proc/self/status").unwrap();
        let before = Status::read(&file).unwrap();
        let block = vec![1u8; 64 * 1024 * 1024];
        let after = Status::read(&file).unwrap();
        assert!(
            after.memory() >= before.memory() + 48 * 1024 * 1024,
            "{before:?} {after:?} {}",
            block.len()
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Status::parse(&text);
        }
    }
}
