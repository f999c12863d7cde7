//! Bun's cache of transpiled modules, for the processes of one manager:
//! `.toolwarden/worker-<hash16>-<random16>.modules`.
//!
//! Bun's own cache is in the home directory, which tools with a list of readable paths cannot read. If they could,
//! whoever may write there, a tool of another manager among them, would decide what they run. This cache is written
//! once, by a process that runs no code of the project, and read by the others.

use std::io;
use std::path::{Path, PathBuf};

use super::directory::{DIRECTORY, Directory};
use super::names::{HASH, MODULES, hex};
use super::render::join;

/// The source of a program for Bun that fills the cache.
pub fn transpile_script(entrypoint: Option<&str>) -> String {
    // Strings can always be serialised.
    let entrypoint = serde_json::to_string(&entrypoint).unwrap_or_default();
    let mut source = format!("const entrypoint = {entrypoint}\n");
    for piece in [
        include_str!("template/bundle/answer.mjs"),
        include_str!("template/bundle/modules.mjs"),
    ] {
        join(piece, &mut source);
    }
    source
}

/// The directory; it is removed when this is dropped.
#[derive(Debug)]
pub struct Modules {
    working_dir: PathBuf,
    name: String,
}

impl Modules {
    pub(super) fn make(working_dir: &Path, stem: &str) -> io::Result<Self> {
        let mut random = [0; HASH / 2];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{stem}-{}{MODULES}", hex(&random));
        Directory::open(working_dir)?.make_inner(&name)?;
        Ok(Self {
            working_dir: working_dir.to_owned(),
            name,
        })
    }

    /// Its path.
    pub fn path(&self) -> PathBuf {
        self.working_dir.join(DIRECTORY).join(&self.name)
    }

    /// Whether it exists and is not empty.
    pub fn is_filled(&self) -> bool {
        self.path().read_dir().is_ok_and(|mut entries| entries.next().is_some())
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        if let Ok(directory) = Directory::open(&self.working_dir) {
            // The next manager removes what is left.
            let _ = directory.remove_tree(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{WorkerFile, WorkerSettings, render};
    use super::*;
    use crate::config::Isolation;

    #[test]
    fn the_program_fits_on_a_command_line_and_imports_nothing_statically() {
        let source = transpile_script(Some(&"/\u{e9}".repeat(2048)));
        assert!(source.len() < 128 * 1024, "{}", source.len());
        for line in source.lines() {
            assert!(!line.starts_with("import ") && !line.starts_with("export "), "{line}");
        }
    }

    #[test]
    fn the_cache_is_removed_with_its_owner_and_that_of_a_dead_owner_with_the_next() {
        let project = tempfile::tempdir().expect("a directory");
        let dir = project.path().canonicalize().expect("there");
        let settings = WorkerSettings {
            entrypoint: None,
            project_root: dir.to_string_lossy().into_owned(),
            max_output_size: 1,
            concurrent: 1,
            isolation: Isolation::Call,
            shared_memory: false,
            tools: std::sync::Arc::default(),
            all_in_ring: false,
        };
        let write = || WorkerFile::write(&dir, &render(&settings), 0o600).expect("written");
        let file = write();
        let modules = file.compiled_location().make_modules().expect("made");
        assert!(!modules.is_filled());
        std::fs::create_dir(modules.path().join("deep")).expect("made");
        std::os::unix::fs::symlink("/etc", modules.path().join("link")).expect("linked");
        std::fs::write(modules.path().join("deep/a.pile"), "x").expect("written");
        assert!(modules.is_filled());
        let path = modules.path();
        drop(modules);
        assert!(!path.exists());
        // A killed host drops nothing.
        let left = file.compiled_location().make_modules().expect("made");
        std::fs::write(left.path().join("a.pile"), "x").expect("written");
        let path = left.path();
        std::mem::forget(left);
        drop(file);
        assert!(
            !path.exists() && !dir.join(DIRECTORY).exists(),
            "{:?}",
            dir.join(DIRECTORY).read_dir()
        );
    }
}
