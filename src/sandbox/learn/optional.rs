//! What libraries and programs try by themselves and do without: no flag is learnt for it, but it is told. Each entry was found
//! by leaving its flag out: the same run worked (docs/learn.md).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files and directories, by the end of their paths.
const PATHS: [&str; 6] = [
    // Runtimes count processors with it, and go on where they cannot.
    "proc/cpuinfo",
    // detect-libc reads it to find out which C library there is, and asks otherwise.
    "usr/bin/ldd",
    // lmdb notes it to recognise locks of before a restart.
    "proc/sys/kernel/random/boot_id",
    // fontconfig renews its caches, which it can also read as they are.
    "cache/fontconfig",
    ".cache/fontconfig",
    // git copies them into a new repository.
    "share/git-core/templates",
];

/// Variables that say who uses a machine; programs pass them on.
const VARIABLES: [&str; 4] = ["LOGNAME", "SHELL", "USER", "USERNAME"];

pub(super) fn is_optional_path(path: &Path) -> bool {
    PATHS
        .iter()
        .any(|known| path.ancestors().any(|above| above.ends_with(known)))
}

pub(super) fn is_optional_variable(name: &str) -> bool {
    VARIABLES.contains(&name)
}

/// The directories that were listed on the way up to `/`, but for those where a search began: who looks for a file in every
/// directory above another finds none in most of them. The working directory may be listed without a flag.
pub(super) fn above_searches(listed: &BTreeSet<PathBuf>, working_dir: &Path) -> BTreeSet<PathBuf> {
    let reaches_the_root = |path: &Path| path.ancestors().all(|above| listed.contains(above));
    let holds_another =
        |path: &Path| working_dir.parent() == Some(path) || listed.iter().any(|other| other.parent() == Some(path));
    let all = listed
        .iter()
        .filter(|path| reaches_the_root(path) && holds_another(path));
    all.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_optional() {
        for path in [
            "/usr/bin/ldd",
            "/var/cache/fontconfig",
            "/home/me/.cache/fontconfig/a",
            "/usr/share/git-core/templates/hooks",
        ] {
            assert!(is_optional_path(Path::new(path)), "{path}");
        }
        for path in ["/usr/bin/lddtree", "/var/cache", "/data/in.csv"] {
            assert!(!is_optional_path(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn directories_above_a_search_are_known_by_their_way_to_the_root() {
        let found = |listed: &[&str]| {
            let found = above_searches(&listed.iter().map(PathBuf::from).collect(), Path::new("/w/project"));
            found
                .iter()
                .map(|path| path.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&["/", "/a", "/a/b", "/a/b/c", "/d/e"]), ["/", "/a", "/a/b"]);
        assert_eq!(found(&["/", "/w"]), ["/", "/w"], "from the working directory");
        assert_eq!(found(&["/"]), [""; 0], "it was listed itself");
        assert_eq!(found(&["/a", "/a/b", "/a/b/c"]), [""; 0], "a walk through a tree");
        assert_eq!(found(&["/", "/a/b", "/a/b/c"]), [""; 0], "not on the way");
    }
}
