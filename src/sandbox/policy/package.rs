//! The files an entrypoint may import without any flag: its package, and where its packages are installed.
//!
//! The kernel cannot tell a module load from readFile of the same file, so these directories are readable as a whole. A
//! package.json that lies about must not make more readable than a project, so the search for one has bounds.

use std::path::{Path, PathBuf};

use super::{Files, Kind};

/// Directories that everybody's files lie in: a package.json there makes no package.
const SHARED: [&str; 4] = ["/", "/tmp", "/var/tmp", "/dev/shm"];

/// Directories that are nobody's package.
#[derive(Debug)]
pub(super) struct Bounds {
    working_dir: PathBuf,
    home: Option<PathBuf>,
}

impl Bounds {
    pub(super) fn new(files: &dyn Files, working_dir: &Path, home: Option<&Path>) -> Self {
        Bounds {
            working_dir: files.real(working_dir).unwrap_or_else(|_| working_dir.to_path_buf()),
            // HOME=/ is what containers say of users without one.
            home: home
                .map(|home| files.real(home).unwrap_or_else(|_| home.to_path_buf()))
                .filter(|home| home != Path::new("/")),
        }
    }

    /// Whether all below a directory may be one project: not the home directory, a directory above it or one of everybody.
    fn is_project(&self, directory: &Path) -> bool {
        !SHARED.iter().any(|shared| directory == Path::new(shared))
            && !self.home.as_ref().is_some_and(|home| home.starts_with(directory))
    }

    /// Whether a package may begin there: a project that does not hold the working directory.
    fn is_package(&self, directory: &Path) -> bool {
        let holds_working_dir = self.working_dir.starts_with(directory) && self.working_dir != directory;
        self.is_project(directory) && !holds_working_dir
    }
}

/// Everything that is imported from without a flag.
pub(super) fn directories(files: &dyn Files, bounds: &Bounds, entrypoint: &Path) -> Vec<PathBuf> {
    let package = package_directory(files, bounds, entrypoint);
    let mut found = shared_directories(files, bounds, &package);
    // Where nothing else of the package is readable, and where it is a link that leads out of the package.
    let is_project = bounds.is_project(&package);
    found.extend(node_modules(files, &package).filter(|modules| !is_project || !modules.starts_with(&package)));
    // Beside an entrypoint that is in no project may lie anything: the file alone.
    found.push(if is_project { package } else { entrypoint.to_path_buf() });
    found
}

/// Directories above the package in which packages are installed, as far as each is a project's: Bun finds a `node_modules`
/// only in a directory whose names it can list. That shows names, and those are visible anyway.
pub(super) fn listed(files: &dyn Files, bounds: &Bounds, entrypoint: &Path) -> Vec<PathBuf> {
    let package = package_directory(files, bounds, entrypoint);
    package
        .ancestors()
        .filter(|above| bounds.is_project(above) && node_modules(files, above).is_some())
        .map(Path::to_path_buf)
        .collect()
}

/// The directory of the entrypoint's package: the nearest one above it with a package.json, else its own directory. Above
/// the working directory nothing is looked for.
fn package_directory(files: &dyn Files, bounds: &Bounds, entrypoint: &Path) -> PathBuf {
    let own = entrypoint.parent().unwrap_or(Path::new("/"));
    own.ancestors()
        .take_while(|directory| *directory == own || bounds.is_package(directory))
        .find(|directory| files.kind(&directory.join("package.json")) == Some(Kind::File))
        .unwrap_or(own)
        .to_path_buf()
}

/// The packages installed in a directory. A link of that name must lead to a directory of that name: not just anywhere.
fn node_modules(files: &dyn Files, directory: &Path) -> Option<PathBuf> {
    let modules = files.real(&directory.join("node_modules")).ok()?;
    (modules.file_name()? == "node_modules").then_some(modules)
}

/// What lies outside the package and is imported from it all the same: node_modules of the directories above, where
/// workspaces install, and the workspace's own packages that are linked from a node_modules.
fn shared_directories(files: &dyn Files, bounds: &Bounds, package: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut workspace = package.to_path_buf();
    for above in package.ancestors().skip(1) {
        found.extend(node_modules(files, above));
        if bounds.is_project(above) && files.kind(&above.join("package.json")) == Some(Kind::File) {
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
                    && bounds.is_package(&target)
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

#[cfg(test)]
#[path = "package_tests.rs"]
mod tests;
