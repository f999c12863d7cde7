//! In a child that waits for a call: copies the memory that the call would copy page by page.

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use super::wire::Run;

/// Pages that are copied, or mapped, in one piece: a tenth of a millisecond.
const PIECE_COPIED: u64 = 128;
const PIECE_MAPPED: u64 = 2048;

/// What is left to do; set in the origin, so that each child has it.
static LEFT: Mutex<Vec<Run>> = Mutex::new(Vec::new());

/// What the children of this process copy.
pub(super) fn prepare(mut runs: Vec<Run>) {
    // The last one is next.
    runs.reverse();
    *LEFT.lock().unwrap_or_else(PoisonError::into_inner) = runs;
}

/// Copies a piece; false once everything is copied.
pub fn copy_ahead() -> bool {
    let page = rustix::param::page_size() as u64;
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut copied, mut mapped) = (0, 0);
    while copied < PIECE_COPIED && mapped < PIECE_MAPPED {
        let Some(run) = left.last_mut() else {
            return false;
        };
        let room = match run.write {
            true => PIECE_COPIED - copied,
            false => PIECE_MAPPED - mapped,
        };
        let pages = room.min((run.to - run.from) / page);
        let advice = match run.write {
            true => libc::MADV_POPULATE_WRITE,
            false => libc::MADV_POPULATE_READ,
        };
        // It fails where the region is another one by now, and then there is nothing to do for it.
        // SAFETY: changes no content of memory, whatever is there.
        let done = unsafe { libc::madvise(run.from as *mut c_void, (pages * page) as usize, advice) };
        run.from += pages * page;
        if done != 0 || pages == 0 || run.from >= run.to {
            left.pop();
        }
        match advice {
            libc::MADV_POPULATE_WRITE => copied += pages,
            _ => mapped += pages,
        }
    }
    !left.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_copied_piece_by_piece() {
        let page = rustix::param::page_size();
        let memory = vec![7u8; page * (PIECE_COPIED as usize + 4)];
        let from = (memory.as_ptr().addr() as u64).next_multiple_of(page as u64);
        let run = |from: u64, pages: u64, write| Run {
            from,
            to: from + pages * page as u64,
            write,
        };
        // The second is nowhere.
        prepare(vec![
            run(from, PIECE_COPIED + 2, true),
            run(page as u64, 3, true),
            run(from, 1, false),
        ]);
        assert!(copy_ahead(), "one piece is left");
        assert!(!copy_ahead() && !copy_ahead());
        assert!(memory.iter().all(|byte| *byte == 7));
    }
}
