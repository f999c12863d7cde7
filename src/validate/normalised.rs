//! Normalises a path by its text alone.

use std::path::{Component, Path, PathBuf};

/// Resolves `.` and `..` like JavaScript's `path.resolve`: a directory before a `..` need not exist.
pub fn normalised(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_and_nothing_is_above_the_root() {
        for (path, plain) in [
            ("/a/./b/../c", "/a/c"),
            ("/../../x", "/x"),
            ("/a/b/..", "/a"),
            ("/", "/"),
            ("/a//b/", "/a/b"),
        ] {
            assert_eq!(normalised(Path::new(path)), Path::new(plain), "{path}");
        }
    }
}
