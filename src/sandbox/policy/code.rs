//! What is readable because it holds code: shared by everything that asks a policy, and made anew when it has changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::code_search::{Found, Inode, search};
use super::{Disk, FileRule, Files, Rights};

/// The directories that hold code, and what of them is readable.
#[derive(Debug, Clone, Default)]
pub struct Code(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Each with whether it is readable as a whole, because a flag names it.
    roots: Vec<(PathBuf, bool)>,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    found: Found,
    /// Every inode that was a secret once, so that a new name does not make it readable.
    known: HashSet<Inode>,
    /// When the directories changed last in which a change matters.
    stamps: Vec<Stamp>,
}

/// A directory with its inode and its last change, as the kernel counts them.
type Stamp = (PathBuf, Option<(u64, u64, i64, i64)>);

impl Code {
    /// `named`: whether a flag names the directory, or one above it.
    pub(super) fn new(files: &dyn Files, roots: &[PathBuf], named: impl Fn(&Path) -> bool) -> Self {
        let roots: Vec<_> = roots.iter().map(|root| (root.clone(), named(root))).collect();
        let mut state = State::default();
        state.search(files, &roots);
        Self(Arc::new(Shared {
            roots,
            state: RwLock::new(state),
        }))
    }

    /// The rules that apply now.
    pub fn rules(&self) -> Vec<FileRule> {
        self.read(|state| state.found.rules.clone())
    }

    /// What lies beside code and is not readable because of it.
    pub fn secrets(&self) -> Vec<PathBuf> {
        self.read(|state| state.found.secrets.clone())
    }

    /// Whether a rule that applies now fulfils the condition.
    pub(in super::super) fn any(&self, condition: impl Fn(&FileRule) -> bool) -> bool {
        self.read(|state| state.found.rules.iter().any(condition))
    }

    /// Looks again where a directory has changed whose entries are allowed one by one, or that holds code at its top.
    /// True where it was looked at. Not where a worker could have changed it: it could give a secret another
    /// name.
    pub fn look_again(&self, may_write: impl Fn(&Path) -> bool) -> bool {
        let stamps = self.read(|state| state.stamps.clone());
        let changed = stamps.iter().any(|(path, before)| stamp(path) != *before);
        if !changed || stamps.iter().any(|(path, _)| may_write(path)) {
            return false;
        }
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        state.search(&Disk, &self.0.roots);
        true
    }

    fn read<T>(&self, action: impl FnOnce(&State) -> T) -> T {
        action(&self.0.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn search(&mut self, files: &dyn Files, roots: &[(PathBuf, bool)]) {
        let mut all = Found::default();
        let mut watched = Vec::new();
        for (root, named) in roots {
            if *named {
                all.rules.push(FileRule {
                    path: root.clone(),
                    rights: Rights::READ,
                });
                continue;
            }
            watched.push(root.clone());
            let found = search(files, root, &mut self.known);
            all.rules.extend(found.rules);
            all.secrets.extend(found.secrets);
            watched.extend(found.split.iter().cloned());
            all.split.extend(found.split);
        }
        watched.sort();
        watched.dedup();
        self.stamps = watched
            .into_iter()
            .map(|path| {
                let stamp = stamp(&path);
                (path, stamp)
            })
            .collect();
        self.found = all;
    }
}

fn stamp(path: &Path) -> Option<(u64, u64, i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    let found = path.symlink_metadata().ok()?;
    Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.roots == other.0.roots && self.rules() == other.rules())
    }
}

impl Eq for Code {}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_changed_directory_is_looked_at_again_unless_a_worker_may_change_it() {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().canonicalize().expect("there");
        for name in [".env", "tools.ts"] {
            fs::write(root.join(name), "x").expect("written");
        }
        let code = Code::new(&Disk, std::slice::from_ref(&root), |_| false);
        let readable = |name: &str| code.any(|rule| rule.rights.read && rule.path == root.join(name));
        assert!(readable("tools.ts") && !readable(".env") && !code.look_again(|_| false));
        // Older kernels count time in steps of some milliseconds.
        let before = stamp(&root);
        for name in ["other.ts", "new.ts"].iter().cycle().take(100_000) {
            fs::write(root.join(name), "x").expect("written");
            if stamp(&root) != before && *name == "new.ts" {
                break;
            }
            fs::remove_file(root.join(name)).expect("removed");
        }
        assert!(!code.look_again(|_| true) && !readable("new.ts"));
        assert!(code.look_again(|_| false) && readable("new.ts"));
        assert!(!code.look_again(|_| false));
        fs::rename(root.join(".env"), root.join("plain.txt")).expect("renamed");
        code.look_again(|_| false);
        assert!(!readable("plain.txt"), "known by its inode");
    }
}
