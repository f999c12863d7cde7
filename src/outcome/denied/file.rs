//! Files that were refused: which of the paths in an error the policy does not allow, and what would.

use std::path::{Path, PathBuf};

use super::thrown::Thrown;
use crate::sandbox::modes::{self, WantedAccess};
use crate::sandbox::{Denial, Permission, Policy};
use crate::validate::normalised;

/// Calls that make or remove an entry of a directory: the right belongs to the directory.
const ENTRIES: [&str; 10] = [
    "mkdir", "mkdtemp", "mknod", "rmdir", "unlink", "rm", "symlink", "creat", "rename", "link",
];
const COPIES: [&str; 3] = ["copyfile", "cp", "copy_file_range"];
/// Calls that only read, by the name Node and Bun put into `error.syscall`.
const READING: [&str; 1] = ["read"];
/// Calls that read the names in a directory.
const LISTING: [&str; 3] = ["scandir", "readdir", "opendir"];
/// Calls the sandbox lets through for every path: only the files' own modes can have refused them.
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
/// Metadata, which a list allows where somebody supervises, and else only the flag without a list.
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
    /// What the tool named.
    resource: PathBuf,
    /// What a flag has to name.
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

    /// A file that is there is changed; where there is none, its directory is.
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
        // What is not there cannot be read: the kernel says so before it asks whether it may be.
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

pub(super) fn refusal(policy: &Policy, working_dir: &Path, thrown: &Thrown<'_>) -> Option<Denial> {
    // A link or a move by which a file would gain rights is refused as if it led to another device.
    let gains = thrown.code == "EXDEV" && matches!(thrown.syscall, "rename" | "link");
    let refused = thrown.is_refusal() || gains;
    if !refused || !is_path(thrown.path) || thrown.is_about_spawning() {
        return None;
    }
    if !thrown.dest.is_empty() && !is_path(thrown.dest) {
        return None;
    }
    let path = normalised(&working_dir.join(thrown.path));
    let dest = (!thrown.dest.is_empty()).then(|| normalised(&working_dir.join(thrown.dest)));
    let mut needs = needs(thrown.syscall, &path, dest.as_deref());
    if policy.files_supervised {
        needs.extend(supervised(thrown.syscall, &path));
    }
    if gains {
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
    // Where everything else is allowed the file's own mode refused, or its owner.
    let permission = needs_everything(policy, thrown)?;
    let named = dest.unwrap_or(path);
    Some(Denial {
        resource: named.to_string_lossy().into_owned(),
        ..Denial::new(permission, String::new(), 0)
    })
}

/// Deeper than any path that was made for use. Each level is asked for by itself, so a tool must not choose how many.
const DEEPEST: usize = 128;

/// Whether the kernel would take it for a path: no access is tried with another, so none is refused.
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
        // The first path is only what the link says.
        ("symlink", Some(dest)) => vec![Need::entry(dest)],
        ("rename", Some(dest)) => vec![Need::entry(path), Need::entry(dest)],
        // The kernel asks for both: rights that a file has by its place must not grow.
        ("link", Some(dest)) => vec![Need::entry(dest), Need::entry(path)],
        (call, Some(dest)) if COPIES.contains(&call) => vec![Need::read(path), Need::write(dest)],
        (call, _) if ENTRIES.contains(&call) => vec![Need::entry(path)],
        (call, _) if CHANGING.contains(&call) => vec![Need::write(path)],
        (call, _) if READING.contains(&call) => vec![Need::read(path)],
        (call, _) if LISTING.contains(&call) => vec![Need::list(path)],
        // A refused open does not say what for. What is not there can only have been about to be made.
        _ if path.symlink_metadata().is_err() => vec![Need::entry(path)],
        // What its mode hides from this user was opened for reading as well as for writing: which one is not known.
        _ if !modes::let_through(path, WantedAccess::READ) => vec![Need::read(path)],
        _ => vec![Need::read(path), Need::write(path)],
    }
}

/// The real path as far as it exists: a file to be created has none yet.
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
