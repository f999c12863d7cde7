//! The parent of the host's own cgroup, where the host may make cgroups for its workers.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, getxattr, open, openat, unlinkat};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::text;

/// The extended attribute that systemd sets to "1" on what it delegates; anybody may set it for the same purpose.
const MARK: &str = "user.delegate";

/// A directory of cgroup v2 in which the host may make workers' cgroups.
#[derive(Debug)]
pub struct Delegated {
    directory: OwnedFd,
}

impl Delegated {
    /// The directory, if it has what is needed; it has not been tried yet.
    pub(super) fn open(directory: &Path) -> Option<Arc<Self>> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(directory, flags, Mode::empty()).ok()?;
        let delegated = Self { directory };
        let enabled = delegated.read("cgroup.subtree_control").ok()?;
        text::has_controllers(&enabled).then(|| Arc::new(delegated))
    }

    /// Whether the directory was made for this host: it is marked, or nobody else is in it. Root may make directories
    /// everywhere, also beside a systemd service, and a cgroup there would escape the limits that somebody gave the
    /// service.
    pub(super) fn is_for(&self, path: &Path, own: &OsStr) -> bool {
        let mut mark = [0_u8; 8];
        if getxattr(path, MARK, &mut mark).is_ok_and(|length| &mark[..length] == b"1") {
            return true;
        }
        let Ok(entries) = self.entries() else { return false };
        entries
            .flatten()
            .filter(|entry| entry.file_type() == FileType::Directory)
            .map(|entry| entry.file_name().to_bytes().to_owned())
            .filter(|name| ![b".".as_slice(), b"..", own.as_bytes()].contains(&name.as_slice()))
            .all(|name| std::str::from_utf8(&name).is_ok_and(|name| text::host_of(name).is_some()))
    }

    /// Removes cgroups of hosts that are gone. A cgroup with a process in it cannot be removed, whoever owns it.
    pub(super) fn sweep(&self) {
        for entry in self.entries().into_iter().flatten().flatten() {
            let host = entry.file_name().to_str().ok().and_then(text::host_of);
            if host.is_some_and(is_gone) {
                let _ = unlinkat(&self.directory, entry.file_name(), AtFlags::REMOVEDIR);
            }
        }
    }

    fn entries(&self) -> rustix::io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.directory, ".", flags, Mode::empty()).and_then(Dir::new)
    }

    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    pub(super) fn read(&self, path: &str) -> io::Result<String> {
        let file = openat(&self.directory, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut text = String::new();
        std::fs::File::from(file).read_to_string(&mut text)?;
        Ok(text)
    }

    /// Opens a file that the kernel made; never creates one.
    pub(super) fn open_to_write(&self, path: &str) -> io::Result<OwnedFd> {
        Ok(openat(
            &self.directory,
            path,
            OFlags::WRONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )?)
    }
}

fn is_gone(host: u32) -> bool {
    Pid::from_raw(host.cast_signed()).is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// No process has this id: the kernel assigns none above 2^22.
    const DEAD: u32 = i32::MAX.cast_unsigned();

    fn tree(subtree_control: &str) -> TempDir {
        let tree = TempDir::new().unwrap();
        fs::write(tree.path().join("cgroup.subtree_control"), subtree_control).unwrap();
        tree
    }

    fn directories(tree: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(tree.path()).unwrap().flatten();
        let mut names: Vec<_> = entries
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_directory_without_the_controllers_is_not_delegated() {
        assert!(Delegated::open(tree("cpu memory pids\n").path()).is_some());
        assert!(Delegated::open(tree("memory\n").path()).is_none());
        assert!(Delegated::open(TempDir::new().unwrap().path()).is_none());
        assert!(Delegated::open(Path::new("/nowhere/at/all")).is_none());
    }

    #[test]
    fn a_directory_that_others_are_in_is_not_this_hosts() {
        let tree = tree("memory pids\n");
        let delegated = Delegated::open(tree.path()).unwrap();
        let is_ours = || delegated.is_for(tree.path(), OsStr::new("host"));
        for name in ["host", &text::name(DEAD, 1)] {
            fs::create_dir(tree.path().join(name)).unwrap();
        }
        assert!(is_ours());
        fs::create_dir(tree.path().join("other.service")).unwrap();
        assert!(!is_ours());
        if rustix::fs::setxattr(tree.path(), MARK, b"0", rustix::fs::XattrFlags::empty()).is_ok() {
            assert!(!is_ours());
            rustix::fs::setxattr(tree.path(), MARK, b"1", rustix::fs::XattrFlags::empty()).unwrap();
            assert!(is_ours(), "systemd's mark");
        }
    }

    #[test]
    fn a_cgroup_that_refuses_limits_is_not_used_and_stays_unchanged() {
        let tree = tree("memory pids\n");
        let delegated = Delegated::open(tree.path()).unwrap();
        // A directory made here has none of the kernel's files.
        assert!(!delegated.holds());
        assert_eq!(directories(&tree), [""; 0]);
    }

    #[test]
    fn a_directory_in_which_none_can_be_made_does_not_hold() {
        let tree = tree("memory pids\n");
        let delegated = Delegated::open(tree.path()).unwrap();
        fs::remove_dir_all(tree.path()).unwrap();
        assert!(!delegated.holds());
    }

    #[test]
    fn only_cgroups_of_dead_hosts_are_removed() {
        let tree = tree("memory pids\n");
        let own = std::process::id();
        let used = format!("toolwarden-{DEAD}-2");
        for name in [
            "host",
            &text::name(DEAD, 1),
            &used,
            &text::name(own, 1),
            "toolwarden-other",
        ] {
            fs::create_dir(tree.path().join(name)).unwrap();
        }
        // A directory that is not empty cannot be removed, like a cgroup with a process.
        fs::write(tree.path().join(&used).join("cgroup.procs"), "1").unwrap();
        Delegated::open(tree.path()).unwrap().sweep();
        let mut left = vec![
            "host".to_owned(),
            text::name(own, 1),
            used,
            "toolwarden-other".to_owned(),
        ];
        left.sort();
        assert_eq!(directories(&tree), left);
    }
}
