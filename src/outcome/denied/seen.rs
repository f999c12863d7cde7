//! Refused file accesses that the supervisor recorded, behind errors that say less: no path, no code, or a library's
//! own words.

use std::path::Path;

use super::file::is_path;
use super::import::{is_missing_module, is_module, quoted};
use super::thrown::Thrown;
use crate::sandbox::{Denial, Permission};
use crate::validate::normalised;

/// Error codes of libraries for a failure to open a file.
const CODES: [&str; 7] = [
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_PERM",
    "SQLITE_IOERR",
    "LEVEL_",
    "ERR_DLOPEN_FAILED",
    "EROFS",
];
const TEXTS: [&str; 7] = [
    "permission denied",
    "access denied",
    "accessdenied",
    "operation not permitted",
    "unable to open database",
    "readonly database",
    "eacces",
];

fn of_files(seen: &[Denial]) -> impl Iterator<Item = &Denial> {
    seen.iter().rev().filter(|denial| denial.permission.is_of_files())
}

/// The refusal of a path that the error names.
pub(super) fn of_path(working_dir: &Path, thrown: &Thrown<'_>, seen: &[Denial]) -> Option<Denial> {
    // EXDEV: a file would gain rights by the move.
    let refused = thrown.is_refusal() || thrown.code == "EXDEV";
    if !refused || thrown.is_about_spawning() {
        return None;
    }
    [thrown.path, thrown.dest].into_iter().find_map(|path| {
        let path = is_path(path).then(|| normalised(&working_dir.join(path)))?;
        of_files(seen)
            .find(|denial| is_named(Path::new(&denial.resource), &path, thrown.syscall))
            .map(|denial| with_its_package(denial, seen))
    })
}

/// What mkdtemp replaces by letters of its choice.
const CHOSEN: &str = "XXXXXX";

/// Whether an error with this path is about this file. musl's mkdtemp puts its template back when it fails, so that the
/// error does not name the directory that was tried.
fn is_named(resource: &Path, path: &Path, syscall: &str) -> bool {
    let (resource, path) = (resource.to_string_lossy(), path.to_string_lossy());
    let template = path.strip_suffix(CHOSEN).filter(|_| syscall == "mkdtemp");
    let chosen = template.and_then(|begin| resource.strip_prefix(begin));
    resource == path || chosen.is_some_and(|chosen| chosen.len() == CHOSEN.len() && !chosen.contains('/'))
}

/// The refusal that explains an error without a path. Without a recorded refusal there is no denial, whatever the error
/// says.
pub(super) fn of_words(thrown: &Thrown<'_>, seen: &[Denial]) -> Option<Denial> {
    let names_another = is_path(thrown.path) || thrown.field("address").is_some() || thrown.is_about_spawning();
    if names_another {
        return None;
    }
    if is_missing_module(thrown) {
        return of_files(seen)
            .find(|denial| is_of_module(denial, thrown))
            .map(as_a_package);
    }
    if thrown.message.contains("Cannot read package config ") {
        return of_files(seen)
            .find(|denial| thrown.message.contains(&denial.resource))
            .map(as_a_package);
    }
    if thrown.syscall == "uv_os_get_passwd" {
        let names = |denial: &&Denial| denial.permission == Permission::Read && denial.resource.starts_with("/etc/");
        return of_files(seen).find(names).cloned();
    }
    let failed = thrown.is_refusal() || failed(thrown);
    failed.then(|| of_files(seen).next().cloned()).flatten()
}

/// If a package's description was refused, the whole package is needed.
fn as_a_package(denial: &Denial) -> Denial {
    let path = Path::new(&denial.resource);
    let described = path.file_name().is_some_and(|name| name == "package.json");
    match path.parent().filter(|_| described) {
        Some(package) => Denial {
            resource: denial.resource.clone(),
            ..Denial::new(Permission::Read, package.to_string_lossy().into_owned(), denial.worker)
        },
        None => denial.clone(),
    }
}

/// A module in a package whose description was refused as well: the runtime searched for the package and will need more
/// of it.
fn with_its_package(denial: &Denial, seen: &[Denial]) -> Denial {
    let module = Path::new(&denial.resource);
    if denial.permission != Permission::Read || !is_module(module) {
        return denial.clone();
    }
    let description = |package: &Path| package.join("package.json");
    let package = module.ancestors().skip(1).find(|package| {
        let description = description(package);
        of_files(seen).any(|denial| Path::new(&denial.resource) == description)
    });
    match package {
        Some(package) => Denial {
            resource: denial.resource.clone(),
            ..as_a_package(&Denial::new(
                Permission::Read,
                description(package).to_string_lossy().into_owned(),
                denial.worker,
            ))
        },
        None => denial.clone(),
    }
}

fn failed(thrown: &Thrown<'_>) -> bool {
    let says = |text: &str| {
        let text = text.to_lowercase();
        TEXTS.iter().any(|words| text.contains(words))
    };
    CODES.iter().any(|code| thrown.code.starts_with(code))
        || says(thrown.message)
        || thrown.field("stderr").is_some_and(says)
}

/// Whether a refusal explains that a module was not found: it concerns the package, or a settings file that locates it.
fn is_of_module(denial: &Denial, thrown: &Thrown<'_>) -> bool {
    let Some(specifier) = thrown.field("specifier").or_else(|| quoted(thrown.message)) else {
        return false;
    };
    let resource = Path::new(&denial.resource);
    if specifier.starts_with(['/', '.']) {
        let file = Path::new(specifier).file_stem();
        return file.is_some() && (resource.file_stem() == file || Path::new(specifier).parent() == Some(resource));
    }
    let scope = usize::from(specifier.starts_with('@'));
    let package = specifier.split('/').nth(scope).unwrap_or(specifier);
    let name = resource.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_settings = name.ends_with(".json") && name != "package.json";
    is_settings || resource.iter().any(|part| part == package)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen() -> Vec<Denial> {
        let read = |path: &str| Denial::new(Permission::Read, path.to_owned(), 0);
        vec![
            read("/a"),
            read("/etc/passwd"),
            read("/ws/b"),
            read("/ws/c/data.txt"),
            read("/ws/c/lib/index.js"),
            read("/ws/c/package.json"),
            Denial::new(Permission::Write, "/data/x.db".to_owned(), 0),
            Denial::new(Permission::Net, "a.test".to_owned(), 0),
        ]
    }

    #[test]
    fn a_template_names_the_directory_that_was_made_of_it() {
        let of = |syscall: &str, path: &str| {
            let value = json!({"code": "EACCES", "syscall": syscall, "path": path});
            let seen = [Denial::new(Permission::Write, "/a/made-k2_Zq9".to_owned(), 0)];
            of_path(Path::new("/"), &Thrown::of(&value), &seen).map(|denial| denial.resource)
        };
        assert_eq!(of("mkdtemp", "/a/made-XXXXXX").as_deref(), Some("/a/made-k2_Zq9"));
        assert_eq!(of("mkdtemp", "/a/made-k2_Zq9").as_deref(), Some("/a/made-k2_Zq9"));
        for (syscall, path) in [
            ("mkdir", "/a/made-XXXXXX"),
            ("mkdtemp", "/a/other-XXXXXX"),
            ("mkdtemp", "/a/made-kXXXXXX"),
            ("mkdtemp", "/XXXXXX"),
        ] {
            assert_eq!(of(syscall, path), None, "{syscall} {path}");
        }
    }

    #[test]
    fn a_vague_error_is_explained_by_the_supervisors_record() {
        for (value, flag) in [
            (
                json!({"code": "EACCES", "path": "/a", "syscall": "open"}),
                Some("--allow-read=/a"),
            ),
            (json!({"code": "EACCES", "path": "/other", "syscall": "open"}), None),
            (json!({"code": "EACCES"}), Some("--allow-write=/data/x.db")),
            (
                json!({"code": "SQLITE_CANTOPEN", "message": "unable to open database file"}),
                Some("--allow-write=/data/x.db"),
            ),
            (
                json!({"code": "LEVEL_DATABASE_NOT_OPEN", "message": "Database is not open"}),
                Some("--allow-write=/data/x.db"),
            ),
            (
                json!({"code": 128, "message": "fatal: could not open 'x': Permission denied"}),
                Some("--allow-write=/data/x.db"),
            ),
            (
                json!({"code": "ERR_SYSTEM_ERROR", "info": {"code": "ENOENT", "syscall": "uv_os_get_passwd"}}),
                Some("--allow-read=/etc/passwd"),
            ),
            (
                json!({"message": "Cannot find package 'b' from '/ws/a/x.ts'"}),
                Some("--allow-read=/ws/b"),
            ),
            (
                json!({"message": "Cannot find package 'c' imported from /ws/a/x.js", "code": "ERR_MODULE_NOT_FOUND"}),
                Some("--allow-read=/ws/c"),
            ),
            (
                json!({"message": "Cannot read package config /ws/c/package.json: permission denied."}),
                Some("--allow-read=/ws/c"),
            ),
            (
                json!({"code": "EACCES", "path": "/ws/c/lib/index.js", "syscall": "open"}),
                Some("--allow-read=/ws/c"),
            ),
            (
                json!({"code": "EACCES", "path": "/ws/c/data.txt", "syscall": "open"}),
                Some("--allow-read=/ws/c/data.txt"),
            ),
            (
                json!({"message": "Cannot find package 'left-pad' from '/ws/a/x.ts'"}),
                None,
            ),
            (json!({"message": "it is broken"}), None),
            (
                json!({"code": "EACCES", "syscall": "connect", "address": "10.0.0.1"}),
                None,
            ),
            (json!({"code": "EACCES", "syscall": "spawn ls", "path": "ls"}), None),
        ] {
            let found = |seen: &[Denial]| {
                let thrown = Thrown::of(&value);
                of_path(Path::new("/project"), &thrown, seen).or_else(|| of_words(&thrown, seen))
            };
            assert_eq!(found(&seen()).map(|denial| denial.flag).as_deref(), flag, "{value}");
            assert_eq!(found(&seen()[7..]), None, "{value}");
        }
    }
}
