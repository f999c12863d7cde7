//! `--allow-run`: names become real programs, once, at construction.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::runtime::{LIBRARY_DIRECTORIES, loaded_by};
use super::{FileRule, Files, Rights};

/// A script may name an interpreter that is a script; the kernel follows five of them.
const MAX_INTERPRETERS: usize = 5;

/// The program a name stands for: through PATH, or relative to the working directory when it has a slash.
pub(super) fn resolve(files: &dyn Files, name: &str, working_dir: &Path, path_var: &str) -> Option<PathBuf> {
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

/// What starting one program takes: itself, its loader, and the interpreters its first line leads to.
pub(super) fn needs(files: &dyn Files, program: &Path, path_var: &str) -> BTreeSet<PathBuf> {
    let mut programs = BTreeSet::new();
    let mut todo = vec![program.to_path_buf()];
    while let Some(program) = todo.pop() {
        if programs.len() > MAX_INTERPRETERS * 4 || !programs.insert(program.clone()) {
            continue;
        }
        if let Some(line) = files.interpreter_line(&program) {
            let mut words = line.split_whitespace();
            let interpreter = words.next().unwrap_or_default();
            todo.extend(files.real(Path::new(interpreter)).ok());
            if interpreter.ends_with("/env") {
                let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
                todo.extend(named.and_then(|name| resolve(files, name, Path::new("/"), path_var)));
            }
        }
        programs.extend(loaded_by(files, &program).0);
    }
    programs
}

/// What every program needs: libraries, and /proc, where much of the system is described.
pub(super) fn common_rules(files: &dyn Files) -> Vec<FileRule> {
    LIBRARY_DIRECTORIES
        .iter()
        .chain(&[
            "/proc",
            "/etc/ld.so.preload",
            "/usr/libexec",
            "/etc/passwd",
            "/etc/group",
        ])
        .filter_map(|path| files.real(Path::new(path)).ok())
        .map(|path| FileRule {
            path,
            rights: Rights::READ,
        })
        .collect()
}

/// The directories on PATH: what `--allow-run` without a list may start is read from there.
pub(super) fn path_directories(files: &dyn Files, path_var: &str) -> Vec<PathBuf> {
    path_var
        .split(':')
        .map(Path::new)
        .filter(|directory| directory.is_absolute() && *directory != Path::new("/"))
        .filter_map(|directory| files.real(directory).ok())
        .collect()
}
