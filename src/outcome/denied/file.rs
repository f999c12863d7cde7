//! Refused files: finds which path in an error the policy does not allow, and what would allow it.

use std::path::{Path, PathBuf};

use super::thrown::Thrown;
use crate::sandbox::modes::{self, WantedAccess};
use crate::sandbox::{Denial, Permission, Policy};
use crate::validate::normalised;

/// Calls that make or remove an entry of a directory: they need a right on the directory.
const ENTRIES: [&str; 10] = [
    "mkdir", "mkdtemp", "mknod", "rmdir", "unlink", "rm", "symlink", "creat", "rename", "link",
];
const COPIES: [&str; 3] = ["copyfile", "cp", "copy_file_range"];
/// Calls that only read, named as in `error.syscall` of Node and Bun.
const READING: [&str; 1] = ["read"];
/// Calls that read the names in a directory.
const LISTING: [&str; 3] = ["scandir", "readdir", "opendir"];
/// Calls that the sandbox allows for every path: only the files' own modes can have refused them.
const FREE: [&str; 9] = [
    "access",
    "faccessat",
    "stat",
    "lstat",
    "fstat",
    "statx",
    "statfs",
    "readlink",
    "chdir",
];
/// Calls whose error names a file that was to be changed.
const CHANGING: [&str; 3] = ["truncate", "ftruncate", "write"];
/// Metadata calls, which a list allows where a supervisor enforces it, and otherwise only the flag without a list.
const METADATA: [&str; 10] = [
    "chmod", "fchmod", "lchmod", "chown", "fchown", "lchown", "utime", "futime", "lutime", "utimes",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    List,
    Write,
}

/// One access that a call needed.
struct Need {
    access: Access,
    /// The path that the tool used.
    resource: PathBuf,
    /// The path that a flag must name.
    grant: PathBuf,
}

impl Need {
    fn read(path: &Path) -> Self {
        Need {
            access: Access::Read,
            resource: path.to_owned(),
            grant: path.to_owned(),
        }
    }

    fn list(path: &Path) -> Self {
        Need {
            access: Access::List,
            ..Need::read(path)
        }
    }

    /// Writing changes the file if it exists, and its directory if it does not.
    fn write(path: &Path) -> Self {
        if path.symlink_metadata().is_err() {
            return Self::entry(path);
        }
        Need {
            access: Access::Write,
            resource: path.to_owned(),
            grant: path.to_owned(),
        }
    }

    fn entry(path: &Path) -> Self {
        let directory = path.ancestors().skip(1).find(|path| path.is_dir());
        Need {
            access: Access::Write,
            resource: path.to_owned(),
            grant: directory.unwrap_or(Path::new("/")).to_owned(),
        }
    }

    fn is_held(&self, policy: &Policy) -> bool {
        // A missing file cannot be read, and the kernel reports that before it checks any right.
        if self.access != Access::Write && self.grant.symlink_metadata().is_err() {
            return true;
        }
        let real = real(&self.grant);
        match self.access {
            Access::Read => policy.may_read(&real),
            Access::List => policy.may_list(&real),
            Access::Write => policy.may_write(&real),
        }
    }

    fn permission(&self) -> Permission {
        match self.access {
            Access::Read | Access::List => Permission::Read,
            Access::Write => Permission::Write,
        }
    }
}

/// A link or a move by which a file would gain rights fails with EXDEV.
fn gains_rights(thrown: &Thrown<'_>) -> bool {
    thrown.code == "EXDEV" && matches!(thrown.syscall, "rename" | "link")
}

/// Whether the error reports a refused file by its path. Only then does [`refusal`] look at files.
pub(super) fn names_refused_file(thrown: &Thrown<'_>) -> bool {
    let refused = thrown.is_refusal() || gains_rights(thrown);
    let paths = is_path(thrown.path) && (thrown.dest.is_empty() || is_path(thrown.dest));
    refused && paths && !thrown.is_about_spawning()
}

pub(super) fn refusal(policy: &Policy, working_dir: &Path, thrown: &Thrown<'_>) -> Option<Denial> {
    if !names_refused_file(thrown) {
        return None;
    }
    let path = normalised(&working_dir.join(thrown.path));
    let dest = (!thrown.dest.is_empty()).then(|| normalised(&working_dir.join(thrown.dest)));
    let mut needs = needs(thrown.syscall, &path, dest.as_deref());
    if policy.files_supervised {
        needs.extend(supervised(thrown.syscall, &path));
    }
    if gains_rights(thrown) {
        needs.push(Need {
            access: Access::Read,
            ..Need::entry(&path)
        });
    }
    if let Some(missing) = needs.into_iter().find(|need| !need.is_held(policy)) {
        let grant = Denial::new(missing.permission(), missing.grant.to_string_lossy().into_owned(), 0);
        return Some(Denial {
            resource: missing.resource.to_string_lossy().into_owned(),
            ..grant
        });
    }
    // If everything else is allowed, the file's own mode or owner was the reason.
    let permission = needs_everything(policy, thrown)?;
    let named = dest.unwrap_or(path);
    Some(Denial {
        resource: named.to_string_lossy().into_owned(),
        ..Denial::new(permission, String::new(), 0)
    })
}

/// Deeper than any path made for use. Each level is checked separately, so a tool must not choose how many there are.
const DEEPEST: usize = 128;

/// Whether the kernel would accept it as a path: any other text was never tried, so it was not refused.
pub(super) fn is_path(text: &str) -> bool {
    let length = libc::PATH_MAX as usize;
    !text.is_empty()
        && text.len() < length
        && !text.contains('\0')
        && !text.contains("://")
        && text.bytes().filter(|byte| *byte == b'/').count() <= DEEPEST
}

/// What seccomp refuses unless every file may be read or written: watching, and changing metadata, which libuv does at
/// the end of each copy.
fn needs_everything(policy: &Policy, thrown: &Thrown<'_>) -> Option<Permission> {
    if policy.files_supervised {
        return None;
    }
    match thrown.syscall {
        "watch" if !policy.read_all => Some(Permission::Read),
        call if is_metadata(call) && !policy.write_all => Some(Permission::Write),
        "copyfile" if thrown.code == "EPERM" && !policy.write_all => Some(Permission::Write),
        _ => None,
    }
}

/// The same where a list is enough.
fn supervised(syscall: &str, path: &Path) -> Option<Need> {
    match syscall {
        "watch" if path.is_dir() => Some(Need::list(path)),
        "watch" => Some(Need::read(path)),
        call if is_metadata(call) => Some(Need::write(path)),
        _ => None,
    }
}

fn is_metadata(syscall: &str) -> bool {
    METADATA.contains(&syscall.trim_end_matches("at"))
}

fn needs(syscall: &str, path: &Path, dest: Option<&Path>) -> Vec<Need> {
    match (syscall, dest) {
        ("watch", _) => Vec::new(),
        (call, _) if FREE.contains(&call) => Vec::new(),
        (call, _) if is_metadata(call) => Vec::new(),
        // The first path is only the link's content.
        ("symlink", Some(dest)) => vec![Need::entry(dest)],
        ("rename", Some(dest)) => vec![Need::entry(path), Need::entry(dest)],
        // The kernel checks both, because a file must not gain rights by its new place.
        ("link", Some(dest)) => vec![Need::entry(dest), Need::entry(path)],
        (call, Some(dest)) if COPIES.contains(&call) => vec![Need::read(path), Need::write(dest)],
        (call, _) if ENTRIES.contains(&call) => vec![Need::entry(path)],
        (call, _) if CHANGING.contains(&call) => vec![Need::write(path)],
        (call, _) if READING.contains(&call) => vec![Need::read(path)],
        (call, _) if LISTING.contains(&call) => vec![Need::list(path)],
        // A refused open does not tell its purpose. A missing file can only have been about to be created.
        _ if path.symlink_metadata().is_err() => vec![Need::entry(path)],
        // A file that its mode hides from this user may have been opened for reading or for writing; which one is
        // unknown.
        _ if !modes::let_through(path, WantedAccess::READ) => vec![Need::read(path)],
        _ => vec![Need::read(path), Need::write(path)],
    }
}

/// The real path of the part that exists: a file to be created has none yet.
pub(super) fn real(path: &Path) -> PathBuf {
    path.ancestors()
        .find_map(|ancestor| {
            let real = ancestor.canonicalize().ok()?;
            Some(match path.strip_prefix(ancestor) {
                Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
                _ => real,
            })
        })
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
