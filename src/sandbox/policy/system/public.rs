//! The part of a directory that every user of the machine may read: keys are often kept beside certificates.

use std::path::{Path, PathBuf};

use super::super::{Files, Kind};

/// No directory of certificates or configuration comes near this; entries beyond it are not readable.
const MOST_ENTRIES: usize = 8_192;

/// The directory itself where everybody may read all of it, otherwise the parts that everybody may read. Links are not
/// followed, because a rule on a directory does not cover their targets.
pub(super) fn parts(files: &dyn Files, real: &Path) -> Vec<PathBuf> {
    let mut left = MOST_ENTRIES;
    match look(files, real, &mut left) {
        Public::Whole => vec![real.to_path_buf()],
        Public::Parts(parts) => parts,
        Public::Not | Public::NoFile => Vec::new(),
    }
}

enum Public {
    Whole,
    Parts(Vec<PathBuf>),
    Not,
    /// A link, a socket or a device: it does not matter for the directory that contains it.
    NoFile,
}

fn look(files: &dyn Files, path: &Path, left: &mut usize) -> Public {
    if *left == 0 {
        return Public::Not;
    }
    *left -= 1;
    match files.kind(path) {
        Some(Kind::File | Kind::Directory) if files.private(path) => Public::Not,
        Some(Kind::File) => Public::Whole,
        Some(Kind::Directory) => {
            let mut whole = true;
            let mut parts = Vec::new();
            for entry in files.list(path) {
                match look(files, &entry, left) {
                    Public::Whole => parts.push(entry),
                    Public::NoFile => {}
                    Public::Not => whole = false,
                    Public::Parts(of_entry) => {
                        whole = false;
                        parts.extend(of_entry);
                    }
                }
            }
            if whole { Public::Whole } else { Public::Parts(parts) }
        }
        _ => Public::NoFile,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::files::fake::Fake;
    use super::*;

    #[test]
    fn a_directory_without_secrets_is_one_part() {
        let files = Fake::default()
            .file("/etc/ssl/certs/ca.pem")
            .file("/etc/ssl/certs/java/cacerts")
            .link("/etc/ssl/certs/0a.0", "ca.pem");
        let certs = Path::new("/etc/ssl/certs");
        assert_eq!(parts(&files, certs), [certs]);
    }

    #[test]
    fn files_without_permission_for_others_are_left_out_everywhere() {
        let files = Fake::default()
            .file("/c/ca.pem")
            .secret("/c/key.pem")
            .file("/c/deep/a.pem")
            .secret("/c/deep/b/key")
            .file("/c/deep/b/cert")
            .file("/c/plain/x");
        let found = parts(&files, Path::new("/c"));
        assert_eq!(
            found,
            ["/c/ca.pem", "/c/deep/a.pem", "/c/deep/b/cert", "/c/plain"].map(PathBuf::from)
        );
        assert!(parts(&files, Path::new("/c/key.pem")).is_empty());
        assert!(parts(&files, Path::new("/nowhere")).is_empty());
    }

    #[test]
    fn files_that_were_not_examined_are_not_readable() {
        let mut files = Fake::default();
        for number in 0..MOST_ENTRIES {
            files = files.file(&format!("/c/{number:05}"));
        }
        let found = parts(&files, Path::new("/c"));
        assert!(
            !found.contains(&PathBuf::from("/c")) && found.len() < MOST_ENTRIES,
            "{}",
            found.len()
        );
    }
}
