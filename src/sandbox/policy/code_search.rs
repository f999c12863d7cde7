//! Splits a directory that is readable because it holds code into the parts of it that hold no secret.
//!
//! Landlock only adds rights. Where a secret lies in a directory, its other entries are therefore allowed one by one, and
//! where none does, the directory is allowed as a whole.
//!
//! The search is bounded. It goes level by level, so that what lies near the code is found first, and looks at a bounded
//! number of entries. It leaves out `node_modules`: what is in it was published, and half of all entries of a project
//! are there.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::secrets::is_secret;
use super::{FileRule, Files, Kind, Rights};

/// Entries that are looked at in one directory tree: some milliseconds.
const ENTRIES: usize = 20_000;
/// Entries of split directories that get a rule. Each costs every start a system call, and the host a descriptor.
const RULES: usize = 1_000;

/// Identifies a file whatever its name is.
pub(super) type Inode = (u64, u64);

/// The parts of directory trees that are readable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rules: Vec<FileRule>,
    /// The directories whose entries are allowed one by one.
    pub(super) split: Vec<PathBuf>,
    /// What is not readable.
    pub(super) secrets: Vec<PathBuf>,
}

/// Searches one tree. `known`: inodes that were secrets before, whatever they are called now; secrets that are found are
/// added to it.
pub(super) fn search(files: &dyn Files, root: &Path, known: &mut HashSet<Inode>) -> Found {
    let mut tree = Tree::default();
    tree.look(files, root);
    tree.add_targets(files, root);
    tree.add_other_names(files, known);
    known.extend(tree.secrets.iter().filter_map(|path| Some(files.inode(path)?.0)));
    tree.into_found(files, root)
}

#[derive(Debug, Default)]
struct Tree {
    /// Everything that was looked at and is no secret by its name.
    entries: Vec<(PathBuf, Kind)>,
    secrets: BTreeSet<PathBuf>,
}

impl Tree {
    fn look(&mut self, files: &dyn Files, root: &Path) {
        let mut directories = VecDeque::from([root.to_path_buf()]);
        let mut left = ENTRIES;
        while left > 0
            && let Some(directory) = directories.pop_front()
        {
            let entries = files.entries(&directory, left);
            left -= entries.len();
            for (path, kind) in entries {
                if is_secret(&path) {
                    self.secrets.insert(path);
                    continue;
                }
                if kind == Kind::Directory && !path.ends_with("node_modules") {
                    directories.push_back(path.clone());
                }
                self.entries.push((path, kind));
            }
        }
    }

    /// A link with the name of a secret says that what it leads to is one.
    fn add_targets(&mut self, files: &dyn Files, root: &Path) {
        let links = self
            .secrets
            .iter()
            .filter(|path| files.kind(path) == Some(Kind::Symlink));
        let targets = links.filter_map(|link| files.real(link).ok());
        let targets: Vec<_> = targets
            .filter(|target| target.starts_with(root) && target != root)
            .collect();
        self.secrets.extend(targets);
    }

    /// Other names of secrets: hard links, and what was renamed since it was known.
    fn add_other_names(&mut self, files: &dyn Files, known: &HashSet<Inode>) {
        let mut wanted = known.clone();
        let inodes = self.secrets.iter().filter_map(|path| files.inode(path));
        wanted.extend(inodes.filter(|(_, links)| *links > 1).map(|(inode, _)| inode));
        if wanted.is_empty() {
            return;
        }
        let candidates = self.entries.iter().filter(|(_, kind)| *kind != Kind::Symlink);
        let others: Vec<_> = candidates
            .filter(|(path, _)| files.inode(path).is_some_and(|(inode, _)| wanted.contains(&inode)))
            .map(|(path, _)| path.clone())
            .collect();
        self.secrets.extend(others);
    }

    fn into_found(self, files: &dyn Files, root: &Path) -> Found {
        let mut split = BTreeSet::new();
        for secret in &self.secrets {
            let above = secret.ancestors().skip(1).take_while(|path| path.starts_with(root));
            split.extend(above.map(Path::to_path_buf));
        }
        if split.is_empty() {
            return Found {
                rules: vec![rule(root, Rights::READ)],
                ..Found::default()
            };
        }
        let mut rules: Vec<FileRule> = split.iter().map(|path| rule(path, Rights::LIST)).collect();
        let mut parts: Vec<(PathBuf, Kind)> = split
            .iter()
            .flat_map(|path| files.entries(path, ENTRIES))
            .filter(|(path, kind)| {
                *kind != Kind::Symlink && !self.secrets.contains(path) && !is_secret(path) && !split.contains(path)
            })
            .collect();
        // Directories first: one rule for each of them allows the most.
        parts.sort_by_cached_key(|(path, kind)| {
            let text = path.as_os_str().as_bytes().to_vec();
            (*kind != Kind::Directory, path.components().count(), text)
        });
        rules.extend(parts.into_iter().take(RULES).map(|(path, _)| rule(&path, Rights::READ)));
        Found {
            rules,
            split: split.into_iter().collect(),
            secrets: self.secrets.into_iter().collect(),
        }
    }
}

fn rule(path: &Path, rights: Rights) -> FileRule {
    FileRule {
        path: path.to_path_buf(),
        rights,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::Disk;
    use super::*;

    struct Project {
        _place: tempfile::TempDir,
        root: PathBuf,
    }

    fn project(paths: &[&str]) -> Project {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().canonicalize().expect("there").join("project");
        for path in paths {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("below the root")).expect("made");
            fs::write(path, "x").expect("written");
        }
        Project { _place: place, root }
    }

    impl Project {
        fn found(&self) -> Found {
            search(&Disk, &self.root, &mut HashSet::new())
        }

        fn shown(&self, paths: impl IntoIterator<Item = PathBuf>) -> Vec<String> {
            let below = |path: PathBuf| path.strip_prefix(&self.root).expect("below").display().to_string();
            let mut shown: Vec<_> = paths.into_iter().map(below).collect();
            shown.sort();
            shown
        }

        fn readable(&self, found: &Found) -> Vec<String> {
            let rules = found.rules.iter().filter(|rule| rule.rights.read);
            self.shown(rules.map(|rule| rule.path.clone()))
        }
    }

    #[test]
    fn a_tree_without_secrets_is_one_rule() {
        let project = project(&["tools.ts", "src/a.ts", "node_modules/x/cert.pem", ".env.example"]);
        let found = project.found();
        assert_eq!(project.readable(&found), [""]);
        assert!(found.secrets.is_empty() && found.split.is_empty());
    }

    #[test]
    fn directories_are_split_to_the_depth_where_a_secret_lies() {
        let project = project(&[
            "tools.ts",
            ".env",
            ".git/config",
            "src/a.ts",
            "src/deep/b.ts",
            "config/tls.key",
            "config/app.json",
            "config/more/c.json",
            "node_modules/x/index.js",
        ]);
        let found = project.found();
        let readable = ["config/app.json", "config/more", "node_modules", "src", "tools.ts"];
        assert_eq!(project.readable(&found), readable);
        assert_eq!(project.shown(found.secrets), [".env", ".git", "config/tls.key"]);
        assert_eq!(project.shown(found.split), ["", "config"]);
    }

    #[test]
    fn other_names_of_a_secret_are_secrets() {
        let project = project(&["tools.ts", ".env", "src/a.ts", "config/production.txt", "secret.txt"]);
        fs::hard_link(project.root.join(".env"), project.root.join("src/innocent.txt")).expect("linked");
        symlink("../config/production.txt", project.root.join("src/.env.production")).expect("linked");
        symlink("../.env", project.root.join("src/link.txt")).expect("linked");
        let found = project.found();
        assert_eq!(project.readable(&found), ["secret.txt", "src/a.ts", "tools.ts"]);
        let mut known = HashSet::new();
        search(&Disk, &project.root, &mut known);
        fs::rename(project.root.join(".env"), project.root.join("renamed.txt")).expect("renamed");
        let again = search(&Disk, &project.root, &mut known);
        assert!(
            !project.readable(&again).contains(&"renamed.txt".to_owned()),
            "{again:?}"
        );
    }

    #[test]
    fn a_large_tree_is_looked_through_from_the_top() {
        let project = project(&["tools.ts", ".env"]);
        let data = project.root.join("data");
        fs::create_dir(&data).expect("made");
        for number in 0..ENTRIES + 10 {
            fs::write(data.join(number.to_string()), "").expect("written");
        }
        let found = project.found();
        assert_eq!(project.readable(&found), ["data", "tools.ts"]);
        assert_eq!(project.shown(found.secrets), [".env"]);
    }
}
