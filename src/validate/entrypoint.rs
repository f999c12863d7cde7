//! The file whose exports are the tools.

use std::fs;
use std::path::Path;

use super::normalised::normalised;
use crate::error::{Code, Error, Problem, Result, hints};

/// Used where nothing is configured and the file exists.
const DEFAULT: &str = "tools.ts";

/// An existing file, absolute, without links in its path; or none, which means an entrypoint without tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrypoint(Option<String>);

impl Entrypoint {
    /// Finds the configured file, relative to the working directory or absolute. Without configuration it is
    /// `./tools.ts`, if that exists.
    pub fn resolve(working_dir: &Path, given: Option<&str>) -> Result<Self> {
        if let Some(given) = given {
            return find(working_dir, given);
        }
        // A dangling link counts as existing: it was meant to be the entrypoint, so it is an error and not "none".
        match fs::symlink_metadata(working_dir.join(DEFAULT)) {
            Ok(_) => find(working_dir, DEFAULT),
            Err(_) => Ok(Self(None)),
        }
    }

    /// The file, where there is one.
    pub fn as_path(&self) -> Option<&Path> {
        self.0.as_deref().map(Path::new)
    }

    /// The file's path as text, where there is one.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

fn find(working_dir: &Path, given: &str) -> Result<Entrypoint> {
    let looked_at = normalised(&working_dir.join(given));
    let refused = |what: &str, hint: &str| {
        let shown = looked_at.to_string_lossy();
        let message = format!(
            "entrypoint \"{}\" {what}: {}",
            given.escape_debug(),
            shown.escape_debug()
        );
        Error::new(Code::EntrypointNotFound, message.clone())
            .hint(hint)
            .with(|context| context.problems.push(Problem::new("entrypointPath", message)))
    };
    if given.contains('\0') {
        return Err(Box::new(refused(
            "contains a NUL character",
            hints::ENTRYPOINT_NOT_A_FILE,
        )));
    }
    let real = fs::canonicalize(&looked_at).map_err(|error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound if looked_at.is_symlink() => "is a link that leads nowhere".to_owned(),
            std::io::ErrorKind::NotFound => "not found".to_owned(),
            _ => format!("cannot be reached ({error})"),
        };
        refused(&what, hints::ENTRYPOINT_NOT_FOUND).source(error)
    })?;
    if real.is_dir() {
        return Err(Box::new(refused("is a directory", hints::ENTRYPOINT_NOT_A_FILE)));
    }
    // Opening a pipe or a device would block or never end.
    if !real.is_file() {
        return Err(Box::new(refused("is not a regular file", hints::ENTRYPOINT_NOT_A_FILE)));
    }
    match real.into_os_string().into_string() {
        Ok(real) => Ok(Entrypoint(Some(real))),
        Err(_) => Err(Box::new(refused(
            "has a real path that is not valid UTF-8",
            hints::ENTRYPOINT_NOT_FOUND,
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use std::os::unix::fs::symlink;

    /// `<root>/project` with src/tools.ts, a link to it, dangling links, and shared/tools.ts beside it.
    fn project() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().expect("a directory");
        let real = fs::canonicalize(root.path()).expect("its real path");
        for directory in ["project/src", "shared"] {
            fs::create_dir_all(real.join(directory)).expect("created");
            fs::write(real.join(directory).join("tools.ts"), "").expect("written");
        }
        symlink("src/tools.ts", real.join("project/link.ts")).expect("linked");
        symlink("nowhere", real.join("project/broken.ts")).expect("linked");
        (root, real)
    }

    #[test]
    fn relative_and_absolute_paths_are_resolved() {
        let (_root, real) = project();
        let project = real.join("project");
        fs::write(project.join("tools.ts"), "").expect("written");
        let absolute = real.join("shared/tools.ts").display().to_string();
        let cases = [
            ("tools.ts", "project/tools.ts"),
            ("./tools.ts", "project/tools.ts"),
            ("src/tools.ts", "project/src/tools.ts"),
            ("link.ts", "project/src/tools.ts"),
            ("../shared/tools.ts", "shared/tools.ts"),
            (absolute.as_str(), "shared/tools.ts"),
        ];
        for (given, expected) in cases {
            let entrypoint = Entrypoint::resolve(&project, Some(given)).expect(given);
            assert_eq!(entrypoint.as_path(), Some(real.join(expected).as_path()), "{given}");
        }
        let default = Entrypoint::resolve(&project, None).expect("the default");
        assert_eq!(default.as_path(), Some(project.join("tools.ts").as_path()));
    }

    #[test]
    fn without_entrypoint_and_default_file_there_is_none() {
        let (_root, real) = project();
        let none = Entrypoint::resolve(&real.join("project"), None).expect("none");
        assert_eq!((none.as_path(), none.as_str()), (None, None));
    }

    #[test]
    fn a_missing_file_is_refused_with_the_path_that_was_tried() {
        let (_root, real) = project();
        let project = real.join("project");
        let cases = [
            ("missing.ts", "not found"),
            ("./tools.ts", "not found"),
            ("src", "is a directory"),
            (".", "is a directory"),
            ("broken.ts", "is a link that leads nowhere"),
            ("link.ts/x", "cannot be reached"),
            ("/dev/null", "is not a regular file"),
            ("a\0b", "NUL"),
        ];
        for (given, what) in cases {
            let error = Entrypoint::resolve(&project, Some(given)).expect_err(given);
            assert_eq!(
                (error.code, error.context.problems[0].field.as_str()),
                (Code::EntrypointNotFound, "entrypointPath")
            );
            let looked_at = normalised(&project.join(given));
            let looked_at = looked_at.to_string_lossy().escape_debug().to_string();
            assert!(
                error.message.contains(what) && error.message.contains(&looked_at),
                "{error}"
            );
            assert!(error.hint.is_some(), "{given}");
        }
    }

    #[test]
    fn a_default_that_leads_nowhere_is_an_error() {
        let (_root, real) = project();
        symlink("nowhere", real.join("project/tools.ts")).expect("linked");
        let error = Entrypoint::resolve(&real.join("project"), None).expect_err("a broken link");
        assert_eq!(error.code, Code::EntrypointNotFound);
    }
}
