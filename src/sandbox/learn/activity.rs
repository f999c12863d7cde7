//! What a tool did that it needs a flag for, as a value.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A tool can name as many files as it likes; beyond this many accesses the rest is only known to be missing.
const KEPT: usize = 20_000;

/// One access that is not allowed without flags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Reading a file, or listing a directory, by its real path.
    Read(PathBuf),
    /// Changing a file or the entries of a directory, by its real path.
    Write(PathBuf),
    /// A file was moved or linked from one directory to another. It must not gain rights by that.
    Move { from: PathBuf, to: PathBuf },
    /// A connection, and the names that the resolver gave this address for.
    Connect { to: SocketAddr, names: BTreeSet<String> },
    /// A name was resolved.
    Resolve(String),
    /// A server's own address; port 0: the system chose.
    Listen(SocketAddr),
    /// A unix socket, by its path.
    Unix(PathBuf),
    /// Datagrams, whose addresses are not seen.
    Datagrams,
    /// The machine's interfaces were listed, or addresses sorted. libc does both when it resolves a name.
    Interfaces,
    /// A program was started.
    Run {
        /// The path by which it was called.
        called: PathBuf,
        real: PathBuf,
    },
    /// A variable of the host was read.
    Env(String),
}

/// Everything that was noted of one process or of one tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    needs: BTreeSet<Need>,
    /// What was created, by real paths: it was not there before, and may have another name next time.
    created: BTreeSet<PathBuf>,
    /// The places that a worker said it connects to, as `host:port`.
    wanted: BTreeSet<String>,
    /// Something was done that was not noted.
    incomplete: bool,
}

impl Activity {
    pub(super) fn note(&mut self, need: Need) {
        if self.needs.len() < KEPT {
            self.needs.insert(need);
        } else if !self.needs.contains(&need) {
            self.incomplete = true;
        }
    }

    pub(super) fn created(&mut self, path: PathBuf) {
        if self.created.len() < KEPT {
            self.created.insert(path);
        } else {
            self.incomplete = true;
        }
    }

    pub(super) fn wants(&mut self, place: &str) {
        if self.wanted.len() < KEPT {
            self.wanted.insert(place.to_ascii_lowercase());
        }
    }

    pub(super) fn missed_something(&mut self) {
        self.incomplete = true;
    }

    /// Adds what another process did.
    pub fn add(&mut self, other: Activity) {
        let Activity {
            needs,
            created,
            wanted,
            incomplete,
        } = other;
        needs.into_iter().for_each(|need| self.note(need));
        created.into_iter().for_each(|path| self.created(path));
        wanted.iter().for_each(|place| self.wants(place));
        self.incomplete |= incomplete;
    }

    pub fn needs(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter()
    }

    pub(super) fn creations(&self) -> &BTreeSet<PathBuf> {
        &self.created
    }

    pub(super) fn wanted(&self) -> &BTreeSet<String> {
        &self.wanted
    }

    /// Whether something was done that is not in it.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }
}
