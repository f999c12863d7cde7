//! Paths as text: joined and normalised without asking the file system.
//!
//! Links are not followed, so this finds only obvious mistakes; the sandbox checks real paths again.

use std::path::{Component, Path, PathBuf};

/// The path below `base` with `.` and `..` resolved.
pub(super) fn absolute(path: &str, base: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            // The parent of the root is the root.
            Component::ParentDir => drop(tidy.pop()),
            other => tidy.push(other),
        }
    }
    tidy
}

/// A path in comparable form: where it starts, and the names below.
struct Parts<'a> {
    rooted: bool,
    /// The number of `..` at the front of a relative path.
    ups: usize,
    names: Vec<&'a std::ffi::OsStr>,
}

fn parts(path: &str) -> Parts<'_> {
    let mut parts = Parts {
        rooted: false,
        ups: 0,
        names: Vec::new(),
    };
    for component in Path::new(path).components() {
        match component {
            Component::RootDir => parts.rooted = true,
            Component::Normal(name) => parts.names.push(name),
            Component::ParentDir => {
                if parts.names.pop().is_none() && !parts.rooted {
                    parts.ups += 1;
                }
            }
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    parts
}

/// Whether `inner` is `outer` or lies below it, according to the text.
pub(super) fn contains(outer: &str, inner: &str) -> bool {
    let (outer, inner) = (parts(outer), parts(inner));
    match (outer.rooted, inner.rooted) {
        (true, false) => outer.names.is_empty(),
        (false, true) => false,
        _ if outer.ups > inner.ups => outer.names.is_empty(),
        _ => outer.ups == inner.ups && inner.names.starts_with(&outer.names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_tidy() {
        let cases = [
            ("a", "/base/a"),
            (".", "/base"),
            ("./a/../b/", "/base/b"),
            ("../../../x", "/x"),
            ("/x//y/./z", "/x/y/z"),
            ("/../x", "/x"),
        ];
        for (path, expected) in cases {
            assert_eq!(absolute(path, Path::new("/base")), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn containment_of_paths() {
        let inside = [
            ("/data", "/data"),
            ("/data", "/data/x"),
            ("/data/", "/data/./x/../y"),
            ("/", "anything"),
            ("/", "/x"),
            (".", "x/y"),
            (".", "./"),
            ("..", "x"),
            ("../..", "../x"),
            ("a", "./a/b"),
        ];
        for (outer, inner) in inside {
            assert!(contains(outer, inner), "{outer} {inner}");
        }
        let outside = [
            ("/data", "/database"),
            ("/data/x", "/data"),
            ("/data", "/data/../etc"),
            (".", "../x"),
            (".", "/x"),
            ("a", "b"),
            ("../a", "x"),
            ("/data", "data"),
        ];
        for (outer, inner) in outside {
            assert!(!contains(outer, inner), "{outer} {inner}");
        }
    }
}
