//! The entry_table: which of its calls a process has entered, in shared memory.
//!
//! Telling so by a frame costs a system call per call in the process and a wake-up of the host; a store costs nothing. The
//! host only ever compares what it reads with a number it expects, so a process that writes lies into it lies about its
//! own calls alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::memory::SharedMemory;
use super::ring::RING_END;

/// The host's view: a number per slot, all 0 at first.
#[derive(Debug)]
pub struct EntryTable {
    memory: Arc<SharedMemory>,
}

impl EntryTable {
    pub(super) fn new(memory: Arc<SharedMemory>) -> Self {
        Self { memory }
    }

    /// What the process wrote last; 0 for a slot there is none of.
    pub fn read(&self, slot: u32) -> u32 {
        let word = self.memory.word(RING_END / size_of::<u32>() + slot as usize);
        word.map_or(0, |number| number.load(Ordering::Acquire))
    }
}

/// Bytes of a memory that has the ring and a entry_table of so many slots.
pub(super) fn bytes_with(slots: usize) -> usize {
    RING_END + slots * size_of::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_come_after_the_ring() {
        let (memory, fd) = SharedMemory::new(bytes_with(4)).unwrap();
        let entry_table = EntryTable::new(Arc::new(memory));
        assert_eq!((0..5).map(|slot| entry_table.read(slot)).collect::<Vec<_>>(), [0; 5]);
        rustix::io::pwrite(&fd, &7u32.to_ne_bytes(), (RING_END + 8) as u64).unwrap();
        assert_eq!((entry_table.read(2), entry_table.read(3)), (7, 0));
    }
}
