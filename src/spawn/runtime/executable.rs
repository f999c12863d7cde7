//! Checks whether a path leads to a program that this machine can run.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::machine_code::{self, Machine};

/// What kind of program an executable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeFormat {
    /// In the system's own format: ELF, or Mach-O on macOS.
    MachineCode,
    /// A text that begins with `#!`; another program runs it.
    Script,
}

/// A program at its real path.
#[derive(Debug)]
pub(super) struct Executable {
    pub(super) path: PathBuf,
    pub(super) format: RuntimeFormat,
}

/// Why a path is not a runnable program. `real` is known where the file exists: an unfinished install leaves such a
/// file.
#[derive(Debug)]
pub(super) struct NotExecutable {
    pub(super) real: Option<PathBuf>,
    pub(super) reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Missing,
    Unreadable,
    NotAFile,
    NotExecutable,
    OtherMachine,
    NoProgram,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Missing => "does not exist",
            Reason::Unreadable => "cannot be read",
            Reason::NotAFile => "is not a file",
            Reason::NotExecutable => "is not executable",
            Reason::OtherMachine => "is built for another processor",
            Reason::NoProgram => "is not a program",
        })
    }
}

/// Follows every symlink and reads the first bytes.
pub(super) fn inspect(path: &Path) -> Result<Executable, NotExecutable> {
    let real = path.canonicalize().map_err(|error| NotExecutable {
        real: None,
        reason: match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Reason::Missing,
            _ => Reason::Unreadable,
        },
    })?;
    match format_of(&real) {
        Ok(format) => Ok(Executable { path: real, format }),
        Err(reason) => Err(NotExecutable {
            real: Some(real),
            reason,
        }),
    }
}

fn format_of(real: &Path) -> Result<RuntimeFormat, Reason> {
    if !real.is_file() {
        return Err(Reason::NotAFile);
    }
    access(real, Access::EXEC_OK).map_err(|_| Reason::NotExecutable)?;
    let mut head = Vec::with_capacity(machine_code::HEAD);
    File::open(real)
        .and_then(|file| file.take(machine_code::HEAD as u64).read_to_end(&mut head))
        .map_err(|_| Reason::Unreadable)?;
    if head.starts_with(b"#!") {
        return Ok(RuntimeFormat::Script);
    }
    match machine_code::machine(&head) {
        Some(Machine::Own) => Ok(RuntimeFormat::MachineCode),
        Some(Machine::Other) => Err(Reason::OtherMachine),
        None => Err(Reason::NoProgram),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn file(dir: &Path, name: &str, mode: u32, content: &[u8]) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_program_is_found_through_symlinks() {
        let dir = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap().canonicalize().unwrap();
        symlink(&own, dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        let found = inspect(&dir.path().join("b")).unwrap();
        assert_eq!((found.path, found.format), (own, RuntimeFormat::MachineCode));
    }

    #[test]
    fn each_refusal_gives_its_reason() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let other = machine_code::of_another_machine();
        symlink("loop", dir.join("loop")).unwrap();
        for (path, reason) in [
            (dir.join("absent"), Reason::Missing),
            (dir.to_owned(), Reason::NotAFile),
            (file(dir, "plain", 0o644, b"#!/bin/sh\n"), Reason::NotExecutable),
            (file(dir, "text", 0o755, b"echo no"), Reason::NoProgram),
            (file(dir, "empty", 0o755, b""), Reason::NoProgram),
            (file(dir, "other", 0o755, &other), Reason::OtherMachine),
            (dir.join("loop"), Reason::Unreadable),
        ] {
            assert_eq!(
                inspect(&path).map(|found| found.path).unwrap_err().reason,
                reason,
                "{path:?}"
            );
        }
        let script = file(dir, "script", 0o755, b"#!/bin/sh\n");
        assert_eq!(inspect(&script).unwrap().format, RuntimeFormat::Script);
    }
}
