//! Decides whether a directory or a file under `.toolwarden` may be used: its content is executed with the rights of
//! this process, so it must belong to this user and nobody else may be able to change it. Pure: the facts come from
//! `fstat`, the result is a reason.

use std::io;
use std::path::Path;

use rustix::fs::{FileType, Stat};

use crate::error::hints;
use crate::system;

/// Write permission for the group and for others.
const OTHERS_WRITE: u32 = 0o022;

/// Why a path is not used, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct UntrustedPath {
    pub(super) reason: String,
    pub(super) hint: String,
}

impl UntrustedPath {
    fn because(reason: String, hint: String) -> io::Error {
        io::Error::new(io::ErrorKind::PermissionDenied, Self { reason, hint })
    }

    /// The `UntrustedPath` in an error.
    pub(super) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// The status that the kernel reports for an open directory or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStatus {
    pub(super) kind: FileType,
    pub(super) owner: u32,
    pub(super) mode: u32,
    pub(super) links: u64,
}

impl From<&Stat> for FileStatus {
    fn from(stat: &Stat) -> Self {
        Self {
            kind: FileType::from_raw_mode(stat.st_mode),
            owner: stat.st_uid,
            mode: system::mode(stat) & 0o7777,
            // Its type differs between architectures.
            #[allow(clippy::unnecessary_cast, clippy::allow_attributes, reason = "u32 on arm64")]
            links: stat.st_nlink as u64,
        }
    }
}

/// Judges the directory for user `me`. `made`: this process has just created it.
pub(super) fn judge_directory(path: &Path, found: FileStatus, me: u32, made: bool) -> io::Result<()> {
    let shown = path.display();
    if found.kind != FileType::Directory {
        let reason = format!("{shown} is there and is not a directory");
        return Err(UntrustedPath::because(reason, hints::remove(path)));
    }
    let owner = found.owner;
    if owner != me && made {
        let reason = format!("the file system gives what this process, as user {me}, creates to user {owner}");
        return Err(UntrustedPath::because(reason, hints::OWNERS_NOT_KEPT.to_owned()));
    }
    if owner != me {
        let reason =
            format!("{shown} belongs to user {owner}, who could change what is run from it; this process is user {me}");
        return Err(UntrustedPath::because(reason, hints::of_another_user(path, owner)));
    }
    if found.mode & OTHERS_WRITE != 0 {
        let reason = format!(
            "{shown} may be written by other users (mode {:04o}), who could change what is run from it",
            found.mode
        );
        return Err(UntrustedPath::because(reason, hints::written_by_others(path)));
    }
    Ok(())
}

/// A file with one of our names must have been made by user `me`.
pub(super) fn judge_owner(path: &Path, found: FileStatus, me: u32) -> io::Result<()> {
    if found.owner == me {
        return Ok(());
    }
    let (shown, owner) = (path.display(), found.owner);
    let reason = format!("{shown} belongs to user {owner}, and this process is user {me}");
    Err(UntrustedPath::because(reason, format!("remove {shown}")))
}

/// Whether nobody except this user and root can replace an entry of ours in a directory.
pub(crate) fn keeps_entries(found: FileStatus, me: u32) -> bool {
    /// In a sticky directory only its owner may rename or remove an entry.
    const STICKY: u32 = 0o1000;
    let ours = found.owner == me || found.owner == 0;
    let kept = found.mode & OTHERS_WRITE == 0 || found.mode & STICKY != 0;
    found.kind == FileType::Directory && ours && kept
}

/// Whether user `me` owns the file: a regular file, with this name only.
pub(super) fn is_own_file(found: FileStatus, me: u32) -> bool {
    found.kind == FileType::RegularFile && found.owner == me && found.links == 1
}

/// The same, and no other user may write to it.
pub(super) fn is_private_file(found: FileStatus, me: u32) -> bool {
    is_own_file(found, me) && found.mode & OTHERS_WRITE == 0
}

/// `mode` without write permission for others.
pub(super) const fn for_us_to_write(mode: u32) -> u32 {
    mode & !OTHERS_WRITE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ME: u32 = 1000;

    fn found(kind: FileType, owner: u32, mode: u32, links: u64) -> FileStatus {
        FileStatus {
            kind,
            owner,
            mode,
            links,
        }
    }

    fn kinds() -> impl Strategy<Value = FileType> {
        prop_oneof![
            Just(FileType::Directory),
            Just(FileType::RegularFile),
            Just(FileType::Symlink),
            Just(FileType::Fifo),
            Just(FileType::Socket),
        ]
    }

    #[test]
    fn a_sticky_directory_of_another_user_keeps_nothing() {
        // Its owner may rename and remove every entry.
        let sticky = |owner| found(FileType::Directory, owner, 0o1777, 2);
        assert!(keeps_entries(sticky(0), ME) && keeps_entries(sticky(ME), ME));
        assert!(!keeps_entries(sticky(ME + 1), ME));
    }

    #[test]
    fn every_refusal_names_the_path_and_what_to_do() {
        let path = Path::new("/project/.toolwarden");
        let cases = [
            (
                found(FileType::Symlink, ME, 0o777, 1),
                false,
                "is not a directory",
                "remove",
            ),
            (
                found(FileType::Directory, 0, 0o755, 2),
                false,
                "belongs to user 0",
                "rm -r",
            ),
            (
                found(FileType::Directory, 65534, 0o700, 2),
                true,
                "to user 65534",
                "root_squash",
            ),
            (
                found(FileType::Directory, ME, 0o1770, 2),
                false,
                "mode 1770",
                "chmod go-w",
            ),
            (
                found(FileType::Directory, ME, 0o702, 2),
                false,
                "mode 0702",
                "chmod go-w",
            ),
        ];
        for (found, made, reason, hint) in cases {
            let error = judge_directory(path, found, ME, made).expect_err(reason);
            let distrust = UntrustedPath::of(&error).expect("a distrust");
            assert!(distrust.reason.contains(reason), "{error}");
            assert!(distrust.hint.contains(hint), "{}", distrust.hint);
        }
    }

    proptest! {
        #[test]
        fn a_directory_is_used_only_when_it_is_ours_alone_to_write(
            kind in kinds(), owner in 998_u32..1003, mode in 0_u32..0o10000, made: bool,
        ) {
            let ours = kind == FileType::Directory && owner == ME && mode & 0o022 == 0;
            prop_assert_eq!(judge_directory(Path::new("/p"), found(kind, owner, mode, 2), ME, made).is_ok(), ours);
        }

        #[test]
        fn a_place_keeps_entries_only_when_nobody_else_may_exchange_them(
            kind in kinds(), owner in 0_u32..1003, mode in 0_u32..0o10000,
        ) {
            let found = found(kind, owner, mode, 2);
            let kept = kind == FileType::Directory && [0, ME].contains(&owner) && (mode & 0o022 == 0 || mode & 0o1000 != 0);
            prop_assert_eq!(keeps_entries(found, ME), kept);
        }

        #[test]
        fn a_file_is_used_only_when_nobody_else_can_reach_it(
            kind in kinds(), owner in 998_u32..1003, mode in 0_u32..0o10000, links in 0_u64..4,
        ) {
            let file = found(kind, owner, mode, links);
            let own = kind == FileType::RegularFile && owner == ME && links == 1;
            prop_assert_eq!(is_own_file(file, ME), own);
            prop_assert_eq!(is_private_file(file, ME), own && mode & 0o022 == 0);
            prop_assert_eq!(judge_owner(Path::new("/p"), file, ME).is_ok(), owner == ME);
        }
    }
}
