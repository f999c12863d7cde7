//! The file system as planning uses it.

use std::io;
use std::path::{Path, PathBuf};

use super::elf::{self, Elf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Symlink,
    Other,
}

/// The questions that planning asks the file system.
pub trait Files {
    /// The path without symlinks, `.` and `..`; an error when it does not exist.
    fn real(&self, path: &Path) -> io::Result<PathBuf>;
    /// The kind of file at a path, without following a final symlink.
    fn kind(&self, path: &Path) -> Option<Kind>;
    /// Whether it is a file that the user may execute.
    fn executable(&self, path: &Path) -> bool;
    /// The full paths of a directory's entries; empty when it cannot be listed.
    fn list(&self, directory: &Path) -> Vec<PathBuf>;
    /// The same with their kinds: the first ones in the order of their names, at most `most`.
    fn entries(&self, directory: &Path, most: usize) -> Vec<(PathBuf, Kind)> {
        let with_kind = |path: PathBuf| Some((path.clone(), self.kind(&path)?));
        let listed = self.list(directory).into_iter().filter_map(with_kind);
        listed.take(most).collect()
    }
    /// The device and number of what is at a path, and how many names it has, without following a final symlink.
    fn inode(&self, _path: &Path) -> Option<((u64, u64), u64)> {
        None
    }
    /// The first line of a file that starts with `#!`, without those two characters.
    fn interpreter_line(&self, path: &Path) -> Option<String>;
    /// What the ELF header requests; `None` when it is not an ELF file.
    fn elf(&self, path: &Path) -> Option<Elf>;
    /// The content of a small system file; `None` when it cannot be read or is too large.
    fn bytes(&self, path: &Path) -> Option<Vec<u8>>;
    /// Whether other users of the machine may not read it.
    fn private(&self, path: &Path) -> bool;
}

/// Far more than the loader's cache of a desktop with every package.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

fn kind_of(kind: std::fs::FileType) -> Kind {
    if kind.is_symlink() {
        Kind::Symlink
    } else if kind.is_dir() {
        Kind::Directory
    } else if kind.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}

impl Files for Disk {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }

    fn kind(&self, path: &Path) -> Option<Kind> {
        Some(kind_of(path.symlink_metadata().ok()?.file_type()))
    }

    fn executable(&self, path: &Path) -> bool {
        path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    }

    fn list(&self, directory: &Path) -> Vec<PathBuf> {
        let Ok(entries) = directory.read_dir() else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
        paths
    }

    fn entries(&self, directory: &Path, most: usize) -> Vec<(PathBuf, Kind)> {
        let Ok(entries) = directory.read_dir() else {
            return Vec::new();
        };
        // The kind is in the directory itself, so no entry has to be looked up.
        let mut found: Vec<_> = entries
            .flatten()
            .filter_map(|entry| Some((entry.file_name(), kind_of(entry.file_type().ok()?))))
            .collect();
        if most < found.len() {
            found.select_nth_unstable_by(most, |(one, _), (other, _)| one.cmp(other));
            found.truncate(most);
        }
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let path = |(name, kind)| (directory.join(name), kind);
        found.into_iter().map(path).collect()
    }

    fn inode(&self, path: &Path) -> Option<((u64, u64), u64)> {
        use std::os::unix::fs::MetadataExt;
        let found = path.symlink_metadata().ok()?;
        // A directory has one name; its other links are its own entries.
        let names = if found.is_dir() { 1 } else { found.nlink() };
        Some(((found.dev(), found.ino()), names))
    }

    fn interpreter_line(&self, path: &Path) -> Option<String> {
        use std::io::Read;
        let mut head = Vec::new();
        std::fs::File::open(path).ok()?.take(256).read_to_end(&mut head).ok()?;
        let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        String::from_utf8(line.to_vec()).ok()
    }

    fn elf(&self, path: &Path) -> Option<Elf> {
        elf::read(&std::fs::File::open(path).ok()?)
    }

    fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        use std::io::Read;
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).ok()?;
        let read = file.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
        (read as u64 <= LARGEST).then_some(bytes)
    }

    fn private(&self, path: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt;
        path.metadata().map_or(true, |met| {
            let needed = if met.is_dir() { 0o005 } else { 0o004 };
            met.permissions().mode() & needed != needed
        })
    }
}

#[cfg(test)]
pub(super) mod fake {
    use std::collections::BTreeMap;

    use super::*;

    /// A fake file system with a few entries.
    #[derive(Debug, Default)]
    pub(in super::super) struct Fake(BTreeMap<PathBuf, Entry>);

    #[derive(Debug, Clone)]
    enum Entry {
        File {
            executable: bool,
            line: Option<String>,
            elf: Option<Elf>,
        },
        Content(Vec<u8>),
        Private,
        Directory,
        Symlink(PathBuf),
    }

    impl Fake {
        fn add(mut self, path: &str, entry: Entry) -> Self {
            for parent in Path::new(path).ancestors().skip(1) {
                self.0.entry(parent.to_path_buf()).or_insert(Entry::Directory);
            }
            self.0.insert(path.into(), entry);
            self
        }

        pub(in super::super) fn file(self, path: &str) -> Self {
            self.add(
                path,
                Entry::File {
                    executable: false,
                    line: None,
                    elf: None,
                },
            )
        }

        pub(in super::super) fn content(self, path: &str, bytes: &[u8]) -> Self {
            self.add(path, Entry::Content(bytes.to_vec()))
        }

        /// A file that only its owner may read.
        pub(in super::super) fn secret(self, path: &str) -> Self {
            self.add(path, Entry::Private)
        }

        pub(in super::super) fn library(self, path: &str) -> Self {
            self.program(path, "", &[])
        }

        pub(in super::super) fn directory(self, path: &str) -> Self {
            self.add(path, Entry::Directory)
        }

        pub(in super::super) fn link(self, path: &str, target: &str) -> Self {
            self.add(path, Entry::Symlink(target.into()))
        }

        pub(in super::super) fn script(self, path: &str, line: &str) -> Self {
            self.add(
                path,
                Entry::File {
                    executable: true,
                    line: Some(line.into()),
                    elf: None,
                },
            )
        }

        pub(in super::super) fn program(self, path: &str, interpreter: &str, needed: &[&str]) -> Self {
            let elf = Elf {
                interpreter: (!interpreter.is_empty()).then(|| interpreter.into()),
                needed: needed.iter().map(ToString::to_string).collect(),
                search: Vec::new(),
            };
            self.add(
                path,
                Entry::File {
                    executable: true,
                    line: None,
                    elf: Some(elf),
                },
            )
        }

        fn at(&self, path: &Path) -> Option<Entry> {
            self.0.get(&self.real(path).ok()?).cloned()
        }
    }

    impl Files for Fake {
        fn real(&self, path: &Path) -> io::Result<PathBuf> {
            let mut real = PathBuf::new();
            for part in path.components() {
                match part {
                    std::path::Component::ParentDir => {
                        real.pop();
                        continue;
                    }
                    std::path::Component::CurDir => continue,
                    other => real.push(other),
                }
                match self.0.get(&real) {
                    Some(Entry::Symlink(target)) => real = self.real(&real.parent().unwrap_or(&real).join(target))?,
                    Some(_) => {}
                    None => return Err(io::ErrorKind::NotFound.into()),
                }
            }
            Ok(real)
        }

        fn kind(&self, path: &Path) -> Option<Kind> {
            Some(match self.0.get(path)? {
                Entry::File { .. } | Entry::Content(_) | Entry::Private => Kind::File,
                Entry::Directory => Kind::Directory,
                Entry::Symlink(_) => Kind::Symlink,
            })
        }

        fn executable(&self, path: &Path) -> bool {
            matches!(self.at(path), Some(Entry::File { executable: true, .. }))
        }

        fn list(&self, directory: &Path) -> Vec<PathBuf> {
            self.0
                .keys()
                .filter(|path| path.parent() == Some(directory))
                .cloned()
                .collect()
        }

        fn interpreter_line(&self, path: &Path) -> Option<String> {
            match self.at(path)? {
                Entry::File { line, .. } => line,
                _ => None,
            }
        }

        fn elf(&self, path: &Path) -> Option<Elf> {
            match self.at(path)? {
                Entry::File { elf, .. } => elf,
                _ => None,
            }
        }

        fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
            match self.at(path)? {
                Entry::Content(bytes) => Some(bytes),
                _ => None,
            }
        }

        fn private(&self, path: &Path) -> bool {
            matches!(self.at(path), Some(Entry::Private))
        }
    }
}
