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
use super::modes::{self, Wanted};
use super::policy::Policy;

/// A link that leads to another one, and so on: the kernel follows so many.
const MOST_LINKS: usize = 40;

/// A path as a call names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Absolute, without `.` and `..`: what a flag would say.
    pub(super) said: PathBuf,
    /// Where the host finds it: /proc/self is another process there.
    pub(super) at: PathBuf,
    /// The text ended with a slash.
    pub(super) slash: bool,
}

impl Named {
    fn parent(&self) -> Option<Named> {
        Some(Named {
            said: self.said.parent()?.to_owned(),
            at: self.at.parent()?.to_owned(),
            slash: false,
        })
    }
}

/// What an open asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Opening {
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
    Open(Named, Opening),
    /// A directory or a link is made.
    Make(Named),
    Remove(Named),
    Truncate(Named),
    /// Its mode, owner or times.
    Metadata(Named),
    Watch(Named),
    Move {
        from: Named,
        to: Named,
    },
    Link {
        from: Named,
        to: Named,
    },
}

/// What is at a path.
enum Place {
    There {
        real: PathBuf,
    },
    /// It is not, and its directory is.
    /// `linked`: a link leads there.
    Missing {
        directory: PathBuf,
        linked: bool,
    },
    /// The kernel says something else before it asks the sandbox.
    Nowhere,
}

impl Attempt {
    /// What the policy refuses of it: nothing, or what a flag would have to allow.
    pub(super) fn refused(&self, policy: &Policy) -> Vec<Denial> {
        let mut found = Vec::new();
        match self {
            Attempt::Open(named, opening) => refused_open(policy, named, *opening, &mut found),
            Attempt::Make(named) => {
                if let Place::Missing { directory, .. } = place(&named.at, false) {
                    entry(policy, named, &directory, &mut found);
                }
            }
            Attempt::Remove(named) => {
                if let Some(directory) = directory_of_existing(named) {
                    entry(policy, named, &directory, &mut found);
                }
            }
            Attempt::Truncate(named) => {
                if let Place::There { real } = place(&named.at, true)
                    && !policy.may_write(&real)
                    && modes::let_through(&real, Wanted::WRITE)
                {
                    found.push(denial(Permission::Write, named, &named.said));
                }
            }
            // Landlock does not cover these: the supervisor does them where a list allows it.
            Attempt::Metadata(named) => {
                if let Place::There { real } = place(&named.at, true)
                    && !policy.may_write(&real)
                {
                    found.push(denial(Permission::Write, named, &named.said));
                }
            }
            Attempt::Watch(named) => {
                if let Place::There { real } = place(&named.at, true)
                    && !policy.may_read(&real)
                {
                    found.push(denial(Permission::Read, named, &named.said));
                }
            }
            Attempt::Move { from, to } => refused_move(policy, from, to, false, &mut found),
            Attempt::Link { from, to } => {
                if matches!(place(&to.at, false), Place::Missing { .. }) {
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

fn refused_open(policy: &Policy, named: &Named, opening: Opening, found: &mut Vec<Denial>) {
    match place(&named.at, opening.follow) {
        Place::There { real } => {
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
                    found.push(denial(Permission::Write, named, &named.said));
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
            let wanted = Wanted {
                read: opening.read,
                write: opening.write,
            };
            if (readable && writable) || !modes::let_through(&real, wanted) {
                return;
            }
            if !readable {
                found.push(denial(Permission::Read, named, &named.said));
            }
            if !writable {
                found.push(denial(Permission::Write, named, &named.said));
            }
        }
        Place::Missing { directory, linked } if opening.create && !opening.directory => {
            let said = named.said.parent().unwrap_or(Path::new("/"));
            let grant = if linked { directory.as_path() } else { said };
            // It is made first, and has the rights of its directory.
            if !policy.may_write(&directory) {
                found.push(denial(Permission::Write, named, grant));
            } else if opening.read && !policy.may_read(&directory) {
                found.push(denial(Permission::Read, named, grant));
            }
        }
        Place::Missing { .. } | Place::Nowhere => {}
    }
}

/// An entry of a directory is made or removed.
fn entry(policy: &Policy, named: &Named, directory: &Path, found: &mut Vec<Denial>) {
    if !policy.may_write(directory) {
        let parent = named.said.parent().unwrap_or(Path::new("/"));
        found.push(denial(Permission::Write, named, parent));
    }
}

/// `stays`: the entry that is there is not taken away.
fn refused_move(policy: &Policy, from: &Named, to: &Named, stays: bool, found: &mut Vec<Denial>) {
    let (Some(source), Some(parent)) = (directory_of_existing(from), to.parent()) else {
        return;
    };
    let Place::There { real: target } = place(&parent.at, true) else {
        return;
    };
    // Within one directory a second name takes nothing from the first.
    if !stays || source != target {
        entry(policy, from, &source, found);
    }
    entry(policy, to, &target, found);
    // A file must not gain rights by its place: the kernel says then that the directory is on another device.
    if found.is_empty() && source != target && policy.may_read(&target) && !policy.may_read(&source) {
        let parent = from.said.parent().unwrap_or(Path::new("/"));
        found.push(denial(Permission::Read, from, parent));
    }
}

/// `grant` is what a flag has to name.
fn denial(permission: Permission, named: &Named, grant: &Path) -> Denial {
    Denial {
        resource: named.said.to_string_lossy().into_owned(),
        ..Denial::new(permission, grant.to_string_lossy().into_owned(), 0)
    }
}

/// The real directory of an entry that is there, whatever it is.
fn directory_of_existing(named: &Named) -> Option<PathBuf> {
    named.at.symlink_metadata().ok()?;
    match place(&named.parent()?.at, true) {
        Place::There { real } => Some(real),
        _ => None,
    }
}

fn place(path: &Path, follow: bool) -> Place {
    let mut path = path.to_owned();
    let mut linked = false;
    for _ in 0..MOST_LINKS {
        match real_of(&path, follow) {
            Ok(Some(real)) => return Place::There { real },
            // A pipe, a socket or the like, which is at no path: nothing is held there.
            Ok(None) => return Place::Nowhere,
            Err(Errno::NOENT) => {}
            Err(_) => return Place::Nowhere,
        }
        let Some(parent) = path.parent() else {
            return Place::Nowhere;
        };
        // A link that leads nowhere: what is made is made where it leads.
        match path.read_link() {
            Ok(target) if follow => {
                path = parent.join(target);
                linked = true;
            }
            Ok(_) => return Place::Nowhere,
            Err(_) => {
                return match real_of(parent, true) {
                    Ok(Some(directory)) => Place::Missing { directory, linked },
                    _ => Place::Nowhere,
                };
            }
        }
    }
    Place::Nowhere
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
