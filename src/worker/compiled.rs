//! The worker file compiled before it runs: Bun has a process ready in two thirds of the time when there is
//! nothing to parse.
//!
//! Bun takes bytecode for CommonJS modules only, and only together with the text it was made from. So there are three files:
//! that text, the bytecode, and the module that is run, which has the settings and calls what the text gives.

use std::io;
use std::path::{Path, PathBuf};

use super::bundle::{BundleFiles, Shelf};
use super::render::{HEADER, WorkerSettings, join, literal, render_function};
use super::store::{holds, put};

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
pub struct Beside {
    directory: PathBuf,
    stem: String,
    mode: u32,
}

impl Beside {
    pub(super) fn new(directory: &Path, stem: String, mode: u32) -> Self {
        Self {
            directory: directory.to_owned(),
            stem,
            mode,
        }
    }

    /// Puts it there, while the worker file is; the path of the module to be run.
    pub fn put(&self, compiled: &Compiled) -> io::Result<PathBuf> {
        let files = &compiled.files;
        let stem = format!("{}-{}", self.stem, Shelf::hash(files));
        let code = format!("{stem}.js");
        let main = compiled.main(&code);
        let path = self.directory.join(format!("{stem}.mjs"));
        for (path, content) in [
            (&self.directory.join(&code), &files.code[..]),
            (&self.directory.join(format!("{code}.jsc")), &files.bytecode),
            (&path, main.as_bytes()),
        ] {
            if !holds(path, content, Some(self.mode)) {
                put(&self.directory, path, content, self.mode)?;
            }
        }
        Ok(path)
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
