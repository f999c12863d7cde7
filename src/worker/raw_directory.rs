//! A directory that is read and changed by system calls without libc, for the guardian; see `raw.rs`.

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;

use super::raw::syscall;

/// Bytes of directory entries read at once.
const ENTRIES: usize = 4096;
/// The offset of the name in an entry, behind inode, offset, length and kind.
const NAME_AT: usize = 19;
const LENGTH_AT: usize = 16;

/// An open directory whose files are listed, locked and removed.
pub(super) struct RawDirectory {
    fd: c_int,
}

impl RawDirectory {
    /// Opens a directory, unless the path is a link.
    pub(super) fn open(path: &CStr) -> Option<Self> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
        Some(Self {
            fd: opened(libc::AT_FDCWD, path, flags)?,
        })
    }

    pub(super) fn owner_and_mode(&self) -> Option<(u32, u32)> {
        let mut stat = MaybeUninit::<libc::stat>::zeroed();
        // SAFETY: the kernel writes one `stat`, which outlives the call.
        let known = unsafe { syscall(libc::SYS_fstat, at(self.fd), stat.as_mut_ptr() as usize, 0, 0) } == 0;
        // SAFETY: zeroed, which is a valid value, or written by the kernel.
        let stat = unsafe { stat.assume_init() };
        known.then_some((stat.st_uid, stat.st_mode))
    }

    pub(super) fn remove(&self, name: &CStr) -> bool {
        // SAFETY: a NUL-terminated name.
        unsafe { syscall(libc::SYS_unlinkat, at(self.fd), name.as_ptr() as usize, 0, 0) == 0 }
    }

    /// Removes the only file that may be left, and the directory.
    pub(super) fn remove_last(&self, name: &str, path: &CStr) {
        let mut text = [0_u8; 64];
        if name.len() < text.len() {
            text[..name.len()].copy_from_slice(name.as_bytes());
            // SAFETY: a NUL-terminated name, as the text is longer than it, and a NUL-terminated path.
            unsafe {
                syscall(libc::SYS_unlinkat, at(self.fd), text.as_ptr() as usize, 0, 0);
                let directory = libc::AT_REMOVEDIR as usize;
                syscall(
                    libc::SYS_unlinkat,
                    at(libc::AT_FDCWD),
                    path.as_ptr() as usize,
                    directory,
                    0,
                );
            }
        }
    }

    /// Makes the announcing file, which is locked before it has its name.
    pub(super) fn announce(&self, before: &CStr, name: &CStr) -> bool {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW | libc::O_CLOEXEC;
        let Some(fd) = opened(self.fd, before, flags) else {
            return false;
        };
        let mut lock = whole_file(libc::F_WRLCK);
        // SAFETY: one `flock` that outlives the call, and NUL-terminated names. The descriptor stays open until the process ends, with
        // the lock.
        unsafe {
            syscall(
                libc::SYS_fcntl,
                at(fd),
                libc::F_OFD_SETLK as usize,
                &raw mut lock as usize,
                0,
            );
            let (old, new) = (before.as_ptr() as usize, name.as_ptr() as usize);
            syscall(libc::SYS_renameat, at(self.fd), old, at(self.fd), new) == 0
        }
    }

    /// Whether a process has the file locked; true if that cannot be found out.
    pub(super) fn is_held(&self, name: &CStr) -> bool {
        let flags = libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
        let Some(fd) = opened(self.fd, name, flags) else {
            return true;
        };
        let mut lock = whole_file(libc::F_RDLCK);
        // SAFETY: a descriptor that was just opened, and one `flock` that outlives the call.
        unsafe {
            let asked = syscall(
                libc::SYS_fcntl,
                at(fd),
                libc::F_OFD_GETLK as usize,
                &raw mut lock as usize,
                0,
            ) == 0;
            syscall(libc::SYS_close, at(fd), 0, 0, 0);
            !asked || c_int::from(lock.l_type) != libc::F_UNLCK
        }
    }

    /// Calls the action with the name of each entry.
    pub(super) fn each(&self, mut action: impl FnMut(&CStr)) {
        let mut entries = [0_u64; ENTRIES / 8];
        // SAFETY: the descriptor is open; the kernel writes no more than the buffer holds.
        unsafe { syscall(libc::SYS_lseek, at(self.fd), 0, libc::SEEK_SET as usize, 0) };
        loop {
            // SAFETY: as above.
            let read = unsafe {
                syscall(
                    libc::SYS_getdents64,
                    at(self.fd),
                    entries.as_mut_ptr() as usize,
                    ENTRIES,
                    0,
                )
            };
            let Ok(length) = usize::try_from(read) else { return };
            if length == 0 {
                return;
            }
            // SAFETY: a buffer of as many bytes, all of them set.
            let bytes = unsafe { std::slice::from_raw_parts(entries.as_ptr().cast::<u8>(), length.min(ENTRIES)) };
            let mut at = 0;
            while let Some(entry) = bytes.get(at..).filter(|entry| entry.len() > NAME_AT) {
                if let Ok(name) = CStr::from_bytes_until_nul(&entry[NAME_AT..]) {
                    action(name);
                }
                let size = usize::from(u16::from_ne_bytes([entry[LENGTH_AT], entry[LENGTH_AT + 1]]));
                if size == 0 {
                    break;
                }
                at += size;
            }
        }
    }
}

impl Drop for RawDirectory {
    fn drop(&mut self) {
        // SAFETY: opened here, used by nobody else.
        unsafe { syscall(libc::SYS_close, at(self.fd), 0, 0, 0) };
    }
}

/// A descriptor in the form that a system call takes.
#[allow(
    clippy::cast_sign_loss,
    reason = "AT_FDCWD is negative, and the kernel takes 32 bits of it"
)]
fn at(fd: c_int) -> usize {
    fd as isize as usize
}

fn opened(directory: c_int, name: &CStr, flags: c_int) -> Option<c_int> {
    // SAFETY: a NUL-terminated name.
    let fd = unsafe {
        syscall(
            libc::SYS_openat,
            at(directory),
            name.as_ptr() as usize,
            flags as usize,
            0o600,
        )
    };
    c_int::try_from(fd).ok().filter(|fd| *fd >= 0)
}

/// As in `lock.rs`.
fn whole_file(kind: c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}
