//! The stack of a vfork-style child. Child and host share memory while the child sets itself up, so the child may not
//! use the spawning thread's frames, and an overflow must hit a guard page and not the host's data.

use std::ptr;

use super::failure::SpawnFailure;

/// Debug builds of the sandbox's set-up need far less; untouched pages cost nothing.
const SIZE: usize = 256 * 1024;

/// A mapped stack with an inaccessible lowest page.
pub(super) struct Stack {
    base: *mut libc::c_void,
    length: usize,
}

// SAFETY: the mapping belongs to this value alone and is not tied to the thread that made it.
unsafe impl Send for Stack {}

impl Stack {
    pub(super) fn new() -> Result<Self, SpawnFailure> {
        let guard = rustix::param::page_size();
        let length = SIZE + guard;
        // SAFETY: an anonymous mapping at an address the kernel picks touches no existing memory.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(SpawnFailure::last("mmap"));
        }
        let stack = Self { base, length };
        // SAFETY: the first page of the mapping just made; nothing uses it yet.
        if unsafe { libc::mprotect(base, guard, libc::PROT_NONE) } != 0 {
            return Err(SpawnFailure::last("mprotect"));
        }
        Ok(stack)
    }

    /// Where a stack that grows downwards begins; page-aligned, so aligned for every ABI.
    pub(super) fn top(&self) -> *mut libc::c_void {
        self.base.wrapping_byte_add(self.length)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `new`; no child runs on it, a spawn returns only after exec or exit.
        unsafe { libc::munmap(self.base, self.length) };
    }
}
