//! Why a process could not be started: the step and the errno, as the child or the host saw them.

use std::fmt;

use crate::sandbox::StepFailure;

/// A start that failed before the program ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpawnFailure {
    /// The system call or step that failed, e.g. "execve", "chdir", "clone".
    pub step: &'static str,
    /// The errno it failed with; 0 where there is none.
    pub errno: i32,
    /// Whether the same start may work a moment later.
    pub retryable: bool,
}

/// Another user can write to the directory of the worker file by now.
pub const WORKER_FILE_OWNER: &str = "finding `.toolwarden` to be this user's alone";
/// The directory of the worker file is another one than the sandbox lets a process read.
pub const WORKER_FILE_PLACE: &str = "finding `.toolwarden` where the sandbox knows it";
/// The worker file was changed or removed, and cannot be written again.
pub const WORKER_FILE_CONTENT: &str = "writing the worker file again";

/// Whether the step concerns the worker file, before there is a process.
pub fn is_of_worker_file(step: &str) -> bool {
    [WORKER_FILE_OWNER, WORKER_FILE_PLACE, WORKER_FILE_CONTENT].contains(&step)
}

impl SpawnFailure {
    /// A process is not started because of a problem with its worker file.
    pub fn of_worker_file(step: &'static str, errno: i32) -> Self {
        Self::system(step, errno)
    }

    /// A failed system call.
    pub(super) fn system(step: &'static str, errno: i32) -> Self {
        Self {
            step,
            errno,
            retryable: is_transient(errno),
        }
    }

    /// The calling thread's last system call failed.
    pub(super) fn last(step: &'static str) -> Self {
        let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
        Self::system(step, errno)
    }

    /// The spawner has ended.
    pub fn closed() -> Self {
        Self::system("closed", libc::ECANCELED)
    }

    /// A step that failed without an errno and will fail again.
    pub fn permanent(step: &'static str) -> Self {
        Self::system(step, 0)
    }
}

impl From<StepFailure> for SpawnFailure {
    fn from((step, errno): StepFailure) -> Self {
        Self::system(step, errno)
    }
}

impl fmt::Display for SpawnFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errno {
            0 => write!(f, "{} failed", self.step),
            errno => write!(f, "{} failed: {}", self.step, std::io::Error::from_raw_os_error(errno)),
        }
    }
}

impl std::error::Error for SpawnFailure {}

/// Whether an errno is a shortage that passes, or a program file that is just being written.
fn is_transient(errno: i32) -> bool {
    matches!(
        errno,
        libc::EAGAIN
            | libc::ENOMEM
            | libc::EMFILE
            | libc::ENFILE
            | libc::ENOBUFS
            | libc::ETXTBSY
            | libc::EINTR
            | libc::EBUSY
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_are_worth_another_attempt() {
        for errno in [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE, libc::ETXTBSY] {
            assert!(SpawnFailure::system("clone", errno).retryable, "{errno}");
        }
    }

    #[test]
    fn a_missing_or_forbidden_program_is_not() {
        for errno in [libc::ENOENT, libc::EACCES, libc::EPERM, libc::ENOEXEC, libc::ENOTDIR, 0] {
            assert!(!SpawnFailure::system("execve", errno).retryable, "{errno}");
        }
    }

    #[test]
    fn the_message_names_step_and_reason() {
        let text = SpawnFailure::system("execve", libc::ENOENT).to_string();
        assert_eq!(text, "execve failed: No such file or directory (os error 2)");
        assert_eq!(SpawnFailure::permanent("closed").to_string(), "closed failed");
    }
}
