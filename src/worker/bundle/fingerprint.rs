//! Detects whether a file or directory has changed. The kernel changes `ctime` with every change of content, name or
//! mode, and no program can set it: the same inode with the same times has the same content. Changes within one clock
//! tick are detected because no fingerprint is taken of something that young.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A path and the state of what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFingerprint {
    path: PathBuf,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Absent,
    File {
        stat: Stat,
        size: u64,
    },
    /// `names` is a hash of those entries that decide what an import finds.
    Directory {
        stat: Stat,
        names: String,
    },
}

/// Identity and times of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stat {
    device: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stat {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl FileFingerprint {
    /// The fingerprint of the file that a path leads to.
    pub fn take(path: PathBuf) -> Self {
        let state = match fs::metadata(&path) {
            Ok(found) if found.is_dir() => State::Directory {
                names: names(&path),
                stat: Stat::of(&found),
            },
            Ok(found) => State::File {
                stat: Stat::of(&found),
                size: found.size(),
            },
            Err(_) => State::Absent,
        };
        Self { path, state }
    }

    /// Whether the file still has this fingerprint.
    pub fn is_current(&self) -> bool {
        let found = fs::metadata(&self.path);
        match (&self.state, found) {
            (State::Absent, found) => found.is_err(),
            (State::File { stat, size }, Ok(found)) => {
                found.is_file() && found.size() == *size && Stat::of(&found) == *stat
            }
            (State::Directory { stat, names: hash }, Ok(found)) => {
                // Files come and go in a project; only some of them matter.
                found.is_dir() && (Stat::of(&found) == *stat || names(&self.path) == *hash)
            }
            (_, Err(_)) => false,
        }
    }

    /// Whether it was last changed before that moment, according to its times.
    pub fn is_older_than(&self, moment: SystemTime) -> bool {
        let (State::File { stat, .. } | State::Directory { stat, .. }) = &self.state else {
            return true;
        };
        [stat.modified, stat.changed].into_iter().all(|(seconds, nanoseconds)| {
            let since = Duration::new(
                u64::try_from(seconds).unwrap_or(0),
                u32::try_from(nanoseconds).unwrap_or(0),
            );
            UNIX_EPOCH + since < moment
        })
    }
}

/// The entries that import resolution depends on: code files, packages, and the targets of links.
fn names(directory: &Path) -> String {
    let packages = directory.ends_with("node_modules") || is_scope(directory);
    let mut relevant: Vec<(Vec<u8>, Vec<u8>)> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let link = fs::read_link(entry.path()).ok();
            (packages || link.is_some() || is_code(Path::new(&name))).then(|| {
                let target = link.map(|target| target.into_os_string().into_encoded_bytes());
                (name.into_encoded_bytes(), target.unwrap_or_default())
            })
        })
        .collect();
    relevant.sort();
    let mut hash = Sha256::new();
    for (name, target) in relevant {
        hash.update(&name);
        hash.update([0]);
        hash.update(&target);
        hash.update([0]);
    }
    crate::worker::names::hex(&hash.finalize())
}

fn is_scope(directory: &Path) -> bool {
    directory
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"@"))
        && directory
            .parent()
            .is_some_and(|parent| parent.ends_with("node_modules"))
}

fn is_code(name: &Path) -> bool {
    let code = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "node"];
    name.extension()
        .is_some_and(|extension| code.iter().any(|known| extension == *known))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make the files they look at")]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_files_fingerprint_is_valid_until_it_is_written_replaced_or_removed() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.ts");
        assert!(FileFingerprint::take(path.clone()).is_current());
        let absent = FileFingerprint::take(path.clone());
        fs::write(&path, "1").expect("written");
        assert!(!absent.is_current());
        let first = FileFingerprint::take(path.clone());
        assert!(first.is_current());
        fs::write(&path, "12").expect("written");
        assert!(!first.is_current());
        let second = FileFingerprint::take(path.clone());
        let other = dir.path().join("b.ts");
        fs::copy(&path, &other).expect("copied");
        fs::rename(&other, &path).expect("replaced");
        assert!(!second.is_current(), "the same bytes in another file");
        let third = FileFingerprint::take(path.clone());
        fs::remove_file(&path).expect("removed");
        assert!(!third.is_current());
    }

    #[test]
    fn a_directorys_fingerprint_is_valid_while_its_relevant_names_are() {
        let dir = tempfile::tempdir().expect("a directory");
        let fingerprint = FileFingerprint::take(dir.path().to_owned());
        fs::write(dir.path().join("output.csv"), "").expect("written");
        fs::create_dir(dir.path().join("folder")).expect("made");
        assert!(fingerprint.is_current());
        fs::write(dir.path().join("new.ts"), "").expect("written");
        assert!(!fingerprint.is_current());
        let fingerprint = FileFingerprint::take(dir.path().to_owned());
        symlink("folder", dir.path().join("link")).expect("linked");
        assert!(!fingerprint.is_current());
    }

    #[test]
    fn packages_are_names_that_matter_and_so_is_where_their_links_lead() {
        let dir = tempfile::tempdir().expect("a directory");
        let modules = dir.path().join("node_modules");
        fs::create_dir_all(modules.join("@scope")).expect("made");
        let fingerprint = FileFingerprint::take(modules.clone());
        fs::create_dir(modules.join("package")).expect("made");
        assert!(!fingerprint.is_current());
        let scope = FileFingerprint::take(modules.join("@scope"));
        symlink("../one", modules.join("@scope/package")).expect("linked");
        assert!(!scope.is_current());
        let scope = FileFingerprint::take(modules.join("@scope"));
        fs::remove_file(modules.join("@scope/package")).expect("removed");
        symlink("../two", modules.join("@scope/package")).expect("linked");
        assert!(!scope.is_current());
    }

    #[test]
    fn age_is_computed() {
        let dir = tempfile::tempdir().expect("a directory");
        let fingerprint = FileFingerprint::take(dir.path().to_owned());
        assert!(fingerprint.is_older_than(SystemTime::now() + Duration::from_secs(5)));
        assert!(!fingerprint.is_older_than(SystemTime::now() - Duration::from_secs(60)));
        assert!(FileFingerprint::take(dir.path().join("none")).is_older_than(UNIX_EPOCH));
    }
}
