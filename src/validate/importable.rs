//! Rejects paths that a runtime cannot import from, before a process fails on them with a less helpful message.
//!
//! Both runtimes turn paths into URLs and back. Node rejects a backslash in one; Bun takes it for a slash, and takes
//! `?` for the beginning of a query.

use super::{Entrypoint, WorkingDir};
use crate::config::RuntimeType;
use crate::error::{Error, Problem, Result, hints};

/// The character that keeps this runtime from importing the file.
fn obstacle(path: &str, runtime: RuntimeType) -> Option<char> {
    path.chars()
        .find(|letter| *letter == '\\' || (*letter == '?' && runtime == RuntimeType::Bun))
}

/// Rejects a project whose files the runtime cannot import. The worker file is in the working directory.
pub fn check_importable(working_dir: &WorkingDir, entrypoint: &Entrypoint, runtime: RuntimeType) -> Result<()> {
    let name = match runtime {
        RuntimeType::Bun => "Bun",
        RuntimeType::Node => "Node",
    };
    let paths = [
        ("workingDir", Some(working_dir.as_str())),
        ("entrypointPath", entrypoint.as_str()),
    ];
    let problem = paths.into_iter().find_map(|(field, path)| {
        let path = path?;
        let letter = obstacle(path, runtime)?;
        let shown = path.escape_debug();
        let message = format!("`{field}` is \"{shown}\": {name} cannot import files whose path has a `{letter}` in it");
        Some(Problem::new(field, message))
    });
    match problem {
        None => Ok(()),
        Some(problem) => Err(Box::new(
            Error::config_invalid(vec![problem]).hint(hints::NOT_IMPORTABLE),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runtime_has_characters_of_its_own() {
        for (path, bun, node) in [
            ("/a/plain (1) #%é\n", None, None),
            ("/a?b", Some('?'), None),
            ("/a\\b?c", Some('\\'), Some('\\')),
        ] {
            assert_eq!(obstacle(path, RuntimeType::Bun), bun, "{path}");
            assert_eq!(obstacle(path, RuntimeType::Node), node, "{path}");
        }
    }
}
