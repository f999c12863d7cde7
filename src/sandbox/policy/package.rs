//! The files an entrypoint may import without any flag: its package, and where its packages are installed.
//!
//! The kernel cannot tell a module load from readFile of the same file, so these directories are readable as a whole.

use std::path::{Path, PathBuf};

use super::{Files, Kind};

/// The directory of the entrypoint's package: the nearest one above it with a package.json, else its own directory.
pub(super) fn package_directory(files: &dyn Files, entrypoint: &Path) -> PathBuf {
    let own = entrypoint.parent().unwrap_or(Path::new("/"));
    own.ancestors()
        .filter(|directory| *directory != Path::new("/"))
        .find(|directory| files.kind(&directory.join("package.json")) == Some(Kind::File))
        .unwrap_or(own)
        .to_path_buf()
}

/// What lies outside the package and is imported from it all the same: node_modules of the directories above, where
/// workspaces install, and the workspace's own packages that are linked from a node_modules.
pub(super) fn shared_directories(files: &dyn Files, package: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut workspace = package.to_path_buf();
    for above in package.ancestors().skip(1) {
        if let Ok(modules) = files.real(&above.join("node_modules")) {
            found.push(modules);
        }
        if above != Path::new("/") && files.kind(&above.join("package.json")) == Some(Kind::File) {
            workspace = above.to_path_buf();
        }
    }
    let mut installed = vec![package.join("node_modules")];
    installed.extend(found.iter().cloned());
    for modules in installed {
        for entry in files.list(&modules) {
            let scoped = entry
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with('@'));
            let entries = if scoped { files.list(&entry) } else { vec![entry] };
            for link in entries.iter().filter(|entry| files.kind(entry) == Some(Kind::Symlink)) {
                // Only into the workspace: a link that leads elsewhere is not ours to follow, whoever made it.
                if let Ok(target) = files.real(link)
                    && target.starts_with(&workspace)
                    && target != workspace
                    && !found.iter().any(|path| target.starts_with(path))
                    && !target.starts_with(package)
                    && files.kind(&target.join("package.json")) == Some(Kind::File)
                {
                    found.push(target);
                }
            }
        }
    }
    found
}
