//! Takes the host's descriptors from a new process. `close_range` came with Linux 5.9, and its flag that marks
//! descriptors instead of closing them with 5.11; before, they are found one by one in /proc.
//!
//! This runs in processes that share the host's memory, therefore without libc: see `crate::worker::syscall`.

use crate::worker::syscall;

/// Room for the names of some hundred descriptors.
const BUFFER: usize = 4096;
/// The layout of the kernel's `linux_dirent64`: the entry's length, and its name.
const LENGTH_AT: usize = 16;
const NAME_AT: usize = 19;

/// Marks every descriptor from `first` on, so that execve closes it; 0 or an errno.
///
/// # Safety
/// Only in a process with a descriptor table of its own.
pub(crate) unsafe fn mark_from(first: i32) -> i32 {
    // SAFETY: as the caller promises.
    let marked = unsafe { close_range(first as usize, i32::MAX as usize, libc::CLOSE_RANGE_CLOEXEC as usize) };
    if !is_missing(marked) {
        return -marked;
    }
    // SAFETY: as the caller promises.
    let walked = unsafe {
        for_each_descriptor(&|number| {
            if number >= first {
                syscall(
                    libc::SYS_fcntl,
                    number as usize,
                    libc::F_SETFD as usize,
                    libc::FD_CLOEXEC as usize,
                    0,
                );
            }
        })
    };
    -walked
}

/// Closes every descriptor except one; 0 or an errno.
///
/// # Safety
/// Only in a process with a descriptor table of its own.
pub(crate) unsafe fn close_all_but(kept: i32) -> i32 {
    // SAFETY: as the caller promises.
    unsafe {
        let below = if kept > 0 {
            close_range(0, kept as usize - 1, 0)
        } else {
            0
        };
        let above = close_range(kept as usize + 1, u32::MAX as usize, 0);
        if !is_missing(above) {
            return -if below < 0 { below } else { above };
        }
        -for_each_descriptor(&|number| {
            if number != kept {
                syscall(libc::SYS_close, number as usize, 0, 0, 0);
            }
        })
    }
}

unsafe fn close_range(first: usize, last: usize, flags: usize) -> i32 {
    // SAFETY: numbers only; the caller answers for its table.
    unsafe { syscall(libc::SYS_close_range, first, last, flags, 0) as i32 }
}

fn is_missing(result: i32) -> bool {
    result == -libc::ENOSYS || result == -libc::EINVAL
}

/// Calls `act` with every open descriptor but the one that this opens itself; 0 or a negative errno.
///
/// # Safety
/// As `mark_from`; `act` must be async-signal-safe.
unsafe fn for_each_descriptor(act: &dyn Fn(i32)) -> i32 {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
    // SAFETY: a NUL-terminated path.
    let directory = unsafe {
        syscall(
            libc::SYS_openat,
            libc::AT_FDCWD as usize,
            c"/proc/self/fd".as_ptr() as usize,
            flags as usize,
            0,
        )
    };
    if directory < 0 {
        return directory as i32;
    }
    let mut buffer = [0u64; BUFFER / size_of::<u64>()];
    let result = loop {
        // SAFETY: the buffer belongs to this stack frame and has the length that is passed.
        let read = unsafe {
            syscall(
                libc::SYS_getdents64,
                directory as usize,
                buffer.as_mut_ptr() as usize,
                BUFFER,
                0,
            )
        };
        if read <= 0 {
            break read as i32;
        }
        // SAFETY: the kernel has written that many bytes.
        let entries = unsafe { std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), read as usize) };
        for_each_number(entries, &|number| {
            if number as isize != directory {
                act(number);
            }
        });
    };
    // SAFETY: opened above, used by nobody else.
    unsafe { syscall(libc::SYS_close, directory as usize, 0, 0, 0) };
    result
}

/// Calls `act` with each name that is a number.
fn for_each_number(mut entries: &[u8], act: &dyn Fn(i32)) {
    while let Some(&[low, high]) = entries.get(LENGTH_AT..LENGTH_AT + 2) {
        let length = usize::from(u16::from_ne_bytes([low, high]));
        let Some(name) = entries.get(NAME_AT..length) else {
            return;
        };
        if let Some(number) = number(name) {
            act(number);
        }
        entries = entries.get(length..).unwrap_or_default();
    }
}

fn number(name: &[u8]) -> Option<i32> {
    let mut number: Option<i32> = None;
    for byte in name.iter().take_while(|byte| **byte != 0) {
        let digit = byte.is_ascii_digit().then(|| i32::from(byte - b'0'))?;
        number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
    }
    number
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn finds_every_open_descriptor() {
        let files: Vec<_> = (0..300).map(|_| std::fs::File::open("/").expect("opened")).collect();
        let found = RefCell::new(BTreeSet::new());
        // SAFETY: nothing is closed or marked.
        let walked = unsafe {
            for_each_descriptor(&|number| {
                found.borrow_mut().insert(number);
            })
        };
        assert_eq!(walked, 0);
        let found = found.into_inner();
        assert!(files.iter().all(|file| found.contains(&file.as_raw_fd())), "{found:?}");
    }

    #[test]
    fn names_that_are_no_numbers_are_left_out() {
        assert_eq!(number(b"12\0\0"), Some(12));
        assert_eq!(number(b"0\0"), Some(0));
        for name in [&b".\0"[..], b"..\0", b"\0", b"4x\0", b"99999999999\0"] {
            assert_eq!(number(name), None);
        }
    }
}
