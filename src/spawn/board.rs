//! A page of memory that a process writes and the host reads: which of its calls it has entered.
//!
//! Telling so by a frame costs a system call per call in the process and a wake-up of the host; a store costs nothing. The
//! host only ever compares what it reads with a number it expects, so a process that writes lies into it lies about its
//! own calls alone.

use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::Errno;

/// The host's view: a number per slot, all 0 at first.
#[derive(Debug)]
pub struct Board {
    numbers: NonNull<AtomicU32>,
    slots: usize,
}

// SAFETY: the mapping belongs to this value alone and is only read, atomically.
unsafe impl Send for Board {}
// SAFETY: as above.
unsafe impl Sync for Board {}

impl Board {
    /// A board of so many slots, and the descriptor under which the process finds it.
    pub(super) fn new(slots: usize) -> Result<(Self, OwnedFd), Errno> {
        let slots = slots.max(1);
        let bytes = slots * size_of::<u32>();
        let memory = memfd_create("toolwarden-board", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&memory, bytes as u64)?;
        // A process that made it shorter would make the host's next look fatal.
        fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok((Self::map(&memory, slots, bytes)?, memory))
    }

    fn map(memory: impl AsFd, slots: usize, bytes: usize) -> Result<Self, Errno> {
        use std::os::fd::AsRawFd;
        // SAFETY: asks for a new mapping at an address of the kernel's choice; touches no existing memory.
        let mapped = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ,
                libc::MAP_SHARED,
                memory.as_fd().as_raw_fd(),
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::NOMEM));
        }
        let numbers = NonNull::new(mapped.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { numbers, slots })
    }

    /// What the process wrote last; 0 for a slot there is none of.
    pub fn read(&self, slot: u32) -> u32 {
        if slot as usize >= self.slots {
            return 0;
        }
        // SAFETY: inside the mapping, aligned, and never shorter than it was: its size is sealed.
        unsafe { self.numbers.add(slot as usize).as_ref() }.load(Ordering::Acquire)
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `map` made; nobody can read it any more.
        unsafe { libc::munmap(self.numbers.as_ptr().cast(), self.slots * size_of::<u32>()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_reads_what_is_written_through_the_descriptor() {
        let (board, memory) = Board::new(4).unwrap();
        assert_eq!((0..5).map(|slot| board.read(slot)).collect::<Vec<_>>(), [0; 5]);
        rustix::io::pwrite(&memory, &7u32.to_ne_bytes(), 8).unwrap();
        assert_eq!((board.read(2), board.read(3)), (7, 0));
    }

    #[test]
    fn its_size_cannot_be_changed() {
        let (_board, memory) = Board::new(4).unwrap();
        assert!(ftruncate(&memory, 0).is_err() && ftruncate(&memory, 1 << 20).is_err());
    }
}
