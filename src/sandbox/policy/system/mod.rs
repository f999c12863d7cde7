//! What of the system is readable whatever the permissions say: native addons do not load, text is not drawn and OpenSSL does not
//! start without it, and it is nobody's secret.
//!
//! Why each entry is none stands beside it, in `table`, `libraries` and `cgroup`. An entry that is not here is skipped.

mod cgroup;
mod libraries;
mod loader_cache;
mod public;
mod table;

use std::path::{Path, PathBuf};

use super::{FileRule, Files, Rights};

/// Rules for what of it is on this machine. `loader`: the dynamic loader of the runtime.
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
