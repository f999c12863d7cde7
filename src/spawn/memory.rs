//! Memory that one process and the host both map: the ring of output frames, and the table of entered calls.
//!
//! The process may write anything into it at any time. The host reads numbers atomically, copies bytes out before it
//! looks at them, and never uses a number that it finds there as an address without checking it.

use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use rustix::io::Errno;

use super::memory_file;

/// A shared mapping of zeros.
#[derive(Debug)]
pub(super) struct SharedMemory {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone, and every access to it is atomic.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// Makes a memory of at least `len` bytes; gives the descriptor through which the process maps it.
    pub(super) fn new(len: usize) -> Result<(Self, OwnedFd), Errno> {
        let len = len.max(1).next_multiple_of(size_of::<u64>());
        let memory = memory_file::create(len)?;
        // SAFETY: asks for a new mapping at an address of the kernel's choice; touches no existing memory.
        let mapped = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                memory.as_raw_fd(),
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::NOMEM));
        }
        let base = NonNull::new(mapped.cast()).ok_or(Errno::NOMEM)?;
        Ok((Self { base, len }, memory))
    }

    /// The number at word `index`; none outside of the memory.
    pub(super) fn word(&self, index: usize) -> Option<&AtomicU32> {
        let fits = index < self.len / size_of::<u32>();
        // SAFETY: inside the mapping, which is never shorter than it was (see `memory_file.rs`), and aligned, as it begins with a page.
        fits.then(|| unsafe { self.base.cast::<AtomicU32>().add(index).as_ref() })
    }

    /// Copies what is there from `offset` on.
    ///
    /// # Panics
    /// Where that is not inside.
    pub(super) fn copy(&self, offset: usize, into: &mut [u8]) {
        assert!(
            offset <= self.len && into.len() <= self.len - offset,
            "outside of the memory"
        );
        let aligned = offset.next_multiple_of(size_of::<u64>());
        let (head, rest) = into.split_at_mut((aligned - offset).min(into.len()));
        let (eights, tail) = rest.as_chunks_mut::<{ size_of::<u64>() }>();
        let after = aligned + size_of_val(eights);
        self.copy_bytes(offset, head);
        for (index, eight) in eights.iter_mut().enumerate() {
            // SAFETY: inside, by the assertion, and aligned.
            let word = unsafe { self.base.add(aligned).cast::<AtomicU64>().add(index).as_ref() };
            *eight = word.load(Ordering::Relaxed).to_ne_bytes();
        }
        self.copy_bytes(after, tail);
    }

    /// Copies a few bytes one by one.
    fn copy_bytes(&self, offset: usize, into: &mut [u8]) {
        for (index, byte) in into.iter_mut().enumerate() {
            // SAFETY: inside, as `copy` asserts.
            let one = unsafe { self.base.add(offset + index).cast::<AtomicU8>().as_ref() };
            *byte = one.load(Ordering::Relaxed);
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `new` made; nobody can use it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_host_reads_what_is_written_through_the_descriptor() {
        let (memory, fd) = SharedMemory::new(16).unwrap();
        assert_eq!(memory.word(2).unwrap().load(Ordering::Relaxed), 0);
        rustix::io::pwrite(&fd, &7u32.to_ne_bytes(), 8).unwrap();
        assert_eq!(memory.word(2).unwrap().load(Ordering::Relaxed), 7);
        assert!(memory.word(4).is_none());
    }

    proptest! {
        #[test]
        fn any_part_of_it_can_be_copied(bytes in proptest::collection::vec(any::<u8>(), 0..100), from in 0usize..100, len in 0usize..100) {
            let (memory, fd) = SharedMemory::new(bytes.len()).unwrap();
            rustix::io::pwrite(&fd, &bytes, 0).unwrap();
            let from = from.min(bytes.len());
            let to = (from + len).min(bytes.len());
            let mut copy = vec![0; to - from];
            memory.copy(from, &mut copy);
            prop_assert_eq!(&copy, &bytes[from..to]);
        }
    }
}
