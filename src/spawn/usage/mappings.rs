//! Measures shared memory that has no file which anybody could name.
//!
//! Its pages belong to the mapping and not to the process: a process that gives its own view of them back
//! (MADV_DONTNEED) still occupies them, and no count of resident pages shows it. The size of the mapping does.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

/// The kernel's names of such memory: of MAP_SHARED | MAP_ANONYMOUS and of /dev/zero mapped shared, of memfd_create, of
/// System V. Such memory can be larger than its mapped part, so none of it can be made inside the sandbox; with sandbox
/// "off" the mapped part is counted.
const NAMES: [&str; 3] = ["/dev/zero", "/memfd:", "/SYSV"];
/// The memory that a worker shares with its host.
const OF_THE_HOST: &str = "/memfd:toolwarden";
/// Bytes read of one process's list at most: some 10,000 mappings.
const MOST: u64 = 1024 * 1024;

/// The sizes of such memory in bytes. A piece counts once, however many processes map it.
#[derive(Debug, Default)]
pub(super) struct SharedMemory(HashMap<u64, u64>);

impl SharedMemory {
    /// Adds the mappings of a process; nothing where its list cannot be read.
    pub(super) fn add(&mut self, process: u32) {
        let mut text = String::new();
        if let Ok(file) = File::open(format!("/proc/{process}/maps")) {
            // An invalid name ends the reading; what was read until then counts.
            let _ = file.take(MOST).read_to_string(&mut text);
            self.add_list(&text);
        }
    }

    /// The parts of a memory that is mapped in several parts are added up.
    fn add_list(&mut self, maps: &str) {
        let mut own: HashMap<u64, u64> = HashMap::new();
        for (inode, size) in maps.lines().filter_map(mapping) {
            *own.entry(inode).or_default() += size;
        }
        for (inode, size) in own {
            let known = self.0.entry(inode).or_default();
            *known = size.max(*known);
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Inode and size, if a line of `maps` describes such memory: `start-end perms offset device inode name`.
fn mapping(line: &str) -> Option<(u64, u64)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    if !fields.next()?.ends_with('s') {
        return None;
    }
    let inode = fields.nth(2)?.parse().ok()?;
    let name = fields.next()?;
    if name == OF_THE_HOST || !NAMES.iter().any(|known| name.starts_with(known)) {
        return None;
    }
    let address = |text| u64::from_str_radix(text, 16).ok();
    Some((inode, address(end)?.checked_sub(address(start)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
7f0000000000-7f0000200000 rw-s 00000000 00:01 1031                       /dev/zero (deleted)
7f0000200000-7f0000300000 rw-s 00200000 00:01 1031                       /dev/zero (deleted)
7f0000400000-7f0000500000 rw-s 00000000 00:01 2044                       /memfd:toolwarden (deleted)
7f0000500000-7f0000600000 rw-p 00000000 00:01 2045                       /dev/zero
7f0000600000-7f0000700000 r--s 00000000 08:01 77                         /var/data.mdb
7f0000700000-7f0000800000 rw-p 00000000 00:00 0
";

    #[test]
    fn memory_that_has_no_file_is_counted_once() {
        let mut shared = SharedMemory::default();
        shared.add_list(MAPS);
        shared.add_list(MAPS);
        assert_eq!(shared.bytes(), 0x30_0000);
        shared.add_list("7f0000000000-7f0000100000 r--s 00000000 00:01 9 /dev/zero (deleted)");
        assert_eq!(shared.bytes(), 0x40_0000);
    }

    #[test]
    fn a_mapping_of_this_process_is_found() {
        const SIZE: usize = 8 * 1024 * 1024;
        // SAFETY: asks for a new mapping at an address of the kernel's choice; touches no existing memory.
        let mapped = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                SIZE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        assert_ne!(mapped, libc::MAP_FAILED);
        let mut shared = SharedMemory::default();
        shared.add(std::process::id());
        // SAFETY: exactly the mapping made above.
        unsafe { libc::munmap(mapped, SIZE) };
        assert!(shared.bytes() >= SIZE as u64, "{}", shared.bytes());
    }
}
