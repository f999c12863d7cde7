//! The files that a runtime needs before it runs any user code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{FileRule, Files, Rights, system};

/// Where loaders search when the program names no directory.
pub(super) const LIBRARY_DIRECTORIES: &[&str] = &[
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
];

/// Devices that runtimes read; the same for everybody.
const DEVICES: &[&str] = &["/dev/zero", "/dev/urandom", "/dev/random"];

/// The files of name resolution that are not part of the always readable system files.
const NETWORK: &[&str] = &[
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
];

/// The program, its loader and libraries, and the always readable system files.
pub(super) fn rules(files: &dyn Files, binary: &Path) -> Vec<FileRule> {
    let mut rules = vec![FileRule {
        path: binary.to_path_buf(),
        rights: Rights::EXECUTE,
    }];
    let (loader, libraries) = loaded_by(files, binary);
    rules.extend(system::rules(files, loader.as_deref()));
    rules.extend(loader.map(|path| FileRule {
        path,
        rights: Rights::EXECUTE,
    }));
    rules.extend(libraries.into_iter().map(|path| FileRule {
        path,
        rights: Rights::READ,
    }));
    rules.extend(existing(files, DEVICES));
    if let Ok(path) = files.real(Path::new("/dev/null")) {
        rules.push(FileRule {
            path,
            rights: Rights::READ_WRITE,
        });
    }
    rules
}

/// Whether the program is linked against musl.
pub(super) fn is_of_musl(files: &dyn Files, binary: &Path) -> bool {
    let interpreter = files.elf(binary).and_then(|elf| elf.interpreter);
    interpreter.is_some_and(|loader| system::is_of_musl(&loader))
}

/// What name resolution reads. The C library's resolver modules count as libraries.
pub(super) fn network_rules(files: &dyn Files) -> Vec<FileRule> {
    existing(files, NETWORK)
}

/// Rules for those paths that exist.
pub(super) fn existing(files: &dyn Files, paths: &[&str]) -> Vec<FileRule> {
    paths
        .iter()
        .filter_map(|path| files.real(Path::new(path)).ok())
        .map(|path| FileRule {
            path,
            rights: Rights::READ,
        })
        .collect()
}

/// The loader, and every library that the program and its libraries name.
pub(super) fn loaded_by(files: &dyn Files, binary: &Path) -> (Option<PathBuf>, BTreeSet<PathBuf>) {
    let mut found = BTreeSet::new();
    let mut todo = vec![binary.to_path_buf()];
    let mut loader = None;
    let mut search: Vec<PathBuf> = Vec::new();
    while let Some(object) = todo.pop() {
        let Some(elf) = files.elf(&object) else {
            continue;
        };
        if loader.is_none() {
            loader = elf.interpreter.as_deref().and_then(|path| files.real(path).ok());
        }
        let origin = object.parent().unwrap_or(Path::new("/"));
        for directory in &elf.search {
            let named = PathBuf::from(directory.replace("$ORIGIN", &origin.to_string_lossy()));
            search.push(named);
        }
        let beside_loader = loader.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        for name in &elf.needed {
            let places = search
                .iter()
                .cloned()
                .chain(beside_loader.clone())
                .chain(LIBRARY_DIRECTORIES.iter().map(PathBuf::from));
            // Every copy that the loader might choose: its choice depends on its cache and the CPU.
            for path in places.filter_map(|place| files.real(&place.join(name)).ok()) {
                if Some(&path) != loader.as_ref() && found.insert(path.clone()) {
                    todo.push(path);
                }
            }
        }
    }
    (loader, found)
}
