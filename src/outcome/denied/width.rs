//! Suppresses flags that would allow far more than the refused access.

use std::path::Path;

use super::file::real;
use crate::error::printable;
use crate::sandbox::policy::kernel_file;
use crate::sandbox::{Denial, Permission};

/// Why no flag is named for a refused file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoFlagReason {
    /// No list may contain it, such as the host's environment in /proc.
    Kernel(&'static str),
    /// The flag would have to name `/`, the home directory or a directory above it.
    TooWide,
    /// Its path, which a tool may have made, would be misread: it contains control characters or a flag.
    Misleading,
}

/// Removes a flag that should not be suggested on a tool's word.
pub fn narrow(denial: &mut Denial, home: Option<&Path>) {
    if no_flag_reason(denial, home).is_some() {
        denial.flag.clear();
    }
}

/// Whether a path in a hint would be misread.
pub(super) fn reads_otherwise(path: &str) -> bool {
    printable(path) != path || path.contains("--allow-")
}

/// `denial.flag` is one of Bun's flags, or empty already.
pub(super) fn no_flag_reason(denial: &Denial, home: Option<&Path>) -> Option<NoFlagReason> {
    let write = match denial.permission {
        Permission::Read => false,
        Permission::Write => true,
        Permission::Net | Permission::Run => return None,
    };
    if let Some(why) = kernel_file(&real(Path::new(&denial.resource)), write) {
        return Some(NoFlagReason::Kernel(why));
    }
    let Some((_, listed)) = denial.flag.split_once('=') else {
        return denial.flag.is_empty().then_some(NoFlagReason::TooWide);
    };
    if reads_otherwise(listed) {
        return Some(NoFlagReason::Misleading);
    }
    let listed = real(Path::new(&listed.replace(",,", ",")));
    let around_home = home.is_some_and(|home| real(home).starts_with(&listed));
    (listed == Path::new("/") || around_home).then_some(NoFlagReason::TooWide)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(permission: Permission, path: &str) -> String {
        let mut denial = Denial::new(permission, path.to_owned(), 0);
        narrow(&mut denial, Some(Path::new("/home/me")));
        denial.flag
    }

    #[test]
    fn the_root_and_the_home_directory_are_not_named() {
        for permission in [Permission::Read, Permission::Write] {
            for wide in ["/", "/home", "/home/me", "/home/me/", "/proc/self/environ"] {
                assert_eq!(flag(permission, wide), "", "{wide}");
            }
            for narrow in ["/home/me/data", "/home/mel", "/etc/hostname", "/a,b"] {
                assert_ne!(flag(permission, narrow), "", "{narrow}");
            }
        }
        assert_eq!(flag(Permission::Net, "a.test"), "--allow-net=a.test");
    }

    #[test]
    fn a_link_is_as_wide_as_its_target() {
        let made = tempfile::tempdir().expect("a directory");
        let link = made.path().join("everything");
        std::os::unix::fs::symlink("/", &link).expect("linked");
        assert_eq!(flag(Permission::Read, &link.to_string_lossy()), "");
    }

    #[test]
    fn a_path_that_reads_as_something_else_is_not_named() {
        for path in ["/tmp/a\nhint: x", "/tmp/\u{1b}[2J", "/tmp/a --allow-all"] {
            assert_eq!(flag(Permission::Write, path), "", "{path:?}");
        }
    }

    #[test]
    fn an_access_that_needs_every_file_keeps_its_flag() {
        let mut denial = Denial {
            resource: "/tmp/x".to_owned(),
            ..Denial::new(Permission::Write, String::new(), 0)
        };
        narrow(&mut denial, None);
        assert_eq!(denial.flag, "--allow-write");
    }
}
