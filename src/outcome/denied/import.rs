//! Modules that could not be loaded because they may not be read. The runtimes report such modules as missing.

use std::path::Path;

use super::file::{is_path, real};
use super::thrown::Thrown;
use crate::sandbox::{Denial, Permission, Policy};
use crate::validate::normalised;

/// File endings of modules. For any other existing file the directory is not suggested, because the specifier is the
/// tool's word.
const MODULES: [&str; 10] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "json", "node"];

/// Endings that the runtimes append to a specifier.
const ENDINGS: [&str; 10] = [
    "",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".json",
    "/index.ts",
    "/index.js",
];

/// Whether the runtime reports a missing module.
pub(super) fn is_missing_module(thrown: &Thrown<'_>) -> bool {
    thrown.message.contains("Cannot find module")
        || thrown.message.contains("Cannot find package")
        || matches!(thrown.code, "ERR_MODULE_NOT_FOUND" | "MODULE_NOT_FOUND")
}

/// The path of the module that the error reports as not found or refused. Only if there is one does [`refusal`] look at
/// files.
pub(super) fn named_module<'a>(thrown: &Thrown<'a>) -> Option<&'a str> {
    // A refusal that names its path concerns that file, whatever its ending is.
    let refused = thrown.is_refusal() && thrown.path.is_empty();
    if !is_missing_module(thrown) && !thrown.message.contains("AccessDenied") && !refused {
        return None;
    }
    let specifier = thrown.field("specifier").or_else(|| quoted(thrown.message))?;
    let specifier = specifier.strip_prefix("file://").unwrap_or(specifier);
    (specifier.starts_with(['/', '.']) && is_path(specifier)).then_some(specifier)
}

pub(super) fn refusal(policy: &Policy, working_dir: &Path, thrown: &Thrown<'_>) -> Option<Denial> {
    let specifier = named_module(thrown)?;
    let from = importer(thrown).and_then(Path::parent).unwrap_or(working_dir);
    let path = ENDINGS
        .iter()
        .map(|ending| normalised(&from.join(format!("{specifier}{ending}"))))
        .find(|path| is_module(path) && path.is_file())?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    // A module is found by listing its directory, so both must be readable.
    let readable = policy.may_read(&real(&path)) && policy.may_list(&real(directory));
    let flag = Denial::new(Permission::Read, directory.to_string_lossy().into_owned(), 0);
    (!readable).then(|| Denial {
        resource: path.to_string_lossy().into_owned(),
        ..flag
    })
}

pub(super) fn is_module(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| MODULES.contains(&ending))
}

/// The importing module, where the error names it.
fn importer<'a>(thrown: &Thrown<'a>) -> Option<&'a Path> {
    let named = thrown.field("referrer").or_else(|| {
        let (_, rest) = thrown
            .message
            .split_once("imported from ")
            .or_else(|| thrown.message.split_once("Require stack:\n- "))?;
        rest.lines().next()
    })?;
    let path = Path::new(named.strip_prefix("file://").unwrap_or(named));
    path.is_absolute().then_some(path)
}

/// The first text in quotes.
pub(super) fn quoted(message: &str) -> Option<&str> {
    let start = message.find(['\'', '"', '`'])?;
    let mark = &message[start..=start];
    let rest = &message[start + 1..];
    rest.find(mark).map(|end| &rest[..end])
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::super::test_support;
    use super::*;

    /// The wordings of the runtimes and of their errors' fields.
    fn wordings(specifier: &str, from: &Path) -> [serde_json::Value; 3] {
        let from = from.display();
        [
            json!({"message": format!("Cannot find module '{specifier}' imported from {from}"), "code": "ERR_MODULE_NOT_FOUND"}),
            json!({"message": format!("Cannot find module '{specifier}'\nRequire stack:\n- {from}"), "code": "MODULE_NOT_FOUND"}),
            json!({"message": "none", "code": "ERR_MODULE_NOT_FOUND", "specifier": specifier, "referrer": from.to_string()}),
        ]
    }

    #[test]
    fn a_module_that_is_there_was_refused() {
        let (_made, directory) = test_support::directory();
        let from = PathBuf::from("/project/tools.ts");
        let importing = directory.join("sub/tools.ts");
        let absolute = directory.join("module.ts").to_string_lossy().into_owned();
        let bare = directory.join("module").to_string_lossy().into_owned();
        for (specifier, from) in [(&*absolute, &from), (&*bare, &from), ("../module.ts", &importing)] {
            for value in wordings(specifier, from) {
                let found = refusal(&test_support::policy(&[]), Path::new("/project"), &Thrown::of(&value));
                let found = found.map(|denial| (denial.resource, denial.flag));
                let flag = format!("--allow-read={}", directory.display());
                assert_eq!(found, Some((absolute.clone(), flag)), "{value}");
            }
        }
    }

    #[test]
    fn a_module_needs_its_directory_too() {
        let (_made, directory) = test_support::directory();
        let module = directory.join("module.ts");
        let [value, ..] = wordings(&module.to_string_lossy(), Path::new("/project/tools.ts"));
        let with = |path: &Path| {
            let policy = test_support::policy(&[&format!("--allow-read={}", path.display())]);
            refusal(&policy, Path::new("/project"), &Thrown::of(&value)).is_some()
        };
        assert!(with(&module));
        assert!(!with(&directory));
    }

    #[test]
    fn a_missing_package_was_not_refused() {
        for value in [
            json!({"message": "Cannot find module '/nowhere/module.ts' imported from /project/tools.ts"}),
            json!({"message": "Cannot find package 'left-pad' imported from /project/tools.ts"}),
            json!({"message": "it says 'no'"}),
            json!({"message": "no", "code": "ERR_MODULE_NOT_FOUND", "specifier": "/etc/passwd"}),
            json!({"message": "no", "code": "ERR_MODULE_NOT_FOUND", "specifier": "/etc/hostname"}),
        ] {
            assert_eq!(
                refusal(&test_support::policy(&[]), Path::new("/"), &Thrown::of(&value)),
                None,
                "{value}"
            );
        }
    }
}
