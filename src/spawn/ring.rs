//! A ring buffer in shared memory, written by the process and read by the host: it carries the frames of printed
//! output.
//!
//! Printing costs the process no system call, and nothing is lost when the process dies, because the memory outlives
//! it. The host sets `wanted` to be notified of the next bytes; a process that finds it set sends one frame through its
//! channel.
//!
//! The decisions behind it: docs/decisions.md#processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};

use super::memory::SharedMemory;
use crate::worker::protocol::{RING_READ, RING_SIZE, RING_START, RING_WANTED, RING_WRITTEN};

/// The ring's capacity in bytes. A process that has filled it waits until the host reads.
const SIZE: usize = 256 * 1024;

/// Where the memory behind the ring begins.
pub(super) const RING_END: usize = RING_START + SIZE;

/// The reading end.
#[derive(Debug)]
pub struct Ring {
    memory: Arc<SharedMemory>,
    read: u32,
}

impl Ring {
    pub(super) fn new(memory: Arc<SharedMemory>) -> Self {
        let ring = Self { memory, read: 0 };
        ring.number(RING_SIZE)
            .store(u32::try_from(SIZE).unwrap_or(0), Ordering::Relaxed);
        ring.want();
        ring
    }

    /// The number of unread bytes.
    pub fn waiting(&self) -> usize {
        let written = self.number(RING_WRITTEN).load(Ordering::Acquire);
        // A process that claims more is read as if it had filled the ring.
        (written.wrapping_sub(self.read) as usize).min(SIZE)
    }

    /// Reads as many bytes as fit `into`, at most the unread ones; returns their number.
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        let count = self.waiting().min(into.len());
        let from = self.read as usize % SIZE;
        let (first, second) = into[..count].split_at_mut(count.min(SIZE - from));
        self.memory.copy(RING_START + from, first);
        self.memory.copy(RING_START, second);
        self.read = self.read.wrapping_add(u32::try_from(count).unwrap_or(0));
        self.number(RING_READ).store(self.read, Ordering::Release);
        count
    }

    /// Requests a notification of what is written from now on. Whatever was written before is in [`Ring::waiting`]
    /// afterwards.
    pub fn want(&self) {
        let wanted = self.number(RING_WANTED);
        // Usually nothing was printed since the last request.
        if wanted.load(Ordering::Relaxed) != 0 {
            return;
        }
        wanted.store(1, Ordering::SeqCst);
        // The process writes and then checks `wanted`; the host sets `wanted` and then checks for bytes, so one of the
        // two sees the other.
        fence(Ordering::SeqCst);
    }

    fn number(&self, index: usize) -> &AtomicU32 {
        static NOWHERE: AtomicU32 = AtomicU32::new(0);
        self.memory.word(index).unwrap_or(&NOWHERE)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn ring() -> (Ring, Arc<SharedMemory>, std::os::fd::OwnedFd) {
        let (memory, fd) = SharedMemory::new(RING_END).unwrap();
        let memory = Arc::new(memory);
        (Ring::new(Arc::clone(&memory)), memory, fd)
    }

    /// Writes as the worker does; gives the number of bytes that fitted, and whether the host wants a notification.
    fn write(memory: &SharedMemory, fd: &std::os::fd::OwnedFd, bytes: &[u8]) -> (usize, bool) {
        let number = |index| memory.word(index).unwrap();
        let written = number(RING_WRITTEN).load(Ordering::Relaxed);
        let free = SIZE - written.wrapping_sub(number(RING_READ).load(Ordering::Acquire)) as usize;
        let count = bytes.len().min(free);
        for (index, byte) in bytes[..count].iter().enumerate() {
            let at = RING_START + (written as usize + index) % SIZE;
            rustix::io::pwrite(fd, &[*byte], at as u64).unwrap();
        }
        number(RING_WRITTEN).store(written.wrapping_add(count as u32), Ordering::SeqCst);
        (count, number(RING_WANTED).swap(0, Ordering::SeqCst) != 0)
    }

    #[test]
    fn the_first_bytes_wake_the_reader_and_later_ones_only_on_request() {
        let (mut ring, memory, fd) = ring();
        assert_eq!(write(&memory, &fd, b"one"), (3, true));
        assert_eq!(write(&memory, &fd, b"two"), (3, false));
        let mut into = [0; 8];
        assert_eq!(ring.read(&mut into), 6);
        assert_eq!(&into[..6], b"onetwo");
        ring.want();
        assert_eq!((ring.waiting(), write(&memory, &fd, b"three")), (0, (5, true)));
    }

    #[test]
    fn a_process_that_claims_too_much_is_read_within_the_memory() {
        let (mut ring, memory, _fd) = ring();
        memory.word(RING_WRITTEN).unwrap().store(u32::MAX, Ordering::Relaxed);
        assert_eq!(ring.waiting(), SIZE);
        let mut into = vec![0; 2 * SIZE];
        assert_eq!(ring.read(&mut into), SIZE);
    }

    /// The reader sleeps until it is notified, as a host does; a byte without a notification would never be read.
    #[test]
    fn every_byte_is_read_or_notified() {
        const BYTES: u32 = 300_000;
        let (mut ring, memory, _fd) = ring();
        let (bell, rings) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut into = [0; 64];
            let mut count = 0;
            while count < BYTES as usize {
                rings
                    .recv_timeout(std::time::Duration::from_secs(20))
                    .expect("told of the rest");
                count += ring.read(&mut into);
                ring.want();
                count += ring.read(&mut into);
            }
        });
        let number = |index| memory.word(index).unwrap();
        for written in 1..=BYTES {
            // The bytes' values do not matter, and writing them would give the reader time.
            number(RING_WRITTEN).store(written, Ordering::SeqCst);
            if number(RING_WANTED).load(Ordering::SeqCst) != 0 {
                number(RING_WANTED).store(0, Ordering::SeqCst);
                bell.send(()).unwrap();
            }
            // One byte at a time: each could be the last one.
            while number(RING_READ).load(Ordering::Acquire) != written && !reader.is_finished() {
                std::hint::spin_loop();
            }
        }
        reader.join().unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_written_is_read_once_and_in_order(start: u32, steps in proptest::collection::vec((0usize..3000, 0usize..3000), 1..40)) {
            let (mut ring, memory, fd) = ring();
            // The counters wrap around.
            ring.read = start;
            memory.word(RING_READ).unwrap().store(start, Ordering::Relaxed);
            memory.word(RING_WRITTEN).unwrap().store(start, Ordering::Relaxed);
            let mut expected: VecDeque<u8> = VecDeque::new();
            let mut next = 0u8;
            for (write_len, read_len) in steps {
                let bytes: Vec<u8> = (0..write_len).map(|_| { next = next.wrapping_add(7); next }).collect();
                let (count, _) = write(&memory, &fd, &bytes);
                prop_assert_eq!(count, write_len.min(SIZE - expected.len()));
                expected.extend(&bytes[..count]);
                prop_assert_eq!(ring.waiting(), expected.len());
                let mut into = vec![0; read_len];
                let got = ring.read(&mut into);
                prop_assert_eq!(got, read_len.min(expected.len()));
                prop_assert_eq!(&into[..got], &expected.drain(..got).collect::<Vec<_>>()[..]);
            }
        }
    }
}
