//! Turns reported file system calls into attempts. No answer depends on what is read here: Landlock decides by what the
//! kernel finds at the path, so a path that changes meanwhile changes only the record.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::super::attempt::{Attempt, OpenRequest, TargetPath};
use super::listener::Call;
use super::newer_calls::FCHMODAT2;
use super::target::Target;
use crate::validate::normalised;

/// How a call's arguments name files; the numbers are argument indices.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Open {
        at: Option<usize>,
        path: usize,
        flags: usize,
    },
    /// The flags are in memory.
    Open2,
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "only x86-64 has this call"))]
    Create,
    Make {
        at: Option<usize>,
        path: usize,
    },
    Remove {
        at: Option<usize>,
        path: usize,
    },
    Truncate,
    Metadata {
        at: Option<usize>,
        path: usize,
    },
    MetadataOf {
        descriptor: usize,
    },
    Watch,
    Two {
        link: bool,
        from: (Option<usize>, usize),
        to: (Option<usize>, usize),
    },
}

fn kind(number: u32) -> Option<Kind> {
    let old = of_x86_64(number);
    if old.is_some() {
        return old;
    }
    let at = |path| Some((Some(path - 1), path));
    let (from, to) = (at(1)?, at(3)?);
    Some(match i64::from(number) {
        libc::SYS_openat => Kind::Open {
            at: Some(0),
            path: 1,
            flags: 2,
        },
        libc::SYS_openat2 => Kind::Open2,
        libc::SYS_mkdirat => Kind::Make { at: Some(0), path: 1 },
        libc::SYS_symlinkat => Kind::Make { at: Some(1), path: 2 },
        libc::SYS_unlinkat => Kind::Remove { at: Some(0), path: 1 },
        libc::SYS_truncate => Kind::Truncate,
        libc::SYS_fchmodat | FCHMODAT2 | libc::SYS_fchownat | libc::SYS_utimensat => {
            Kind::Metadata { at: Some(0), path: 1 }
        }
        libc::SYS_fchmod | libc::SYS_fchown => Kind::MetadataOf { descriptor: 0 },
        libc::SYS_inotify_add_watch => Kind::Watch,
        libc::SYS_renameat | libc::SYS_renameat2 => Kind::Two { link: false, from, to },
        libc::SYS_linkat => Kind::Two { link: true, from, to },
        _ => return None,
    })
}

/// Calls that only x86-64 has.
#[cfg(target_arch = "x86_64")]
fn of_x86_64(number: u32) -> Option<Kind> {
    let (from, to) = ((None, 0), (None, 1));
    Some(match i64::from(number) {
        libc::SYS_open => Kind::Open {
            at: None,
            path: 0,
            flags: 1,
        },
        libc::SYS_creat => Kind::Create,
        libc::SYS_chmod | libc::SYS_chown | libc::SYS_lchown | libc::SYS_utime | libc::SYS_utimes => {
            Kind::Metadata { at: None, path: 0 }
        }
        libc::SYS_futimesat => Kind::Metadata { at: Some(0), path: 1 },
        libc::SYS_mkdir => Kind::Make { at: None, path: 0 },
        libc::SYS_symlink => Kind::Make { at: None, path: 1 },
        libc::SYS_unlink | libc::SYS_rmdir => Kind::Remove { at: None, path: 0 },
        libc::SYS_rename => Kind::Two { link: false, from, to },
        libc::SYS_link => Kind::Two { link: true, from, to },
        _ => return None,
    })
}

#[cfg(not(target_arch = "x86_64"))]
fn of_x86_64(_: u32) -> Option<Kind> {
    None
}

/// Whether a call is a file system call.
pub(super) fn is_one(number: u32) -> bool {
    kind(number).is_some()
}

/// Kinds of calls that Landlock does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uncovered {
    Metadata,
    Watch,
}

/// The kind of a call that Landlock does not cover; none for other calls.
pub(super) fn not_covered_by_landlock(number: u32) -> Option<Uncovered> {
    match kind(number)? {
        Kind::Metadata { .. } | Kind::MetadataOf { .. } => Some(Uncovered::Metadata),
        Kind::Watch => Some(Uncovered::Watch),
        _ => None,
    }
}

/// The path and the flags of an open for reading.
pub(super) fn reading(call: &Call) -> Option<(u64, u64)> {
    match kind(call.number)? {
        Kind::Open { path, flags, .. } => Some((call.args[path], call.args[flags])),
        _ => None,
    }
}

/// What a call tries. `None` where it fails before any right is checked.
pub(super) fn attempt(call: &Call, target: &Target) -> Option<Attempt> {
    let named = |(at, path): (Option<usize>, usize)| named(call, target, at, path);
    Some(match kind(call.number)? {
        Kind::Open { at, path, flags } => Attempt::Open(named((at, path))?, opening(call.args[flags] as i32)?),
        Kind::Open2 => {
            let mut flags = [0; 8];
            let read = target.read(call.args[2], &mut flags).ok()?;
            let flags = (read == flags.len()).then_some(u64::from_ne_bytes(flags))?;
            Attempt::Open(named((Some(0), 1))?, opening(flags as i32)?)
        }
        Kind::Create => {
            let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
            Attempt::Open(named((None, 0))?, opening(flags)?)
        }
        Kind::Make { at, path } => Attempt::Make(named((at, path))?),
        Kind::Remove { at, path } => Attempt::Remove(named((at, path))?),
        Kind::Truncate => Attempt::Truncate(named((None, 0))?),
        // The times of a descriptor have no path.
        Kind::Metadata { at: Some(at), path } if call.args[path] == 0 => {
            Attempt::Metadata(of_descriptor(call, target, at)?)
        }
        Kind::Metadata { at, path } => Attempt::Metadata(named((at, path))?),
        Kind::MetadataOf { descriptor } => Attempt::Metadata(of_descriptor(call, target, descriptor)?),
        // Copying programs try to set these attributes, and continue without.
        Kind::Watch => Attempt::Watch(named((None, 1))?),
        Kind::Two { link, from, to } => {
            let (from, to) = (named(from)?, named(to)?);
            if link {
                Attempt::Link { from, to }
            } else {
                Attempt::Move { from, to }
            }
        }
    })
}

/// `None` for an open that neither reads nor writes.
fn opening(flags: i32) -> Option<OpenRequest> {
    let has = |flag: i32| flags & flag == flag;
    if has(libc::O_PATH) {
        return None;
    }
    let way = flags & libc::O_ACCMODE;
    Some(OpenRequest {
        read: way != libc::O_WRONLY,
        write: way != libc::O_RDONLY || has(libc::O_TRUNC) || has(libc::O_TMPFILE),
        create: has(libc::O_CREAT),
        exclusive: has(libc::O_EXCL),
        directory: has(libc::O_DIRECTORY),
        nameless: has(libc::O_TMPFILE),
        follow: !has(libc::O_NOFOLLOW),
    })
}

fn named(call: &Call, target: &Target, at: Option<usize>, path: usize) -> Option<TargetPath> {
    let text = target.read_string(call.args[path]).ok()?;
    if text.is_empty() {
        return None;
    }
    let slash = text.ends_with(b"/");
    let path = PathBuf::from(OsString::from_vec(text));
    let absolute = if path.is_absolute() {
        path
    } else {
        match at.map(|at| call.args[at] as i32) {
            None | Some(libc::AT_FDCWD) => target.absolute(&path)?,
            Some(number) => target.of_descriptor(number)?.join(path),
        }
    };
    Some(TargetPath {
        flag_path: normalised(&absolute),
        host_path: target.as_the_host_finds_it(&absolute)?,
        slash,
    })
}

fn of_descriptor(call: &Call, target: &Target, descriptor: usize) -> Option<TargetPath> {
    let path = target.of_descriptor(call.args[descriptor] as i32)?;
    Some(TargetPath {
        flag_path: path.clone(),
        host_path: path,
        slash: false,
    })
}
