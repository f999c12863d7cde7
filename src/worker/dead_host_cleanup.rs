//! Removes what a killed host leaves in `.toolwarden`; the code runs in the guardian, which outlives the host.
//!
//! The guardian shares the dead host's memory, whose locks will never be released: the code here makes system calls
//! without libc on data that was prepared while the host lived, allocates nothing and takes no lock. It removes only
//! files that are known to be the host's own, and it announces itself like every remover (`claim.rs`). What it leaves,
//! the next manager of the directory finds.

use std::ffi::{CStr, CString, c_int};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::claim::{CLAIM, REMOVAL};
use super::directory::{TEMPORARY_PREFIX, temporary_prefix};
use super::names::{IGNORE_FILE, WORKER_PREFIX, is_hash};
use super::raw::syscall;
use super::trust::for_us_to_write;

/// Bytes of directory entries read at once.
const ENTRIES: usize = 4096;
/// The offset of the name in an entry, behind inode, offset, length and kind.
const NAME_AT: usize = 19;
const LENGTH_AT: usize = 16;
/// How often the directory is read: an entry that is removed meanwhile may hide another one.
const ROUNDS: usize = 8;

/// One manager's claim and the files of its stem.
#[derive(Debug)]
pub struct DeadHostCleanup {
    directory: CString,
    stem: CString,
    claim: CString,
    /// Unique names for announcing the removal.
    removal: CString,
    unannounced: CString,
    /// The prefix of the names of files that the host was still writing.
    unfinished: CString,
    user: u32,
}

impl DeadHostCleanup {
    /// `None` where a name contains NUL, which no file name does.
    pub(super) fn new(directory: &Path, stem: &str, claim: &str, unique: &str, user: u32) -> Option<Self> {
        debug_assert!(stem.starts_with(WORKER_PREFIX));
        Some(Self {
            directory: CString::new(directory.as_os_str().as_bytes()).ok()?,
            stem: CString::new(stem).ok()?,
            claim: CString::new(claim).ok()?,
            removal: CString::new(format!("{stem}.{unique}{REMOVAL}")).ok()?,
            unannounced: CString::new(format!("{TEMPORARY_PREFIX}{unique}")).ok()?,
            unfinished: CString::new(temporary_prefix().ok()?).ok()?,
            user,
        })
    }

    /// Removes the claim. All claims of one host are removed first, so that none is taken for another host's.
    pub fn disclaim(&self) {
        if let Some(directory) = self.open() {
            directory.remove(&self.claim);
        }
    }

    /// Removes the files if nobody else claims them, and the directory with its last file.
    pub fn remove(&self) {
        let Some(directory) = self.open() else {
            return;
        };
        if !directory.announce(&self.unannounced, &self.removal) {
            return;
        }
        let mut claimed = false;
        directory.each(|name| {
            if self.is_of_stem(name) && name.to_bytes().ends_with(CLAIM.as_bytes()) {
                claimed |= directory.is_held(name);
            }
        });
        if !claimed {
            for _ in 0..ROUNDS {
                let mut removed = false;
                directory.each(|name| {
                    let announcement = name.to_bytes().ends_with(REMOVAL.as_bytes());
                    if self.is_of_stem(name) && !announcement {
                        removed |= directory.remove(name);
                    }
                });
                if !removed {
                    break;
                }
            }
        }
        directory.remove(&self.removal);
        self.remove_unfinished(&directory);
        let mut empty = true;
        directory.each(|name| {
            let of_no_use = [b".".as_slice(), b"..", IGNORE_FILE.as_bytes()];
            empty &= of_no_use.contains(&name.to_bytes());
        });
        if empty {
            directory.remove_last(IGNORE_FILE, &self.directory);
        }
    }

    /// Removes the files that the host was still writing or removing when it was killed.
    fn remove_unfinished(&self, directory: &Open) {
        for _ in 0..ROUNDS {
            let mut removed = false;
            directory.each(|name| {
                let unfinished = name.to_bytes().starts_with(self.unfinished.to_bytes());
                if unfinished || (is_announcement(name) && !directory.is_held(name)) {
                    removed |= directory.remove(name);
                }
            });
            if !removed {
                break;
            }
        }
    }

    /// Whether a name is `worker-0123456789abcdef` with what follows it in names of the same stem.
    fn is_of_stem(&self, name: &CStr) -> bool {
        let rest = name.to_bytes().strip_prefix(self.stem.to_bytes());
        rest.is_some_and(|rest| matches!(rest.first(), Some(b'.' | b'-')))
    }

    /// The directory, if only this user may still write to it: see `trust.rs`.
    fn open(&self) -> Option<Open> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
        let directory = Open {
            fd: opened(libc::AT_FDCWD, &self.directory, flags)?,
        };
        let mut stat = MaybeUninit::<libc::stat>::zeroed();
        // SAFETY: the kernel writes one `stat`, which outlives the call.
        let known = unsafe { syscall(libc::SYS_fstat, at(directory.fd), stat.as_mut_ptr() as usize, 0, 0) } == 0;
        // SAFETY: zeroed, which is a valid value, or written by the kernel.
        let stat = unsafe { stat.assume_init() };
        let ours = stat.st_uid == self.user && for_us_to_write(stat.st_mode) == stat.st_mode;
        (known && ours).then_some(directory)
    }
}

/// Whether a file of this name announces a removal; see `claim.rs`.
fn is_announcement(name: &CStr) -> bool {
    let stem = name.to_str().ok().and_then(|name| name.strip_suffix(REMOVAL));
    stem.and_then(|stem| stem.rsplit_once('.'))
        .is_some_and(|(_, unique)| is_hash(unique))
}

/// An open directory.
struct Open {
    fd: c_int,
}

impl Open {
    fn remove(&self, name: &CStr) -> bool {
        // SAFETY: a NUL-terminated name.
        unsafe { syscall(libc::SYS_unlinkat, at(self.fd), name.as_ptr() as usize, 0, 0) == 0 }
    }

    /// Removes the only file that may be left, and the directory.
    fn remove_last(&self, name: &str, path: &CStr) {
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
    fn announce(&self, before: &CStr, name: &CStr) -> bool {
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

    /// Whether the claim's owner lives; in doubt it does.
    fn is_held(&self, name: &CStr) -> bool {
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

    fn each(&self, mut action: impl FnMut(&CStr)) {
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

impl Drop for Open {
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

#[cfg(test)]
#[path = "dead_host_cleanup_tests.rs"]
mod tests;
