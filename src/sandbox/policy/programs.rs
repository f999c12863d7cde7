//! `--allow-run`: names are resolved to real programs, once, at construction.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::runtime::{LIBRARY_DIRECTORIES, loaded_by};
use super::{FileRule, Files, Rights, machine};

/// A script's interpreter may be a script; the kernel follows five of them.
const MAX_INTERPRETERS: usize = 5;

/// The program that a name means: looked up in PATH, or relative to the working directory when it has a slash.
pub(in super::super) fn resolve(files: &dyn Files, name: &str, working_dir: &Path, path_var: &str) -> Option<PathBuf> {
    if name.contains('/') {
        let path = working_dir.join(name);
        return files.executable(&path).then(|| files.real(&path).ok())?;
    }
    path_var
        .split(':')
        .filter(|directory| Path::new(directory).is_absolute())
        .map(|directory| Path::new(directory).join(name))
        .find(|path| files.executable(path))
        .and_then(|path| files.real(&path).ok())
}

/// The programs that starting one executes: itself, and the interpreters that its first line leads to. The kernel
/// allows or refuses an interpreter whatever it is given to read, so whoever may run a script may run its interpreter.
pub(in super::super) fn started_by(files: &dyn Files, program: &Path, path_var: &str) -> Vec<PathBuf> {
    let mut programs: Vec<PathBuf> = Vec::new();
    let mut todo = vec![program.to_path_buf()];
    while let Some(program) = todo.pop() {
        if programs.len() > MAX_INTERPRETERS * 2 || programs.contains(&program) {
            continue;
        }
        if let Some(line) = files.interpreter_line(&program) {
            let mut words = line.split_whitespace();
            let interpreter = words.next().unwrap_or_default();
            if interpreter.ends_with("/env") {
                let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
                todo.extend(named.and_then(|name| resolve(files, name, Path::new("/"), path_var)));
            }
            todo.extend(files.real(Path::new(interpreter)).ok());
        }
        programs.push(program);
    }
    programs
}

/// The loaders of these programs, which start with them.
pub(super) fn loaders(files: &dyn Files, programs: &[PathBuf]) -> BTreeSet<PathBuf> {
    programs
        .iter()
        .filter_map(|program| loaded_by(files, program).0)
        .collect()
}

/// What every program needs: libraries, and the entries of /proc about the machine. The supervisor opens entries of the
/// worker's own processes for it, because they do not exist yet.
pub(super) fn common_rules(files: &dyn Files) -> Vec<FileRule> {
    LIBRARY_DIRECTORIES
        .iter()
        .chain(&["/etc/ld.so.preload", "/usr/libexec", "/etc/passwd", "/etc/group"])
        .filter_map(|path| files.real(Path::new(path)).ok())
        .map(|path| FileRule {
            path,
            rights: Rights::READ,
        })
        .chain(machine::proc_rules(files))
        .collect()
}

/// The directories on PATH, from which `--allow-run` without a list may start programs.
pub(super) fn path_directories(files: &dyn Files, path_var: &str) -> Vec<PathBuf> {
    path_var
        .split(':')
        .map(Path::new)
        .filter(|directory| directory.is_absolute() && *directory != Path::new("/"))
        .filter_map(|directory| files.real(directory).ok())
        .collect()
}
