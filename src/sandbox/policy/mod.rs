//! What is allowed, as data: from the permissions and the places things are at. Nothing here changes anything; the
//! file system is asked through [`Files`] alone, so that the tests can give one of their own.

mod elf;
mod files;
mod machine;
mod package;
mod plan;
mod programs;
mod runtime;
mod scopes;
mod system;
mod unix;

pub use files::{Disk, Files, Kind};
pub(super) use machine::OWN_FILES;
pub use machine::kernel_file;
pub use plan::{PlanInput, plan, plan_with};

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::{NetRule, Permissions, Scope};

/// What a rule allows on a path and everything beneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    pub read: bool,
    pub list: bool,
    pub execute: bool,
    pub write: bool,
}

impl Rights {
    /// Whether these allow all that the others do.
    pub fn include(self, other: Rights) -> bool {
        (self.read || !other.read)
            && (self.list || !other.list)
            && (self.execute || !other.execute)
            && (self.write || !other.write)
    }

    /// Files and directories may be read.
    pub const READ: Rights = Rights {
        read: true,
        list: true,
        execute: false,
        write: false,
    };
    /// Names may be listed, files not read.
    pub const LIST: Rights = Rights {
        read: false,
        list: true,
        execute: false,
        write: false,
    };
    /// A program: the kernel wants it readable as well.
    pub const EXECUTE: Rights = Rights {
        read: true,
        list: false,
        execute: true,
        write: false,
    };
    /// Anything may be started that is readable by another rule.
    pub const START: Rights = Rights {
        read: false,
        list: false,
        execute: true,
        write: false,
    };
    pub const WRITE: Rights = Rights {
        read: false,
        list: false,
        execute: false,
        write: true,
    };
    pub const READ_WRITE: Rights = Rights {
        read: true,
        list: true,
        execute: false,
        write: true,
    };
}

/// One path and what is allowed there. The path is real: no symlink in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRule {
    pub path: PathBuf,
    pub rights: Rights,
}

/// Which programs may be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    None,
    All,
    /// Real paths.
    Only(Vec<PathBuf>),
}

/// Whom the worker may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetPolicy {
    None,
    All,
    /// What the list allows and the second one does not take back.
    Only {
        allow: Vec<NetRule>,
        deny: Vec<NetRule>,
    },
}

/// A file or directory, whatever its path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        Some(Identity {
            device: metadata.dev(),
            number: metadata.ino(),
        })
    }
}

/// A unix socket that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixSocket {
    /// Absolute, as the flag names it.
    pub given: PathBuf,
    /// Without symlinks. There may be nothing yet.
    pub real: PathBuf,
}

/// Everything the sandbox needs to know of what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// By path; sorted, each path once.
    pub files: Vec<FileRule>,
    /// Files and directories that may be read whatever the permissions say of reading; sorted.
    pub always_readable: Vec<PathBuf>,
    /// Every file may be read, but of /proc and /dev only what `files` names.
    pub read_all: bool,
    /// Every file but those of /proc, /sys and /dev may be written.
    pub write_all: bool,
    pub run: Run,
    pub net: NetPolicy,
    /// Unix sockets that may be reached.
    pub unix: Vec<UnixSocket>,
    /// The runtime's program: it may always be started, by the host.
    pub runtime: PathBuf,
    /// A supervisor decides about metadata and watches by the lists; else both need the flag without a list.
    pub files_supervised: bool,
    /// Where programs are looked for by name.
    pub path_var: String,
    /// In which each worker has a directory of its own that it may read and write. Its name is not known before it starts.
    pub temporary: Option<PathBuf>,
    /// What the paths in `files` led to when the policy was made, where that was asked for.
    pub identities: BTreeMap<PathBuf, Identity>,
    /// The permissions with real, absolute paths in place of what was given: what `enforcement` shows.
    pub permissions: Permissions,
}

impl Policy {
    /// Notes what is at each path that the flags name. The kernel's rules are about that, and not about what takes its place.
    pub fn identify(&mut self) {
        let given = [&self.permissions.read, &self.permissions.write];
        let listed = given.into_iter().filter_map(|scope| match scope {
            Scope::Only(paths) => Some(paths),
            _ => None,
        });
        self.identities = listed
            .flatten()
            .filter_map(|path| Some((path.into(), Identity::of(Path::new(path))?)))
            .collect();
    }

    /// Whether a flag names this real path, or a directory that it is in, and something else has taken the place of that.
    pub fn was_replaced(&self, path: &Path) -> bool {
        let named = self.identities.iter().filter(|(named, _)| is_below(path, named));
        named.clone().any(|(named, _)| self.is_another(named))
    }

    fn is_another(&self, path: &Path) -> bool {
        let noted = self.identities.get(path);
        noted.is_some_and(|noted| Identity::of(path).is_some_and(|now| now != *noted))
    }

    /// What may be read whatever the permissions say of reading, its own entries of /proc included.
    pub fn readable(&self) -> Vec<String> {
        let always = self
            .always_readable
            .iter()
            .map(|path| path.to_string_lossy().into_owned());
        let own = OWN_FILES.iter().map(|path| path.to_string_lossy().into_owned());
        always.chain(own).collect()
    }

    /// What a list of writable paths names; nothing where everything may be written.
    pub(super) fn listed_writable(&self) -> Vec<PathBuf> {
        listed(&self.permissions.write)
            .filter(|path| !is_kernels(path))
            .collect()
    }

    /// What a list of readable paths names, and what may be read in any case.
    pub(super) fn listed_readable(&self) -> Vec<PathBuf> {
        let always = self.always_readable.iter().cloned();
        let paths = listed(&self.permissions.read).chain(always);
        paths.filter(|path| !is_kernels(path)).collect()
    }

    /// With one more directory, a real path, that may be read and written.
    #[must_use]
    pub fn and_writing(mut self, directory: PathBuf) -> Self {
        self.files.push(FileRule {
            path: directory,
            rights: Rights::READ_WRITE,
        });
        self
    }

    /// Whether a rule lets this real path be read.
    pub fn may_read(&self, path: &Path) -> bool {
        // Processes and devices are in no rule that is about everything: the host's environ holds its secrets.
        (self.read_all && !machine::is_apart(path))
            || self.covered(path, |rights| rights.read)
            || self.is_temporary(path)
    }

    /// Whether a rule lets the names in this real directory be listed.
    pub fn may_list(&self, path: &Path) -> bool {
        self.read_all || self.covered(path, |rights| rights.list) || self.is_temporary(path)
    }

    /// Whether a rule lets this real path be changed.
    pub fn may_write(&self, path: &Path) -> bool {
        (self.write_all && !is_kernels(path)) || self.covered(path, |rights| rights.write) || self.is_temporary(path)
    }

    /// Whether it is, or lies in, a worker's own directory. That of another worker is no other's to ask for: its name is secret,
    /// and no flag is for it.
    fn is_temporary(&self, path: &Path) -> bool {
        let below = |all: &PathBuf| path.starts_with(all) && path != all;
        self.temporary.as_ref().is_some_and(below)
    }

    /// The program that a flag means by this name, as its real path.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        programs::resolve(&Disk, name, Path::new("/"), &self.path_var)
    }

    fn covered(&self, path: &Path, right: impl Fn(&Rights) -> bool) -> bool {
        self.files
            .iter()
            .any(|rule| right(&rule.rights) && is_below(path, &rule.path) && !self.is_another(&rule.path))
    }
}

/// `Path::starts_with` for real paths, which have one spelling. This is asked for every rule at each open.
fn is_below(path: &Path, top: &Path) -> bool {
    let (path, top) = (path.as_os_str().as_bytes(), top.as_os_str().as_bytes());
    match path.strip_prefix(top) {
        Some(rest) => rest.is_empty() || rest[0] == b'/' || top == b"/",
        None => false,
    }
}

/// In a file system of the kernel's own.
fn is_kernels(path: &Path) -> bool {
    machine::is_apart(path) || path.starts_with("/sys")
}

fn listed(scope: &Scope) -> impl Iterator<Item = PathBuf> {
    let paths = match scope {
        Scope::Only(paths) => paths.as_slice(),
        Scope::None | Scope::All => &[],
    };
    paths.iter().map(PathBuf::from)
}
