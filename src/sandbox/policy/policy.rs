//! What a worker may access, as one value, and the questions that the sandbox asks it.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::code::Code;
use super::files::Disk;
use super::identity::Identity;
use super::machine::{OWN_FILES, is_apart};
use super::programs;
use super::rule::{FileRule, Rights};
use super::unix::UnixSocket;
use crate::config::{NetRule, Permissions, Scope};

/// Which programs may be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    None,
    All,
    /// Real paths.
    Only(Vec<PathBuf>),
}

/// Which addresses the worker may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetPolicy {
    None,
    All,
    /// What the allow list names and the deny list does not.
    Only {
        allow: Vec<NetRule>,
        deny: Vec<NetRule>,
    },
}

/// Everything that the sandbox needs to know about what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Sorted by path, each path once.
    pub files: Vec<FileRule>,
    /// What is readable because it holds code.
    pub code: Code,
    /// Files and directories that are readable whatever the permissions are; sorted.
    pub always_readable: Vec<PathBuf>,
    /// Every file may be read, but of /proc and /dev only what `files` names.
    pub read_all: bool,
    /// Every file except those of /proc, /sys and /dev may be written.
    pub write_all: bool,
    pub run: Run,
    pub net: NetPolicy,
    /// The unix sockets that may be reached.
    pub unix: Vec<UnixSocket>,
    /// The runtime's program, which the host may always start.
    pub runtime: PathBuf,
    /// A supervisor decides about metadata and watches by the lists; otherwise both need the flag without a list.
    pub files_supervised: bool,
    /// Processes may be forked from an origin. Only where no programs may be run.
    pub forked: bool,
    /// The runtime's C library is musl, which resolves names with datagrams and with nothing else. Under a list of hosts
    /// these are refused, because they carry their address where it cannot be checked.
    pub names_by_datagram: bool,
    /// The PATH in which programs are looked up.
    pub path_var: String,
    /// The directory in which each worker has its own readable and writable directory. That one's name is not known
    /// before the worker starts.
    pub temporary: Option<PathBuf>,
    /// What the paths in `files` led to when the policy was made, where that was requested.
    pub identities: BTreeMap<PathBuf, Identity>,
    /// The permissions with real, absolute paths; `enforcement` shows these.
    pub permissions: Permissions,
}

impl Policy {
    /// Records what is at each path that the flags name. The kernel's rules apply to that, and not to its replacement.
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

    /// Whether a flag names this real path or a directory above it, and that has been replaced since.
    pub fn was_replaced(&self, path: &Path) -> bool {
        let named = self.identities.iter().filter(|(named, _)| is_below(path, named));
        named.clone().any(|(named, _)| self.is_another(named))
    }

    fn is_another(&self, path: &Path) -> bool {
        let noted = self.identities.get(path);
        noted.is_some_and(|noted| Identity::of(path).is_some_and(|now| now != *noted))
    }

    /// What is readable whatever the permissions are, the process's own /proc entries included.
    pub fn readable(&self) -> Vec<String> {
        let always = self
            .always_readable
            .iter()
            .map(|path| path.to_string_lossy().into_owned());
        let own = OWN_FILES.iter().map(|path| path.to_string_lossy().into_owned());
        always.chain(own).collect()
    }

    /// What lies beside code and looks like a secret, as far as no list names it. Where every file may be read, this
    /// includes them.
    pub fn unnamed_secrets(&self) -> Vec<String> {
        let secrets = self.code.secrets().into_iter();
        let unnamed = secrets.filter(|path| self.read_all || !self.may_read(path));
        unnamed.map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// The paths of a list of writable paths; empty where everything may be written.
    pub(in super::super) fn listed_writable(&self) -> Vec<PathBuf> {
        listed(&self.permissions.write)
            .filter(|path| !is_kernels(path))
            .collect()
    }

    /// The paths of a list of readable paths, and what is readable in any case.
    pub(in super::super) fn listed_readable(&self) -> Vec<PathBuf> {
        let code = self.code.rules().into_iter().filter(|rule| rule.rights.read);
        let always = self.always_readable.iter().cloned().chain(code.map(|rule| rule.path));
        let paths = listed(&self.permissions.read).chain(always);
        paths.filter(|path| !is_kernels(path)).collect()
    }

    /// Adds a real directory that may be read and written.
    #[must_use]
    pub fn and_writing(mut self, directory: PathBuf) -> Self {
        self.files.push(FileRule {
            path: directory,
            rights: Rights::READ_WRITE,
        });
        self
    }

    /// Whether a rule allows reading this real path.
    pub fn may_read(&self, path: &Path) -> bool {
        // No rule about everything covers processes and devices: the host's environ contains its secrets.
        (self.read_all && !is_apart(path)) || self.covered(path, |rights| rights.read) || self.is_temporary(path)
    }

    /// Whether a rule allows listing this real directory.
    pub fn may_list(&self, path: &Path) -> bool {
        self.read_all || self.covered(path, |rights| rights.list) || self.is_temporary(path)
    }

    /// Whether a rule allows changing this real path.
    pub fn may_write(&self, path: &Path) -> bool {
        (self.write_all && !is_kernels(path)) || self.covered(path, |rights| rights.write) || self.is_temporary(path)
    }

    /// Whether it is a worker's own directory or in it. A worker must not ask for another one's: its name is secret,
    /// and no flag allows it.
    fn is_temporary(&self, path: &Path) -> bool {
        let below = |all: &PathBuf| path.starts_with(all) && path != all;
        self.temporary.as_ref().is_some_and(below)
    }

    /// The real path of the program that a flag means by this name.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        programs::resolve(&Disk, name, Path::new("/"), &self.path_var)
    }

    fn covered(&self, path: &Path, right: impl Fn(&Rights) -> bool) -> bool {
        let covers = |rule: &FileRule| right(&rule.rights) && is_below(path, &rule.path);
        self.files
            .iter()
            .any(|rule| covers(rule) && !self.is_another(&rule.path))
            || self.code.any(covers)
    }
}

/// `Path::starts_with` for real paths, which have one spelling. It runs for every rule at each open, so it must be
/// fast.
fn is_below(path: &Path, top: &Path) -> bool {
    let (path, top) = (path.as_os_str().as_bytes(), top.as_os_str().as_bytes());
    match path.strip_prefix(top) {
        Some(rest) => rest.is_empty() || rest[0] == b'/' || top == b"/",
        None => false,
    }
}

/// In one of the kernel's own file systems.
fn is_kernels(path: &Path) -> bool {
    is_apart(path) || path.starts_with("/sys")
}

fn listed(scope: &Scope) -> impl Iterator<Item = PathBuf> {
    let paths = match scope {
        Scope::Only(paths) => paths.as_slice(),
        Scope::None | Scope::All => &[],
    };
    paths.iter().map(PathBuf::from)
}
