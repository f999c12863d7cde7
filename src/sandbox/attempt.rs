//! What a file call tried, and whether the policy is the reason for its failure.
//!
//! Landlock refuses without telling anybody. Its answer follows from the policy and from what is at the path, so the
//! path is examined as the kernel does it, without opening anything. The order of the kernel's checks matters: a
//! missing file, or a mode that forbids the access, is reported before the sandbox is asked, and is not a refusal by
//! the sandbox.

use std::ffi::OsStr;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, StatVfsMountFlags, open, statat, statvfs};
use rustix::io::Errno;

use super::denial::{Denial, Permission};
use super::modes::{self, WantedAccess};
use super::policy::Policy;

/// The kernel follows at most this many links in one lookup.
const MOST_LINKS: usize = 40;

/// A path that a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetPath {
    /// The absolute path without `.` and `..`, as a permission flag would name it.
    pub(super) flag_path: PathBuf,
    /// Where the host finds the file: /proc/self is another process in the host.
    pub(super) host_path: PathBuf,
    /// The path ended with a slash.
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

/// The access that an open asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct OpenRequest {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) create: bool,
    pub(super) exclusive: bool,
    pub(super) directory: bool,
    /// An unnamed file in the given directory (O_TMPFILE).
    pub(super) nameless: bool,
    pub(super) follow: bool,
}

/// One file call that Landlock may refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attempt {
    Open(TargetPath, OpenRequest),
    /// Makes a directory or a link.
    Make(TargetPath),
    Remove(TargetPath),
    Truncate(TargetPath),
    /// Changes the file's mode, owner or times.
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

/// The result of looking up a path.
enum Lookup {
    Exists {
        real: PathBuf,
    },
    /// The file does not exist, but its directory does.
    /// `linked`: a symlink leads to it.
    Missing {
        directory: PathBuf,
        linked: bool,
    },
    /// The kernel reports another error before it asks the sandbox.
    Unreachable,
}

impl Attempt {
    /// What the policy refuses of this call; each denial names what a flag would have to allow.
    pub(super) fn refused(&self, policy: &Policy) -> Vec<Denial> {
        let mut found: Vec<Denial> = self.lacking(policy).into_iter().map(Lacking::into_denial).collect();
        if let [
            Denial {
                permission: Permission::Write,
                ..
            },
            Denial {
                permission: Permission::Read,
                ..
            },
        ] = found.as_slice()
        {
            // A file that may not be created is not read either.
            found.truncate(1);
        }
        // Both paths of a move may need the same flag.
        found.dedup_by(|second, first| second.flag == first.flag);
        found.retain(|denial| denial.permission != Permission::Write || !is_read_only(Path::new(&denial.resource)));
        found
    }

    /// The rights that the policy lacks for this call, in the order in which the kernel asks for them.
    pub(super) fn lacking(&self, policy: &Policy) -> Vec<Lacking> {
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
                    found.push(lacking(Permission::Write, named, &named.flag_path, &real));
                }
            }
            // Landlock does not cover these calls: the supervisor carries them out where a list allows it.
            Attempt::Metadata(named) => {
                if let Lookup::Exists { real } = look_up(&named.host_path, true)
                    && !policy.may_write(&real)
                {
                    found.push(lacking(Permission::Write, named, &named.flag_path, &real));
                }
            }
            Attempt::Watch(named) => {
                if let Lookup::Exists { real } = look_up(&named.host_path, true)
                    && !policy.may_read(&real)
                {
                    found.push(lacking(Permission::Read, named, &named.flag_path, &real));
                }
            }
            Attempt::Move { from, to } => refused_move(policy, from, to, false, &mut found),
            Attempt::Link { from, to } => {
                if matches!(look_up(&to.host_path, false), Lookup::Missing { .. }) {
                    refused_move(policy, from, to, true, &mut found);
                }
            }
        }
        found
    }

    /// The real path of what the call creates.
    pub(super) fn creates(&self) -> Option<PathBuf> {
        let (named, follow) = match self {
            Attempt::Open(named, opening) if opening.create && !opening.nameless => (named, opening.follow),
            Attempt::Make(named) => (named, false),
            Attempt::Move { to, .. } | Attempt::Link { to, .. } => (to, false),
            _ => return None,
        };
        match look_up(&named.host_path, follow) {
            Lookup::Missing { directory, .. } => Some(directory.join(named.flag_path.file_name()?)),
            _ => None,
        }
    }
}

impl Attempt {
    /// The real directories between which a call moves or links a file.
    pub(super) fn moves(&self) -> Option<(PathBuf, PathBuf)> {
        let (Attempt::Move { from, to } | Attempt::Link { from, to }) = self else {
            return None;
        };
        match (directory_of_existing(from)?, look_up(&to.parent()?.host_path, true)) {
            (source, Lookup::Exists { real: target }) if source != target => Some((source, target)),
            _ => None,
        }
    }
}

/// A right that a policy lacks.
#[derive(Debug)]
pub(super) struct Lacking {
    pub(super) permission: Permission,
    /// The real path on which it is needed.
    pub(super) real: PathBuf,
    /// The path that the call named.
    resource: PathBuf,
    /// The path that a flag has to name.
    grant: PathBuf,
}

impl Lacking {
    fn into_denial(self) -> Denial {
        Denial {
            resource: self.resource.to_string_lossy().into_owned(),
            ..Denial::new(self.permission, self.grant.to_string_lossy().into_owned(), 0)
        }
    }
}

fn refused_open(policy: &Policy, named: &TargetPath, opening: OpenRequest, found: &mut Vec<Lacking>) {
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
                    found.push(lacking(Permission::Write, named, &named.flag_path, &real));
                }
                return;
            }
            // Such an open fails for reasons other than rights.
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
                found.push(lacking(Permission::Read, named, &named.flag_path, &real));
            }
            if !writable {
                found.push(lacking(Permission::Write, named, &named.flag_path, &real));
            }
        }
        Lookup::Missing { directory, linked } if opening.create && !opening.directory => {
            let parent = named.flag_path.parent().unwrap_or(Path::new("/"));
            let grant = if linked { directory.as_path() } else { parent };
            // The file is created first, and then has the rights of its directory.
            if !policy.may_write(&directory) {
                found.push(lacking(Permission::Write, named, grant, &directory));
            }
            if opening.read && !policy.may_read(&directory) {
                found.push(lacking(Permission::Read, named, grant, &directory));
            }
        }
        Lookup::Missing { .. } | Lookup::Unreachable => {}
    }
}

/// Creating or removing an entry of a directory.
fn entry(policy: &Policy, named: &TargetPath, directory: &Path, found: &mut Vec<Lacking>) {
    if !policy.may_write(directory) {
        let parent = named.flag_path.parent().unwrap_or(Path::new("/"));
        found.push(lacking(Permission::Write, named, parent, directory));
    }
}

/// Checks a move or a link. `stays`: the existing entry is not removed, as in a link.
fn refused_move(policy: &Policy, from: &TargetPath, to: &TargetPath, stays: bool, found: &mut Vec<Lacking>) {
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
    // A file must not gain rights by moving to another directory; the kernel reports EXDEV then.
    if found.is_empty() && source != target && policy.may_read(&target) && !policy.may_read(&source) {
        let parent = from.flag_path.parent().unwrap_or(Path::new("/"));
        found.push(lacking(Permission::Read, from, parent, &source));
    }
}

fn lacking(permission: Permission, named: &TargetPath, grant: &Path, real: &Path) -> Lacking {
    Lacking {
        permission,
        real: real.to_owned(),
        resource: named.flag_path.clone(),
        grant: grant.to_owned(),
    }
}

/// The real directory of an existing entry of any kind.
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
            // A pipe, a socket or the like, which has no path; no rule applies to it.
            Ok(None) => return Lookup::Unreachable,
            Err(Errno::NOENT) => {}
            Err(_) => return Lookup::Unreachable,
        }
        let Some(parent) = path.parent() else {
            return Lookup::Unreachable;
        };
        // A dangling link: the file is created where the link points.
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

/// The path without links; none where the open file has no path, or no longer has one.
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

/// Whether the file system is mounted read-only, so that it refuses every write.
fn is_read_only(path: &Path) -> bool {
    path.ancestors()
        .find_map(|path| statvfs(path).ok())
        .is_some_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
