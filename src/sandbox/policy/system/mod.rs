//! System files that are readable whatever the permissions are: without them native addons do not load, text is not
//! drawn and OpenSSL does not start. None of them is a secret.
//!
//! `table`, `libraries` and `cgroup` state for each entry why it is none. An entry that does not exist is skipped.

mod cgroup;
mod libraries;
mod loader_cache;
mod public;
mod table;

use std::path::{Path, PathBuf};

use super::{FileRule, Files, Rights};

/// Whether a dynamic loader is musl's.
pub(super) fn is_of_musl(loader: &Path) -> bool {
    libraries::musl_path_file(loader).is_some()
}

/// Rules for the entries that exist on this machine. `loader` is the runtime's dynamic loader.
pub(super) fn rules(files: &dyn Files, loader: Option<&Path>) -> Vec<FileRule> {
    let real = |path: &Path| files.real(path).ok();
    let of = |entries: &'static [table::Entry]| entries.iter().map(|(path, _)| Path::new(path));
    let mut paths: Vec<PathBuf> = libraries::readable(files, loader);
    paths.extend(loader.and_then(libraries::musl_path_file).and_then(|path| real(&path)));
    paths.extend(of(table::INSTALLED).chain(of(table::FIGURES)).filter_map(real));
    for path in of(table::CONFIGURED).filter_map(real) {
        paths.extend(public::parts(files, &path));
    }
    paths.extend(cgroup::limits(files));
    paths
        .into_iter()
        .map(|path| FileRule {
            path,
            rights: Rights::READ,
        })
        .collect()
}
