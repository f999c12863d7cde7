//! Enforces lists for calls that Landlock does not cover: changing modes, owners and times of files below listed
//! writable paths, and watching files below listed readable ones. The supervisor opens the file that a call names,
//! checks where that file is, and carries out the call on it, so a path that changes after it was read leads nowhere
//! else.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{FileType, fstat};

use super::super::caps;
use super::super::own_directories::OwnDirectories;
use super::super::place::{Place, path_of};
use super::listener::{Answer, Call};
use super::metadata::{Change, change};
use super::named_file::Name;
use super::target::Target;

/// The set-user-ID and set-group-ID bits.
const RUNS_AS_OTHERS: u32 = 0o6000;
/// A watch must not follow a symlink; the file is already open.
const IN_DONT_FOLLOW: u32 = 0x0200_0000;

/// Where metadata may be changed, and what may be watched.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) writable: Vec<Place>,
    pub(super) readable: Vec<Place>,
    pub(super) own: OwnDirectories,
}

impl Files {
    /// Uses those of the real paths that exist.
    pub(super) fn new(writable: &[PathBuf], readable: &[PathBuf], own: OwnDirectories) -> Self {
        let places = |paths: &[PathBuf]| paths.iter().filter_map(|path| Place::at(path)).collect();
        Self {
            writable: places(writable),
            readable: places(readable),
            own,
        }
    }

    /// Answers a call that changes metadata. `None`: the caller has ended.
    pub(super) fn change(&self, call: &Call, worker: u32, waits: impl Fn() -> bool) -> Option<Answer> {
        let target = Target::new(call.thread);
        // Everything that the caller passed is copied before it is judged.
        let asked = change(call, &target);
        if !waits() {
            return None;
        }
        let (name, change) = match asked {
            Ok(asked) => asked,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        self.with_named(name, &target, &self.writable, worker, waits, |file| match change {
            Change::Mode(mode) if mode & RUNS_AS_OTHERS != 0 => Err(libc::EPERM),
            Change::Mode(mode) => set_mode(file, mode),
            Change::Owner { user, group } => keep_owner(file, user, group),
            Change::Times(times) => set_times(file, times.as_ref()),
        })
    }

    /// Answers a call that watches a file. `None`: the caller has ended.
    pub(super) fn watch(&self, call: &Call, worker: u32, waits: impl Fn() -> bool) -> Option<Answer> {
        let target = Target::new(call.thread);
        let mask = call.args[2] as u32;
        let notifier = Name::descriptor(call.args[0]).open(&target, worker, &waits);
        if !waits() {
            return None;
        }
        let notifier = match notifier {
            Ok(notifier) => notifier,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let name = Name::path(libc::AT_FDCWD, call.args[1], mask & IN_DONT_FOLLOW == 0);
        let mut denied = self.with_named(name, &target, &self.readable, worker, waits, |file| {
            add_watch(&notifier, file, mask & !IN_DONT_FOLLOW)
        });
        // The same error as without a supervisor. EBADF: only a path to the notifier could be had, because descriptors
        // may not be copied here.
        if matches!(denied, Some(Answer::Errno(libc::EPERM | libc::EBADF))) {
            denied = Some(Answer::Errno(libc::EACCES));
        }
        denied
    }

    /// Opens the file that a call names, and acts on it if its location is allowed.
    fn with_named(
        &self,
        name: Name,
        target: &Target,
        places: &[Place],
        worker: u32,
        waits: impl Fn() -> bool,
        act: impl FnOnce(BorrowedFd<'_>) -> Result<i64, i32>,
    ) -> Option<Answer> {
        // A worker has no capabilities. Without them the kernel judges here as it would for the worker.
        let answer = caps::without(|| {
            let file = name.open(target, worker, &waits)?;
            // The path and the descriptor were the caller's if the caller still waits.
            if !waits() {
                return Ok(None);
            }
            if !self.is_below(file.as_fd(), places, worker) {
                return Err(libc::EPERM);
            }
            act(file.as_fd()).map(Some)
        });
        match answer {
            Ok(None) => None,
            Ok(Some(value)) => Some(Answer::Value(value)),
            Err(errno) => Some(Answer::Errno(errno)),
        }
    }

    /// A tool that is confined by a list can neither move a file from outside to below a listed path, nor move a listed
    /// path elsewhere: both need the right to change a directory outside.
    fn is_below(&self, file: BorrowedFd<'_>, places: &[Place], worker: u32) -> bool {
        let Some(path) = path_of(file).filter(|_| is_ordinary(file)) else {
            return false;
        };
        places.iter().any(|place| place.holds(&path)) || self.own.of(worker).is_some_and(|own| own.holds(&path))
    }
}

/// The file is not a device.
fn is_ordinary(file: BorrowedFd<'_>) -> bool {
    fstat(file).is_ok_and(|stat| {
        !matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::CharacterDevice | FileType::BlockDevice
        )
    })
}

/// Its path for system calls that take no O_PATH descriptor.
fn by_descriptor(file: BorrowedFd<'_>) -> Vec<u8> {
    format!("/proc/self/fd/{}\0", file.as_raw_fd()).into_bytes()
}

fn set_mode(file: BorrowedFd<'_>, mode: u32) -> Result<i64, i32> {
    let path = by_descriptor(file);
    // SAFETY: a NUL-terminated path that outlives the call.
    done(unsafe { libc::chmod(path.as_ptr().cast(), mode) })
}

/// Owners stay as they are. Setting the present owner is allowed, because copying programs do that.
fn keep_owner(file: BorrowedFd<'_>, user: u32, group: u32) -> Result<i64, i32> {
    let stat = fstat(file).map_err(|error| error.raw_os_error())?;
    let same = |asked: u32, is: u32| asked == u32::MAX || asked == is;
    if !same(user, stat.st_uid) || !same(group, stat.st_gid) {
        return Err(libc::EPERM);
    }
    // SAFETY: an empty path that outlives the call.
    done(unsafe { libc::fchownat(file.as_raw_fd(), c"".as_ptr(), u32::MAX, u32::MAX, libc::AT_EMPTY_PATH) })
}

fn set_times(file: BorrowedFd<'_>, times: Option<&[libc::timespec; 2]>) -> Result<i64, i32> {
    let times = times.map_or(std::ptr::null(), |times| times.as_ptr());
    // SAFETY: an empty path and two times, or none, that outlive the call.
    done(unsafe { libc::utimensat(file.as_raw_fd(), c"".as_ptr(), times, libc::AT_EMPTY_PATH) })
}

fn add_watch(notifier: &OwnedFd, file: BorrowedFd<'_>, mask: u32) -> Result<i64, i32> {
    let path = by_descriptor(file);
    // SAFETY: a NUL-terminated path that outlives the call.
    done(unsafe { libc::inotify_add_watch(notifier.as_raw_fd(), path.as_ptr().cast(), mask) })
}

fn done(result: i32) -> Result<i64, i32> {
    if result < 0 {
        return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EPERM));
    }
    Ok(result.into())
}
