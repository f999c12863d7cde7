//! `<workingDir>/.toolwarden`, opened and checked to be writable by this user alone; see `trust.rs`. Everything is done
//! relative to the open directory, so the directory that was checked is the one that is used, whatever its path leads
//! to by then.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{
    AtFlags, CWD, Dir, Mode, OFlags, Stat, fchmod, fstat, mkdir, mkdirat, open, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use tempfile::TempPath;

use super::lock;
use super::names::hex;
use super::trust::{FileStatus, is_own_file, is_private_file, judge_directory};
use crate::system;

pub(super) const DIRECTORY: &str = ".toolwarden";
pub(super) const TEMPORARY_PREFIX: &str = ".new-";
/// Letters in the name of a temporary file.
const RANDOM_LETTERS: usize = 8;
/// Larger than any file that is read back.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// The state of a file. The kernel changes `changed` with every change of content, name or mode, and no program can set
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    identity: (u64, u64),
    size: i64,
    mode: u32,
    owner: u32,
    changed: (i64, i64),
}

impl Stamp {
    /// Whether it is the same file, changed or not.
    pub(super) fn is_file_of(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl From<&Stat> for Stamp {
    fn from(stat: &Stat) -> Self {
        Self {
            identity: system::identity(stat),
            size: stat.st_size,
            mode: system::mode(stat),
            owner: stat.st_uid,
            #[allow(
                clippy::useless_conversion,
                clippy::allow_attributes,
                reason = "types differ between targets"
            )]
            changed: (
                stat.st_ctime.into(),
                i64::try_from(stat.st_ctime_nsec).unwrap_or_default(),
            ),
        }
    }
}

/// The open directory.
#[derive(Debug)]
pub(super) struct Directory {
    fd: OwnedFd,
    path: PathBuf,
    identity: (u64, u64),
    /// The file system user of this process, who owns the directory.
    me: u32,
}

impl Directory {
    /// Opens the directory and makes it first where it is missing. `mode` is that of the files that will be in it.
    pub(super) fn make(working_dir: &Path, mode: u32) -> io::Result<Self> {
        let path = working_dir.join(DIRECTORY);
        let made = match mkdir(&path, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error.into()),
        };
        let directory = Self::look(path, made)?;
        if made {
            // Whoever may read the files may enter the directory, whatever the umask is.
            let readers = mode & 0o044;
            let mode = Mode::from_bits_retain((0o700 | readers | (readers >> 2)) as _);
            // Changed through the descriptor: a link that another user put there would be followed.
            system::change_mode(&directory.fd, mode)?;
        }
        Ok(directory)
    }

    /// Opens the directory where it exists.
    pub(super) fn open(working_dir: &Path) -> io::Result<Self> {
        Self::look(working_dir.join(DIRECTORY), false)
    }

    fn look(path: PathBuf, made: bool) -> io::Result<Self> {
        // Opened as a path only, which needs no right to read, so that other users' directories are told from absent
        // ones.
        let me = rustix::process::geteuid().as_raw();
        let flags = system::PATH_ONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match open(&path, flags, Mode::empty()) {
            Ok(fd) => fd,
            // What it is says more than that it cannot be opened.
            Err(error) => {
                if let Ok(stat) = statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW) {
                    judge_directory(&path, FileStatus::from(&stat), me, made)?;
                }
                return Err(error.into());
            }
        };
        let stat = fstat(&fd)?;
        judge_directory(&path, FileStatus::from(&stat), me, made)?;
        Ok(Self {
            fd,
            path,
            identity: system::identity(&stat),
            me,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Distinguishes it from another directory at the same path.
    pub(super) fn identity(&self) -> (u64, u64) {
        self.identity
    }

    pub(super) fn me(&self) -> u32 {
        self.me
    }

    /// The names of all entries. None of our names is invalid UTF-8, so those need not be exact.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut names = Vec::new();
        for entry in Dir::new(openat(&self.fd, ".", flags, Mode::empty())?)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy();
            if name != "." && name != ".." {
                names.push(name.into_owned());
            }
        }
        Ok(names)
    }

    /// The status of the entry itself, not of a link's target.
    pub(super) fn stat(&self, name: &str) -> io::Result<Stat> {
        Ok(statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Opens an entry of any kind for reading. Never blocks, as a pipe or a leased file otherwise could.
    pub(super) fn open_entry(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(openat(&self.fd, name, flags, Mode::empty())?.into())
    }

    /// The content of a file that only this user can have written.
    pub(super) fn read_private(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut file = self.open_entry(name)?;
        let stat = fstat(&file)?;
        if !is_private_file(FileStatus::from(&stat), self.me) || stat.st_size as u64 > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        read_all(&mut file, stat.st_size as u64)
    }

    /// The file's state, if only this user can change it.
    pub(super) fn private(&self, name: &str) -> io::Result<Stamp> {
        let stat = self.stat(name)?;
        if is_private_file(FileStatus::from(&stat), self.me) {
            Ok(Stamp::from(&stat))
        } else {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    /// The file's state, if it is this user's and has this content and, where one is given, this mode.
    pub(super) fn matching(&self, name: &str, content: &[u8], mode: Option<u32>) -> io::Result<Option<Stamp>> {
        let mut file = match self.open_entry(name) {
            Ok(file) => file,
            // Missing, a link, or unreadable by its mode: it is replaced by a new file.
            Err(_) => return Ok(None),
        };
        let stat = fstat(&file)?;
        let found = FileStatus::from(&stat);
        let size = content.len() as u64;
        if !is_own_file(found, self.me) || stat.st_size as u64 != size || mode.is_some_and(|mode| found.mode != mode) {
            return Ok(None);
        }
        Ok((read_all(&mut file, size)? == content).then(|| Stamp::from(&stat)))
    }

    /// Ensures that the file has this content and mode. Another file is replaced, never written to.
    pub(super) fn place(&self, name: &str, content: &[u8], mode: u32) -> io::Result<Stamp> {
        match self.matching(name, content, Some(mode))? {
            Some(stamp) => Ok(stamp),
            None => self.put(name, content, mode),
        }
    }

    /// Writes a new file and renames it to the name, replacing any other.
    pub(super) fn put(&self, name: &str, content: &[u8], mode: u32) -> io::Result<Stamp> {
        let mut temporary = Temporary::new(self)?;
        temporary.file.write_all(content)?;
        let (_, stamp) = temporary.publish(name, mode)?;
        Ok(stamp)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Makes a directory in it that only this user may enter. Fails where the name exists.
    pub(super) fn make_inner(&self, name: &str) -> io::Result<()> {
        Ok(mkdirat(&self.fd, name, Mode::RWXU)?)
    }

    /// Removes a directory in it with its content. Links are removed, not followed.
    pub(super) fn remove_tree(&self, name: &str) -> io::Result<()> {
        // A path to the open directory, whatever its own path leads to by now.
        std::fs::remove_dir_all(system::path_of_open(self.fd.as_fd(), &self.path).join(name))
    }

    /// Removes the directory itself if it is empty.
    pub(super) fn remove_itself(&self) -> io::Result<()> {
        Ok(unlinkat(CWD, &self.path, AtFlags::REMOVEDIR)?)
    }
}

/// Reads a file of this size; one byte more shows that the size is wrong.
fn read_all(file: &mut File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(size + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file without a final name. It is removed when this is dropped, unless it is published.
///
/// Until then its mode is 0, so no tool can open it, not even root's, which has no capabilities: nobody else can lock
/// it. Its lock tells sweepers that the writer lives.
pub(super) struct Temporary<'a> {
    pub(super) file: File,
    /// Removes the temporary name when this is dropped.
    path: TempPath,
    directory: &'a Directory,
}

impl<'a> Temporary<'a> {
    pub(super) fn new(directory: &'a Directory) -> io::Result<Self> {
        // A path to the open directory, whatever its own path leads to by now.
        let place = system::path_of_open(directory.fd.as_fd(), &directory.path);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let make = |path: &Path| -> io::Result<File> {
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            Ok(openat(&directory.fd, name, flags, Mode::empty())?.into())
        };
        let made = tempfile::Builder::new()
            .prefix(&temporary_prefix()?)
            .rand_bytes(RANDOM_LETTERS)
            .make_in(place, make)?;
        let (file, path) = made.into_parts();
        // On a file system without locks there is none.
        let _ = lock::hold(&file);
        Ok(Self { file, path, directory })
    }

    /// Gives it its mode and its name. Fails with "not found" when another manager took it for a dead writer's.
    pub(super) fn publish(self, name: &str, mode: u32) -> io::Result<(File, Stamp)> {
        fchmod(&self.file, Mode::from_bits_retain(mode as _))?;
        let directory = &self.directory.fd;
        let own = self.path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        renameat(directory, own, directory, name)?;
        // It has another name now, under which it stays.
        let _ = self.path.keep();
        let stamp = Stamp::from(&fstat(&self.file)?);
        Ok((self.file, stamp))
    }
}

/// How the names of this process's temporary files begin. When the process is killed while it writes one, the guardian knows by this
/// that nobody will finish the file: its mode keeps an ordinary user from opening it and asking for its lock.
pub(super) fn temporary_prefix() -> io::Result<String> {
    static OF_THIS_PROCESS: OnceLock<String> = OnceLock::new();
    if let Some(prefix) = OF_THIS_PROCESS.get() {
        return Ok(prefix.clone());
    }
    let prefix = format!("{TEMPORARY_PREFIX}{}-", unique()?);
    Ok(OF_THIS_PROCESS.get_or_init(|| prefix).clone())
}

/// 16 hexadecimal digits that no other manager has.
pub(super) fn unique() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    Ok(hex(&bytes))
}
