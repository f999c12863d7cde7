//! The worker file compiled before it runs: Bun has a process ready in two thirds of the time when there is
//! nothing to parse.
//!
//! Bun takes bytecode for CommonJS modules only, and only together with the text it was made from. So there are three files:
//! that text, the bytecode, and the module that is run, which has the settings and calls what the text gives.

use std::io;
use std::path::{Path, PathBuf};

use super::bundle::{BundleFiles, BundleStore};
use super::directory::{DIRECTORY, Directory, Stamp};
use super::modules::Modules;
use super::render::{HEADER, WorkerSettings, join, literal, render_function};
use super::trust::for_us_to_write;

/// Source of a program for Bun that compiles the code of worker files, looks at the entrypoint, and answers on descriptor 3, as
/// the bundler does.
pub fn compile_script(entrypoint: Option<&str>) -> String {
    // Strings: nothing here can refuse to be written.
    let code = serde_json::to_string(&render_function()).unwrap_or_default();
    let entrypoint = serde_json::to_string(&entrypoint).unwrap_or_default();
    let mut source = format!("const code = {code}\nconst entrypoint = {entrypoint}\n");
    for piece in [
        include_str!("template/bundle/answer.mjs"),
        include_str!("template/bundle/compile.mjs"),
    ] {
        join(piece, &mut source);
    }
    source
}

/// A worker file in its compiled form.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The text and its bytecode.
    pub files: BundleFiles,
    /// What the module that is run is told.
    pub settings: WorkerSettings,
}

impl Compiled {
    /// The module that is run, where the text lies beside it as `code`.
    fn main(&self, code: &str) -> String {
        let settings = literal(&self.settings);
        format!("{HEADER}\nimport start from \"./{code}\"\nawait start({settings})\n")
    }
}

/// Where the compiled form of a worker file lies. What is put there goes with the worker file.
#[derive(Debug, Clone)]
pub struct CompiledLocation {
    working_dir: PathBuf,
    stem: String,
    mode: u32,
}

/// A compiled form that was put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledCompiled {
    /// The module to be run.
    pub path: PathBuf,
    files: Vec<(String, Stamp)>,
}

impl CompiledLocation {
    pub(super) fn new(working_dir: &Path, stem: String, mode: u32) -> Self {
        Self {
            working_dir: working_dir.to_owned(),
            stem,
            // Others may be allowed to write the worker file; nobody looks whether bytecode is what was compiled.
            mode: for_us_to_write(mode),
        }
    }

    /// An empty directory for the modules that go with it.
    pub fn make_modules(&self) -> io::Result<Modules> {
        Modules::make(&self.working_dir, &self.stem)
    }

    /// Puts it there, while the worker file is.
    pub fn put(&self, compiled: &Compiled) -> io::Result<InstalledCompiled> {
        let directory = Directory::open(&self.working_dir)?;
        let files = &compiled.files;
        let stem = format!("{}-{}", self.stem, BundleStore::hash(files));
        let code = format!("{stem}.js");
        let main = compiled.main(&code);
        let name = format!("{stem}.mjs");
        let path = self.working_dir.join(DIRECTORY).join(&name);
        let mut in_place = Vec::new();
        for (name, content) in [
            (code.clone(), &files.code[..]),
            (format!("{code}.jsc"), &files.bytecode),
            (name, main.as_bytes()),
        ] {
            let stamp = directory.place(&name, content, self.mode)?;
            in_place.push((name, stamp));
        }
        Ok(InstalledCompiled { path, files: in_place })
    }

    /// Whether what was put there still is, and is what a runtime will find.
    pub fn holds(&self, form: &InstalledCompiled) -> bool {
        Directory::open(&self.working_dir).is_ok_and(|directory| {
            let mut files = form.files.iter();
            files.all(|(name, stamp)| directory.private(name).is_ok_and(|found| found == *stamp))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux takes no longer argument.
    const LONGEST_ARGUMENT: usize = 128 * 1024;

    #[test]
    fn the_program_fits_on_a_command_line_and_imports_nothing_statically() {
        let source = compile_script(Some(&"/\u{e9}".repeat(2048)));
        assert!(source.len() < LONGEST_ARGUMENT, "{}", source.len());
        for line in source.lines() {
            assert!(!line.starts_with("import ") && !line.starts_with("export "), "{line}");
        }
    }
}
