//! The files that an entrypoint may import without any flag: its package, and where its packages are installed.
//!
//! The kernel cannot tell a module load from readFile of the same file, so these directories are readable as a whole. A
//! stray package.json must not make more readable than a project, so the search for one is bounded.

use std::path::{Path, PathBuf};

use super::{Files, Kind};

/// Directories that are shared by everybody: a package.json there does not make a package.
const SHARED: [&str; 4] = ["/", "/tmp", "/var/tmp", "/dev/shm"];

/// Directories that are not a package of anybody.
#[derive(Debug)]
pub(super) struct Bounds {
    working_dir: PathBuf,
    home: Option<PathBuf>,
}

impl Bounds {
    pub(super) fn new(files: &dyn Files, working_dir: &Path, home: Option<&Path>) -> Self {
        Bounds {
            working_dir: files.real(working_dir).unwrap_or_else(|_| working_dir.to_path_buf()),
            // Containers set HOME=/ for users without a home.
            home: home
                .map(|home| files.real(home).unwrap_or_else(|_| home.to_path_buf()))
                .filter(|home| home != Path::new("/")),
        }
    }

    /// Whether everything below a directory may be one project: it is not the home directory, a directory above it or a
    /// shared one.
    fn is_project(&self, directory: &Path) -> bool {
        !SHARED.iter().any(|shared| directory == Path::new(shared))
            && !self.home.as_ref().is_some_and(|home| home.starts_with(directory))
    }

    /// Whether a package may begin there: a project that does not contain the working directory.
    fn is_package(&self, directory: &Path) -> bool {
        let holds_working_dir = self.working_dir.starts_with(directory) && self.working_dir != directory;
        self.is_project(directory) && !holds_working_dir
    }
}

/// All directories from which imports need no flag.
pub(super) fn directories(files: &dyn Files, bounds: &Bounds, entrypoint: &Path) -> Vec<PathBuf> {
    let package = package_directory(files, bounds, entrypoint);
    let mut found = shared_directories(files, bounds, &package);
    // The package, unless it is no project; node_modules may be a link that leads out of the package.
    let is_project = bounds.is_project(&package);
    found.extend(node_modules(files, &package).filter(|modules| !is_project || !modules.starts_with(&package)));
    // Any file may lie beside an entrypoint that is in no project, so the entrypoint alone is readable.
    found.push(if is_project { package } else { entrypoint.to_path_buf() });
    found
}

/// The package's directory, the directories above it in which packages are installed, and those that links to them lead
/// to, as far as each is a project. Bun finds a `node_modules` only in a directory whose names it can list. Listing
/// shows names, which are visible anyway.
pub(super) fn listed(files: &dyn Files, bounds: &Bounds, entrypoint: &Path) -> Vec<PathBuf> {
    let package = package_directory(files, bounds, entrypoint);
    let installed = package
        .ancestors()
        .filter_map(|above| Some((above, node_modules(files, above)?)));
    let around =
        installed.flat_map(|(above, modules)| [Some(above.to_path_buf()), modules.parent().map(Path::to_path_buf)]);
    let mut listed: Vec<PathBuf> = around.flatten().filter(|above| bounds.is_project(above)).collect();
    listed.sort();
    listed.dedup();
    listed
}

/// The directory of the entrypoint's package: the nearest one with a package.json, otherwise the entrypoint's own. The
/// search does not go above the working directory.
fn package_directory(files: &dyn Files, bounds: &Bounds, entrypoint: &Path) -> PathBuf {
    let own = entrypoint.parent().unwrap_or(Path::new("/"));
    own.ancestors()
        .take_while(|directory| *directory == own || bounds.is_package(directory))
        .find(|directory| files.kind(&directory.join("package.json")) == Some(Kind::File))
        .unwrap_or(own)
        .to_path_buf()
}

/// The packages installed in a directory. A link named node_modules must lead to a directory of that name.
fn node_modules(files: &dyn Files, directory: &Path) -> Option<PathBuf> {
    let modules = files.real(&directory.join("node_modules")).ok()?;
    (modules.file_name()? == "node_modules").then_some(modules)
}

/// Directories outside the package that are imported from nevertheless: node_modules of the directories above, where
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
                // Follows links only into the workspace, whoever made them.
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
