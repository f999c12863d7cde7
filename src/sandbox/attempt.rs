//! What a call tried with files, and whether the policy is why it fails.
//!
//! Landlock refuses without a witness. What it would say follows from the policy and from what is at the path, so the path is
//! looked at as the kernel would, without opening anything. The kernel's own order counts: what is not there, or what a file's
//! mode forbids, is said before anybody asks the sandbox, and is no refusal of it.

use std::ffi::OsStr;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, StatVfsMountFlags, open, statat, statvfs};
use rustix::io::Errno;

use super::denials::{Denial, Permission};
use super::modes::{self, WantedAccess};
use super::policy::Policy;

/// A link that leads to another one, and so on: the kernel follows so many.
const MOST_LINKS: usize = 40;

/// A path as a call names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetPath {
    /// Absolute, without `.` and `..`: what a flag would say.
    pub(super) flag_path: PathBuf,
    /// Where the host finds it: /proc/self is another process there.
    pub(super) host_path: PathBuf,
    /// The text ended with a slash.
    pub(super) slash: bool,
}

impl TargetPath {
    fn parent(&self) -> Option<TargetPath> {
        Some(TargetPath {
            flag_path: self.flag_path.parent()?.to_owned(),
            host_path: self.host_path.parent()?.to_owned(),
            slash: false,
        })
    }
}

/// What an open asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct OpenRequest {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) create: bool,
    pub(super) exclusive: bool,
    pub(super) directory: bool,
    /// A file without a name in the directory that is named.
    pub(super) nameless: bool,
    pub(super) follow: bool,
}

/// One call that Landlock may refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attempt {
    Open(TargetPath, OpenRequest),
    /// A directory or a link is made.
    Make(TargetPath),
    Remove(TargetPath),
    Truncate(TargetPath),
    /// Its mode, owner or times.
    Metadata(TargetPath),
    Watch(TargetPath),
    Move {
        from: TargetPath,
        to: TargetPath,
    },
    Link {
        from: TargetPath,
        to: TargetPath,
    },
}

/// What is at a path.
enum Lookup {
    Exists {
        real: PathBuf,
    },
    /// It is not, and its directory is.
    /// `linked`: a link leads there.
    Missing {
        directory: PathBuf,
        linked: bool,
    },
    /// The kernel says something else before it asks the sandbox.
    Unreachable,
}

impl Attempt {
    /// What the policy refuses of it: nothing, or what a flag would have to allow.
    pub(super) fn refused(&self, policy: &Policy) -> Vec<Denial> {
        let mut found = Vec::new();
        match self {
            Attempt::Open(named, opening) => refused_open(policy, named, *opening, &mut found),
            Attempt::Make(named) => {
                if let Lookup::Missing { directory, .. } = look_up(&named.host_path, false) {
                    entry(policy, named, &directory, &mut found);
                }
            }
            Attempt::Remove(named) => {
                if let Some(directory) = directory_of_existing(named) {
                    entry(policy, named, &directory, &mut found);
                }
            }
            Attempt::Truncate(named) => {
                if let Lookup::Exists { real } = look_up(&named.host_path, true)
                    && !policy.may_write(&real)
                    && modes::let_through(&real, WantedAccess::WRITE)
                {
                    found.push(denial(Permission::Write, named, &named.flag_path));
                }
            }
            // Landlock does not cover these: the supervisor does them where a list allows it.
            Attempt::Metadata(named) => {
                if let Lookup::Exists { real } = look_up(&named.host_path, true)
                    && !policy.may_write(&real)
                {
                    found.push(denial(Permission::Write, named, &named.flag_path));
                }
            }
            Attempt::Watch(named) => {
                if let Lookup::Exists { real } = look_up(&named.host_path, true)
                    && !policy.may_read(&real)
                {
                    found.push(denial(Permission::Read, named, &named.flag_path));
                }
            }
            Attempt::Move { from, to } => refused_move(policy, from, to, false, &mut found),
            Attempt::Link { from, to } => {
                if matches!(look_up(&to.host_path, false), Lookup::Missing { .. }) {
                    refused_move(policy, from, to, true, &mut found);
                }
            }
        }
        // Both ends of a move may need the same.
        found.dedup_by(|second, first| second.flag == first.flag);
        found.retain(|denial| denial.permission != Permission::Write || !is_read_only(Path::new(&denial.resource)));
        found
    }
}

fn refused_open(policy: &Policy, named: &TargetPath, opening: OpenRequest, found: &mut Vec<Denial>) {
    match look_up(&named.host_path, opening.follow) {
        Lookup::Exists { real } => {
            if opening.create && opening.exclusive {
                return;
            }
            let readable = !opening.read || (policy.may_read(&real) && policy.may_list(&real));
            let writable = !opening.write || policy.may_write(&real);
            if readable && writable {
                return;
            }
            let Some(kind) = kind(&real) else {
                return;
            };
            let is_directory = kind == FileType::Directory;
            if opening.nameless && is_directory {
                if !policy.may_write(&real) {
                    found.push(denial(Permission::Write, named, &named.flag_path));
                }
                return;
            }
            // Neither is a matter of rights.
            if kind == FileType::Symlink || kind == FileType::Socket || (opening.directory && !is_directory) {
                return;
            }
            if is_directory && (opening.write || opening.create) {
                return;
            }
            let readable = readable
                || if is_directory {
                    policy.may_list(&real)
                } else {
                    policy.may_read(&real)
                };
            let wanted = WantedAccess {
                read: opening.read,
                write: opening.write,
            };
            if (readable && writable) || !modes::let_through(&real, wanted) {
                return;
            }
            if !readable {
                found.push(denial(Permission::Read, named, &named.flag_path));
            }
            if !writable {
                found.push(denial(Permission::Write, named, &named.flag_path));
            }
        }
        Lookup::Missing { directory, linked } if opening.create && !opening.directory => {
            let said = named.flag_path.parent().unwrap_or(Path::new("/"));
            let grant = if linked { directory.as_path() } else { said };
            // It is made first, and has the rights of its directory.
            if !policy.may_write(&directory) {
                found.push(denial(Permission::Write, named, grant));
            } else if opening.read && !policy.may_read(&directory) {
                found.push(denial(Permission::Read, named, grant));
            }
        }
        Lookup::Missing { .. } | Lookup::Unreachable => {}
    }
}

/// An entry of a directory is made or removed.
fn entry(policy: &Policy, named: &TargetPath, directory: &Path, found: &mut Vec<Denial>) {
    if !policy.may_write(directory) {
        let parent = named.flag_path.parent().unwrap_or(Path::new("/"));
        found.push(denial(Permission::Write, named, parent));
    }
}

/// `stays`: the entry that is there is not taken away.
fn refused_move(policy: &Policy, from: &TargetPath, to: &TargetPath, stays: bool, found: &mut Vec<Denial>) {
    let (Some(source), Some(parent)) = (directory_of_existing(from), to.parent()) else {
        return;
    };
    let Lookup::Exists { real: target } = look_up(&parent.host_path, true) else {
        return;
    };
    // Within one directory a second name takes nothing from the first.
    if !stays || source != target {
        entry(policy, from, &source, found);
    }
    entry(policy, to, &target, found);
    // A file must not gain rights by its place: the kernel says then that the directory is on another device.
    if found.is_empty() && source != target && policy.may_read(&target) && !policy.may_read(&source) {
        let parent = from.flag_path.parent().unwrap_or(Path::new("/"));
        found.push(denial(Permission::Read, from, parent));
    }
}

/// `grant` is what a flag has to name.
fn denial(permission: Permission, named: &TargetPath, grant: &Path) -> Denial {
    Denial {
        resource: named.flag_path.to_string_lossy().into_owned(),
        ..Denial::new(permission, grant.to_string_lossy().into_owned(), 0)
    }
}

/// The real directory of an entry that is there, whatever it is.
fn directory_of_existing(named: &TargetPath) -> Option<PathBuf> {
    named.host_path.symlink_metadata().ok()?;
    match look_up(&named.parent()?.host_path, true) {
        Lookup::Exists { real } => Some(real),
        _ => None,
    }
}

fn look_up(path: &Path, follow: bool) -> Lookup {
    let mut path = path.to_owned();
    let mut linked = false;
    for _ in 0..MOST_LINKS {
        match real_of(&path, follow) {
            Ok(Some(real)) => return Lookup::Exists { real },
            // A pipe, a socket or the like, which is at no path: nothing is held there.
            Ok(None) => return Lookup::Unreachable,
            Err(Errno::NOENT) => {}
            Err(_) => return Lookup::Unreachable,
        }
        let Some(parent) = path.parent() else {
            return Lookup::Unreachable;
        };
        // A link that leads nowhere: what is made is made where it leads.
        match path.read_link() {
            Ok(target) if follow => {
                path = parent.join(target);
                linked = true;
            }
            Ok(_) => return Lookup::Unreachable,
            Err(_) => {
                return match real_of(parent, true) {
                    Ok(Some(directory)) => Lookup::Missing { directory, linked },
                    _ => Lookup::Unreachable,
                };
            }
        }
    }
    Lookup::Unreachable
}

/// The path that leads there without links; none where what is open has no path, or has it no more.
fn real_of(path: &Path, follow: bool) -> Result<Option<PathBuf>, Errno> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let flags = if follow { flags } else { flags | OFlags::NOFOLLOW };
    let file = open(path, flags, Mode::empty())?;
    let link = rustix::fs::readlink(format!("/proc/self/fd/{}", file.as_raw_fd()), Vec::new())?;
    let bytes = link.to_bytes();
    let real = Path::new(OsStr::from_bytes(bytes));
    if !real.is_absolute() || bytes.ends_with(b" (deleted)") {
        return Ok(None);
    }
    Ok(Some(real.to_owned()))
}

fn kind(real: &Path) -> Option<FileType> {
    let stat = statat(rustix::fs::CWD, real, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(FileType::from_raw_mode(stat.st_mode))
}

/// Whether nobody can write there, so that the file system refuses.
fn is_read_only(path: &Path) -> bool {
    path.ancestors()
        .find_map(|path| statvfs(path).ok())
        .is_some_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
