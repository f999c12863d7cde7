//! Keeps the worker file in the project: `<workingDir>/.toolwarden/worker-<hash16>.mjs`.
//!
//! Beside it may lie its compiled form, `worker-<hash16>-<hash16>.mjs`, `.js` and `.js.jsc`, which goes when it goes. The second
//! hash is of that form's own content: managers with other runtimes have another one.
//!
//! Several managers, in threads and in processes, share the directory without a common lock:
//!
//! - The name says the content, and the file gets its name by a rename, so whoever finds it finds it whole.
//! - Beside it lies `worker-<hash16>.lock`. Each manager that uses the file holds a shared lock on it, which the kernel
//!   drops when the process dies. Whoever gets an exclusive one has proof that nobody uses the file, and removes both.
//! - A lock counts only when its path still leads to the locked inode; otherwise its remover was faster: start again.
//! - Anything that vanishes in between shows as "not found", and means that another manager came forward: start again.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::bundle;
use super::compiled::Beside;
use crate::error::{Error, Problem, Result};

pub(super) const DIRECTORY: &str = ".toolwarden";
const IGNORE_FILE: &str = ".gitignore";
const WORKER_PREFIX: &str = "worker-";
const SOURCE: &str = ".mjs";
const LOCK: &str = ".lock";
/// Of the compiled form.
const COMPILED: [&str; 3] = [".mjs", ".js", ".js.jsc"];
/// Digits of a hash in a name.
const HASH: usize = 16;
const TEMPORARY_PREFIX: &str = ".new-";
/// Each lost round means that another manager opened or closed in just that moment.
const ROUNDS: u32 = 1000;

/// The worker file of one manager. When the last user of a file drops it, it is removed.
#[derive(Debug)]
pub struct WorkerFile {
    directory: PathBuf,
    path: PathBuf,
    hash: String,
    mode: u32,
    /// Held, never read. `None` only while dropping.
    lock: Option<File>,
}

impl WorkerFile {
    /// Makes sure that `source` lies in `working_dir` with exactly the permissions `mode`, and removes worker files that
    /// nobody uses any more.
    pub fn write(working_dir: &Path, source: &str, mode: u32) -> Result<WorkerFile> {
        let hash = hex(&Sha256::digest(source.as_bytes()));
        let directory = working_dir.join(DIRECTORY);
        let stem = format!("{WORKER_PREFIX}{}", &hash[..16]);
        let path = directory.join(format!("{stem}.mjs"));
        let mut round = 0;
        let lock = loop {
            round += 1;
            match place(&directory, &stem, &path, source, mode) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && working_dir.is_dir() && round < ROUNDS => {}
                other => break other,
            }
        }
        .map_err(|error| cannot_write(&directory, error))?;
        sweep(&directory, mode);
        Ok(WorkerFile {
            directory,
            path,
            hash,
            mode,
            lock: Some(lock),
        })
    }

    /// Absolute when the working directory was.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hex SHA-256 of the content.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The place of its compiled form.
    pub fn beside(&self) -> Beside {
        let stem = format!("{WORKER_PREFIX}{}", &self.hash[..HASH]);
        Beside::new(&self.directory, stem, self.mode)
    }
}

impl Drop for WorkerFile {
    fn drop(&mut self) {
        let mode = fs::metadata(&self.path).map_or(0o600, |found| found.mode() & 0o777);
        self.lock = None;
        sweep(&self.directory, mode);
    }
}

fn cannot_write(directory: &Path, error: io::Error) -> Box<Error> {
    let message = format!(
        "workingDir: the worker file cannot be written to {}: {error}",
        directory.display()
    );
    let error = Error::config_invalid(vec![Problem::new("workingDir", message)])
        .hint("give a workingDir in which this process may create files")
        .source(error);
    Box::new(error)
}

/// One round of placing the file; gives the shared lock.
fn place(directory: &Path, stem: &str, path: &Path, source: &str, mode: u32) -> io::Result<File> {
    make_directory(directory, mode)?;
    // Locked first: from here on no other manager removes the file or the directory.
    let lock = open_lock(directory, stem, mode)?;
    lock.lock_shared()?;
    if !is_at(&lock, &lock_path(directory, stem)) {
        return Err(io::ErrorKind::NotFound.into());
    }
    if !holds(&directory.join(IGNORE_FILE), "*\n", None) {
        put(directory, &directory.join(IGNORE_FILE), "*\n", mode)?;
    }
    if !holds(path, source, Some(mode)) {
        put(directory, path, source, mode)?;
    }
    Ok(lock)
}

fn make_directory(directory: &Path, mode: u32) -> io::Result<()> {
    match fs::create_dir(directory) {
        Ok(()) => {
            // Whoever may read the files may enter the directory, whatever the umask.
            let readers = mode & 0o044;
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700 | readers | (readers >> 2)))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::symlink_metadata(directory)?.is_dir() {
                Ok(())
            } else {
                Err(io::Error::new(
                    io::ErrorKind::NotADirectory,
                    "it is there and is not a directory",
                ))
            }
        }
        Err(error) => Err(error),
    }
}

pub(super) fn lock_path(directory: &Path, stem: &str) -> PathBuf {
    directory.join(format!("{stem}.lock"))
}

pub(super) fn open_lock(directory: &Path, stem: &str, mode: u32) -> io::Result<File> {
    // Locking needs no more than a descriptor, and a lock made by another user may be readable only.
    let path = lock_path(directory, stem);
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .custom_flags(libc::O_NOFOLLOW)
        .mode(0o600)
        .open(&path);
    match created {
        Ok(lock) => {
            lock.set_permissions(fs::Permissions::from_mode(mode))?;
            Ok(lock)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&path),
        Err(error) => Err(error),
    }
}

pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(held), Ok(found)) => (held.dev(), held.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

/// Whether the file is there, no symlink, with this content and mode. Anything else is put right by [`put`].
pub(super) fn holds(path: &Path, content: impl AsRef<[u8]>, mode: Option<u32>) -> bool {
    let content = content.as_ref();
    let read = || -> io::Result<bool> {
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)?;
        let found = file.metadata()?;
        if !found.is_file() || found.len() != content.len() as u64 || mode.is_some_and(|m| found.mode() & 0o7777 != m) {
            return Ok(false);
        }
        let mut bytes = Vec::with_capacity(content.len());
        file.read_to_end(&mut bytes)?;
        Ok(bytes == content)
    };
    read().unwrap_or(false)
}

/// Writes beside the target and renames over it.
pub(super) fn put(directory: &Path, path: &Path, content: impl AsRef<[u8]>, mode: u32) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .tempfile_in(directory)?;
    // Says to the sweeping of other managers that the writer lives.
    file.as_file().lock_shared()?;
    file.write_all(content.as_ref())?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    file.persist(path).map(drop).map_err(|failed| failed.error)
}

/// Removes what nobody uses, and the directory when nothing is left. Best effort: what one manager cannot remove, the
/// next one tries again.
fn sweep(directory: &Path, mode: u32) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    let names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    for name in &names {
        if name.starts_with(TEMPORARY_PREFIX) {
            remove_temporary(&directory.join(name));
        } else if let Some((stem, _)) = worker_name(name) {
            let of_stem = names
                .iter()
                .filter_map(|name| worker_name(name).filter(|(of, _)| *of == stem));
            let suffixes: Vec<&str> = of_stem
                .map(|(_, suffix)| suffix)
                .filter(|suffix| *suffix != LOCK)
                .collect();
            remove_unused(directory, stem, &suffixes, mode);
        }
    }
    bundle::sweep(directory, mode);
    remove_empty(directory, mode);
}

/// `worker-0123456789abcdef` and what follows it in the names of its files; nothing else in the directory is ours to remove.
fn worker_name(name: &str) -> Option<(&str, &str)> {
    let (stem, suffix) = name.split_at_checked(WORKER_PREFIX.len() + HASH)?;
    is_hash(stem.strip_prefix(WORKER_PREFIX)?).then_some(())?;
    let of_compiled = suffix
        .strip_prefix('-')
        .and_then(|rest| rest.split_at_checked(HASH))
        .is_some_and(|(hash, kind)| is_hash(hash) && COMPILED.contains(&kind));
    (of_compiled || [SOURCE, LOCK].contains(&suffix)).then_some((stem, suffix))
}

pub(super) fn is_hash(text: &str) -> bool {
    text.len() == HASH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Removes `<stem><suffix>` and the lock where nobody holds it.
pub(super) fn remove_unused(directory: &Path, stem: &str, suffixes: &[&str], mode: u32) {
    let Ok(lock) = open_lock(directory, stem, mode) else {
        return;
    };
    if is_unused(&lock) && is_at(&lock, &lock_path(directory, stem)) {
        // The files first: a lock without a file is swept again, and a file without a lock is too.
        for suffix in suffixes {
            let _ = fs::remove_file(directory.join(format!("{stem}{suffix}")));
        }
        let _ = fs::remove_file(lock_path(directory, stem));
    }
}

fn remove_temporary(path: &Path) {
    let Ok(file) = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
    else {
        return;
    };
    // A writer that has not locked yet loses its file here, sees "not found" and starts again.
    if is_unused(&file) && is_at(&file, path) {
        let _ = fs::remove_file(path);
    }
}

fn is_unused(file: &File) -> bool {
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

fn remove_empty(directory: &Path, mode: u32) {
    let ignore_file = directory.join(IGNORE_FILE);
    // Whoever changed the directory last looks once more; so the last of several that close together finds it empty.
    for _ in 0..ROUNDS {
        let Ok(entries) = fs::read_dir(directory) else {
            return;
        };
        if entries.flatten().any(|entry| entry.file_name() != IGNORE_FILE) {
            return;
        }
        let _ = fs::remove_file(&ignore_file);
        if fs::remove_dir(directory).is_ok() {
            return;
        }
        // A manager came in between and may have found the file that is gone now.
        if put(directory, &ignore_file, "*\n", mode).is_err() {
            return;
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
