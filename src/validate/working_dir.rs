//! The project root: tools' current directory and the base of relative paths.

use std::fs;
use std::path::Path;

use crate::error::{Error, Problem, Result, hints};

/// An existing directory, absolute, without links in its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDir(String);

impl WorkingDir {
    /// Opens the directory. Its path must be UTF-8, because it becomes part of a source file and of JSON.
    pub fn open(given: &str) -> Result<Self> {
        let is_url = given.starts_with("file:");
        let refused = |reason: &str| {
            let message = format!(
                "expected `workingDir` to be an existing directory, got \"{}\" (string): {reason}",
                given.escape_debug()
            );
            Error::config_invalid(vec![Problem::new("workingDir", message)]).hint(if is_url {
                hints::WORKING_DIR_URL
            } else {
                hints::WORKING_DIR
            })
        };
        if given.is_empty() {
            return Err(Box::new(refused("it is empty")));
        }
        if given.contains('\0') {
            return Err(Box::new(refused("it contains a NUL character")));
        }
        let real = fs::canonicalize(given).map_err(|error| {
            let reason = match error.kind() {
                _ if is_url => "it is a URL".to_owned(),
                std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
                _ => error.to_string(),
            };
            refused(&reason).source(error)
        })?;
        if !real.is_dir() {
            return Err(Box::new(refused("it is not a directory")));
        }
        match real.into_os_string().into_string() {
            Ok(real) => Ok(Self(real)),
            Err(_) => Err(Box::new(refused("its real path is not valid UTF-8"))),
        }
    }

    /// The path.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::error::Code;

    #[test]
    fn links_and_dots_are_resolved() {
        let root = tempfile::tempdir().expect("a directory");
        let real = fs::canonicalize(root.path()).expect("its real path");
        fs::create_dir(real.join("project")).expect("created");
        symlink("project", real.join("link")).expect("linked");
        for name in ["project", "link", "link/../project/."] {
            let given = format!("{}/{name}", root.path().display());
            assert_eq!(
                WorkingDir::open(&given).expect(name).as_path(),
                real.join("project"),
                "{name}"
            );
        }
        assert!(WorkingDir::open(".").expect("the current one").as_path().is_absolute());
    }

    #[test]
    fn a_path_that_is_not_a_directory_is_a_problem_of_working_dir() {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join("file"), "").expect("written");
        let inside = |name: &str| format!("{}/{name}", root.path().display());
        let cases = [
            (String::new(), "it is empty"),
            ("a\0b".into(), "NUL"),
            (inside("missing"), "does not exist"),
            (inside("file"), "not a directory"),
            (inside("file/x"), "Not a directory"),
        ];
        for (given, reason) in cases {
            let error = WorkingDir::open(&given).expect_err(reason);
            assert_eq!(
                (error.code, error.context.problems[0].field.as_str()),
                (Code::ConfigInvalid, "workingDir")
            );
            assert!(error.context.problems[0].message.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_url_is_distinguished_from_a_missing_directory() {
        let error = WorkingDir::open("file:///tmp").expect_err("a URL");
        assert!(error.message.ends_with("it is a URL"), "{error}");
        assert!(
            error
                .hint
                .is_some_and(|hint| hint.contains("import.meta.dirname") && hint.contains("fileURLToPath"))
        );
    }
}
