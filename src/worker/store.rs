//! Stores the worker file in the project, `<workingDir>/.toolwarden/worker-<hash16>.mjs`, or in a directory of this user's
//! own when the project cannot be written: `private_home.rs`.
//!
//! Its compiled form may lie beside it, `worker-<hash16>-<hash16>.mjs`, `.js` and `.js.jsc`, and is removed with it.
//! The second hash is of the compiled form's content, because managers with other runtimes have another one.
//!
//! Several managers, in threads and in processes, share the directory without a common lock, and none waits for
//! another:
//!
//! - The directory is this user's, and nobody else may write to it: `trust.rs`. So its files are what this user's
//!   managers wrote.
//! - A file's name contains the hash of its content, and a file gets its name by a rename, so a file is always
//!   complete.
//! - Each manager that uses the file has a claim beside it: `claim.rs`. A file without a claim is removed when a
//!   manager opens or closes.
//! - Right before a process is started the file is checked, and written again where it was changed or removed: by a
//!   manager that swept at that moment, by `git clean`, or by a tool that may write here.
//! - A file that vanishes in between is reported as "not found". It means that another manager was faster, so the step
//!   starts again.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::claim::Claim;
use super::compiled::CompiledLocation;
#[cfg(not(portable))]
use super::dead_host_cleanup::DeadHostCleanup;
#[cfg(not(portable))]
use super::directory::unique;
use super::directory::{DIRECTORY, Directory, Stamp};
use super::names::{HASH, IGNORE_FILE, IGNORED, WORKER_PREFIX, hex};
use super::private_home;
use super::sweep::{judge_entries, sweep};
use super::trust::UntrustedPath;
use crate::error::{Error, Problem, Result, descriptors, hints};

/// Each failed round means that another manager opened or closed at that moment.
const ROUNDS: u32 = 1000;

/// The worker file of one manager. It is removed when its last user drops it.
#[derive(Debug)]
pub struct WorkerFile {
    /// The directory that `.toolwarden` is in: the project, or a private one.
    home: PathBuf,
    private: bool,
    path: PathBuf,
    hash: String,
    mode: u32,
    /// `None` only while dropping.
    placed: Option<WrittenFile>,
}

/// Where the file was found last.
#[derive(Debug)]
struct WrittenFile {
    directory: (u64, u64),
    stamp: Stamp,
    claim: Claim,
}

/// What a process that outlives the host would remove; there is no such process here.
#[cfg(portable)]
#[derive(Debug)]
pub enum DeadHostCleanup {}

impl WorkerFile {
    /// Ensures that `source` is in `working_dir` with exactly the permissions `mode`, and removes worker files that
    /// nobody uses any more.
    pub fn write(working_dir: &Path, source: &str, mode: u32) -> Result<WorkerFile> {
        Self::write_or_elsewhere(working_dir, &[], source, mode)
    }

    /// The same, and where this process may not write there, in the first of the places in which a directory of this
    /// user's own can be made: the `named` ones and the usual ones.
    pub fn write_at_home(working_dir: &Path, named: &[&Path], source: &str, mode: u32) -> Result<WorkerFile> {
        Self::write_or_elsewhere(
            working_dir,
            &private_home::candidates(named.iter().copied()),
            source,
            mode,
        )
    }

    fn write_or_elsewhere(working_dir: &Path, elsewhere: &[PathBuf], source: &str, mode: u32) -> Result<WorkerFile> {
        let refused = match Self::write_to(working_dir, false, source, mode) {
            Ok(file) => return Ok(file),
            Err(error) => error,
        };
        if private_home::helps(&refused) {
            let mut written = elsewhere.iter().map(|home| Self::write_to(home, true, source, mode));
            if let Some(file) = written.find_map(io::Result::ok) {
                return Ok(file);
            }
        }
        Err(cannot_write(&working_dir.join(DIRECTORY), refused))
    }

    fn write_to(home: &Path, private: bool, source: &str, mode: u32) -> io::Result<WorkerFile> {
        let hash = hex(&Sha256::digest(source.as_bytes()));
        let path = home.join(DIRECTORY).join(format!("{}.mjs", stem(&hash)));
        let mut file = WorkerFile {
            home: home.to_owned(),
            private,
            path,
            hash,
            mode,
            placed: None,
        };
        file.placed = Some(file.place(source)?);
        sweep(&Directory::open(home)?, mode);
        Ok(file)
    }

    /// The directory that `.toolwarden` is in.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Absolute when the working directory was.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hex SHA-256 of the content.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Where its compiled form is stored.
    pub fn compiled_location(&self) -> CompiledLocation {
        CompiledLocation::new(&self.home, stem(&self.hash), self.mode)
    }

    /// What must be removed when the host is killed. `None` where the file is missing.
    #[cfg(not(portable))]
    pub fn dead_host_cleanup(&self) -> Option<DeadHostCleanup> {
        let claim = &self.placed.as_ref()?.claim;
        let directory = self.home.join(DIRECTORY);
        let user = rustix::process::geteuid().as_raw();
        DeadHostCleanup::new(&directory, &stem(&self.hash), claim.name(), &unique().ok()?, user)
    }

    /// What must be removed when the host is killed: the next manager of the directory does that.
    #[cfg(portable)]
    pub fn dead_host_cleanup(&self) -> Option<DeadHostCleanup> {
        None
    }

    /// The path of its claim.
    #[cfg(all(test, not(portable)))]
    pub(super) fn claim_path(&self) -> Option<PathBuf> {
        let placed = self.placed.as_ref()?;
        Some(self.home.join(DIRECTORY).join(placed.claim.name()))
    }

    /// Checks that the file that a runtime will find is the one that was written, and writes it again where it is not.
    /// Another directory at the same path is used only with `elsewhere`, because a sandbox may know the former one
    /// only. True where the file was written again, with a new claim.
    pub fn check(&mut self, source: impl FnOnce() -> String, elsewhere: bool) -> io::Result<bool> {
        let Some(placed) = &self.placed else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let directory = match Directory::open(&self.home) {
            Ok(directory) => Some(directory),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let same = directory.filter(|directory| directory.identity() == placed.directory);
        match &same {
            Some(directory) => {
                let found = directory.stat(&self.name());
                if found.is_ok_and(|stat| Stamp::from(&stat) == placed.stamp) {
                    return Ok(false);
                }
            }
            None if elsewhere => {}
            None => return Err(io::Error::from_raw_os_error(libc::ESTALE)),
        }
        self.placed = Some(self.place(&source())?);
        Ok(true)
    }

    fn name(&self) -> String {
        format!("{}.mjs", stem(&self.hash))
    }

    fn place(&self, source: &str) -> io::Result<WrittenFile> {
        let mut round = 0;
        loop {
            round += 1;
            match self.try_place(source) {
                Err(error)
                    if error.kind() == io::ErrorKind::NotFound
                        && (self.private || self.home.is_dir())
                        && round < ROUNDS => {}
                other => return other,
            }
        }
    }

    fn try_place(&self, source: &str) -> io::Result<WrittenFile> {
        if self.private {
            private_home::make(&self.home)?;
        }
        let directory = Directory::make(&self.home, self.mode)?;
        judge_entries(&directory)?;
        // Claimed first: from here on no other manager removes the file or the directory.
        let claim = Claim::for_use(&directory, &stem(&self.hash), self.mode)?;
        if directory.matching(IGNORE_FILE, IGNORED, None)?.is_none() {
            directory.put(IGNORE_FILE, IGNORED, self.mode)?;
        }
        let stamp = directory.place(&self.name(), source.as_bytes(), self.mode)?;
        Ok(WrittenFile {
            directory: directory.identity(),
            stamp,
            claim,
        })
    }
}

impl Drop for WorkerFile {
    fn drop(&mut self) {
        drop(self.placed.take().map(|placed| placed.claim));
        if let Ok(directory) = Directory::open(&self.home) {
            sweep(&directory, self.mode);
        }
        if self.private {
            // Fails while something is in it.
            let _ = std::fs::remove_dir(&self.home);
        }
    }
}

fn stem(hash: &str) -> String {
    format!("{WORKER_PREFIX}{}", &hash[..HASH])
}

fn cannot_write(directory: &Path, error: io::Error) -> Box<Error> {
    let what = format!("the worker file cannot be written to {}: {error}", directory.display());
    let hint = match (UntrustedPath::of(&error), error.raw_os_error()) {
        (Some(distrust), _) => distrust.hint.clone(),
        (None, Some(errno)) if descriptors::is_shortage(errno) => {
            let what = format!("the worker file cannot be written to {}", directory.display());
            return Box::new(descriptors::shortage(&what, errno));
        }
        (None, Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG)) => hints::WORKING_DIR_FULL.to_owned(),
        (None, _) => hints::WORKING_DIR_READ_ONLY.to_owned(),
    };
    let problem = Problem::new("workingDir", format!("workingDir: {what}"));
    Box::new(Error::config_invalid(vec![problem]).hint(hint).source(error))
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
