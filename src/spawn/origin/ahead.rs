//! In a child that has time: copies the memory that a call will change, at once. Otherwise the call would copy it page by page,
//! each with a fault. Where a call waits already, the copying costs more than its faults.

use std::ffi::c_void;
use std::sync::OnceLock;

use super::wire::Run;

/// What this process, a forked child, can copy.
static OWN: OnceLock<Vec<Run>> = OnceLock::new();

/// Keeps what `copy_ahead` is to copy in this process, a child.
pub(super) fn keep(runs: Vec<Run>) {
    let _ = OWN.set(runs);
}

/// In a forked child, copies the pages that calls change, and maps those that they only read. In others it does nothing.
pub fn copy_ahead() {
    copy(OWN.get().map_or(&[], Vec::as_slice));
}

fn copy(runs: &[Run]) {
    for run in runs {
        let advice = match run.write {
            true => libc::MADV_POPULATE_WRITE,
            false => libc::MADV_POPULATE_READ,
        };
        // It fails where the region is another one by now, and then there is nothing to do for it.
        // SAFETY: changes no content of memory, whatever is there.
        unsafe {
            libc::madvise(
                run.from as *mut c_void,
                run.to.saturating_sub(run.from) as usize,
                advice,
            )
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_stays_and_what_is_nowhere_does_no_harm() {
        let page = rustix::param::page_size();
        let memory = vec![7u8; page * 8];
        let from = (memory.as_ptr().addr() as u64).next_multiple_of(page as u64);
        let run = |from: u64, pages: u64, write| Run {
            from,
            to: from + pages * page as u64,
            write,
        };
        copy(&[
            run(from, 3, true),
            run(page as u64, 3, true),
            run(from, 7, false),
            Run {
                from,
                to: 0,
                write: true,
            },
        ]);
        assert!(memory.iter().all(|byte| *byte == 7));
    }
}
