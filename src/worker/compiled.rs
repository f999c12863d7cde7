//! The compiled form of the worker file: without parsing, Bun has a process ready in two thirds of the time.
//!
//! Bun takes bytecode for CommonJS modules only, and only together with the text that it was made from. So there are
//! three files: that text, the bytecode, and the main module, which contains the settings and calls the function that
//! the text exports.
//!
//! The decisions behind it: docs/decisions.md#worker-file.

use std::io;
use std::path::{Path, PathBuf};

use super::bundle::{BundleFiles, BundleStore};
use super::directory::{DIRECTORY, Directory, Stamp};
use super::modules::Modules;
use super::render::{HEADER, WorkerSettings, join, literal, render_function};
use super::trust::for_us_to_write;

/// The source of a program for Bun that compiles the code of worker files, examines the entrypoint, and answers on
/// descriptor 3 like the bundler.
pub fn compile_script(entrypoint: Option<&str>) -> String {
    // Strings can always be serialised.
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
    /// The settings in the main module.
    pub settings: WorkerSettings,
}

impl Compiled {
    /// The source of the main module; the text lies beside it under the name `code`.
    fn main(&self, code: &str) -> String {
        let settings = literal(&self.settings);
        format!("{HEADER}\nimport start from \"./{code}\"\nawait start({settings})\n")
    }
}

/// Where the compiled form of a worker file is stored. It is removed with the worker file.
#[derive(Debug, Clone)]
pub struct CompiledLocation {
    working_dir: PathBuf,
    stem: String,
    mode: u32,
}

/// A compiled form that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledCompiled {
    /// The main module.
    pub path: PathBuf,
    files: Vec<(String, Stamp)>,
}

impl CompiledLocation {
    pub(super) fn new(working_dir: &Path, stem: String, mode: u32) -> Self {
        Self {
            working_dir: working_dir.to_owned(),
            stem,
            // Others may be allowed to write the worker file, but nobody checks whether bytecode still matches its
            // text.
            mode: for_us_to_write(mode),
        }
    }

    /// Makes an empty directory for the modules cache beside it.
    pub fn make_modules(&self) -> io::Result<Modules> {
        Modules::make(&self.working_dir, &self.stem)
    }

    /// Stores the files while the worker file exists.
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

    /// Whether the stored files still exist and are the ones that a runtime will find.
    pub fn is_current(&self, form: &InstalledCompiled) -> bool {
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
