//! Resolves listed paths to real ones, and rejects what the kernel cannot enforce, with the reason.

use std::path::{Path, PathBuf};

use super::Files;
use super::machine::kernel_file;
use crate::config::{RuntimeType, Scope};
use crate::error::Problem;

/// The names of one kind's flags, as the runtime's user writes them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub field: &'static str,
    pub allow: &'static str,
    pub deny: &'static str,
}

pub(super) fn flags(runtime: RuntimeType, write: bool) -> Flags {
    match (runtime, write) {
        (RuntimeType::Bun, false) => Flags {
            field: "bunPermissions",
            allow: "--allow-read",
            deny: "--deny-read",
        },
        (RuntimeType::Bun, true) => Flags {
            field: "bunPermissions",
            allow: "--allow-write",
            deny: "--deny-write",
        },
        (RuntimeType::Node, false) => Flags {
            field: "nodeOptions",
            allow: "--allow-fs-read",
            deny: "--deny-fs-read",
        },
        (RuntimeType::Node, true) => Flags {
            field: "nodeOptions",
            allow: "--allow-fs-write",
            deny: "--deny-fs-write",
        },
    }
}

/// A scope with real paths. `/` in a list means the same as no list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResolvedScope {
    Nothing,
    Everything,
    Paths(Vec<PathBuf>),
}

impl ResolvedScope {
    pub(super) fn to_scope(&self) -> Scope {
        match self {
            ResolvedScope::Nothing => Scope::None,
            ResolvedScope::Everything => Scope::All,
            ResolvedScope::Paths(paths) => {
                Scope::Only(paths.iter().map(|path| path.to_string_lossy().into_owned()).collect())
            }
        }
    }
}

/// Resolves an allow scope.
pub(super) fn resolve(
    files: &dyn Files,
    scope: &Scope,
    flags: Flags,
    write: bool,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> ResolvedScope {
    let given = match scope {
        Scope::None => return ResolvedScope::Nothing,
        Scope::All => return ResolvedScope::Everything,
        Scope::Only(given) => given,
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in given {
        let flag = format!("{}={path}", flags.allow);
        match files.real(&working_dir.join(path)) {
            Err(error) => problems.push(Problem::new(
                flags.field,
                missing(&flag, &working_dir.join(path), &error),
            )),
            Ok(real) if real == Path::new("/") => return ResolvedScope::Everything,
            Ok(real) => match kernel_file(&real, write) {
                Some(why) => problems.push(Problem::new(flags.field, format!("{flag} is refused: {why}"))),
                None if paths.contains(&real) => {}
                None => paths.push(real),
            },
        }
    }
    ResolvedScope::Paths(paths)
}

fn missing(flag: &str, path: &Path, error: &std::io::Error) -> String {
    let path = path.display();
    if error.kind() == std::io::ErrorKind::NotFound {
        format!(
            "{flag} names {path}, which does not exist: the kernel enforces rules on existing files, not on names; create it first or allow the directory it will be in"
        )
    } else {
        format!("{flag} names {path}, which cannot be opened: {error}")
    }
}

/// What stays readable whatever is denied.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AlwaysReadable<'a> {
    /// The entrypoint's package and what is imported from outside of it.
    pub imported: &'a [PathBuf],
    /// The runtime and the system files that are no secret. Denying a directory around these applies to everything else
    /// in it.
    pub system: &'a [PathBuf],
}

/// Rejects a deny that is in, on or around something allowed, because it could not be enforced; elsewhere it holds
/// anyway.
pub(super) fn check_denied(
    files: &dyn Files,
    denied: &[String],
    allowed: &ResolvedScope,
    always_readable: AlwaysReadable<'_>,
    flags: Flags,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let mut real_paths = Vec::new();
    for path in denied {
        let real = nearest_real(files, &working_dir.join(path));
        let deny = format!("{}={path}", flags.deny);
        let clashes = |with: &Path| real.starts_with(with) || with.starts_with(&real);
        let reason = "rights can only be added, so a part of what is allowed cannot be taken back";
        match allowed {
            ResolvedScope::Everything => problems.push(Problem::new(
                flags.field,
                format!(
                    "{deny} cannot be enforced together with {}: {reason}; list what is allowed instead",
                    flags.allow
                ),
            )),
            ResolvedScope::Paths(paths) if paths.iter().any(|with| clashes(with)) => {
                let with = paths
                    .iter()
                    .find(|with| clashes(with))
                    .map(|path| path.display().to_string());
                problems.push(Problem::new(
                    flags.field,
                    format!(
                        "{deny} cannot be enforced together with {}={}: {reason}",
                        flags.allow,
                        with.unwrap_or_default()
                    ),
                ));
            }
            _ => {
                if let Some(with) = always_readable.imported.iter().find(|with| clashes(with)) {
                    problems.push(Problem::new(
                        flags.field,
                        format!(
                            "{deny} cannot be enforced: {} stays readable, because a module load there cannot be told from reading the file",
                            with.display()
                        ),
                    ));
                } else if let Some(with) = always_readable.system.iter().find(|with| real.starts_with(with)) {
                    problems.push(Problem::new(
                        flags.field,
                        format!(
                            "{deny} cannot be enforced: {} stays readable, as native code and runtimes need it and it is nobody's secret",
                            with.display()
                        ),
                    ));
                }
            }
        }
        real_paths.push(real.to_string_lossy().into_owned());
    }
    real_paths
}

/// The real path of the part that exists, followed by the rest as it was written.
fn nearest_real(files: &dyn Files, path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(real) = files.real(ancestor) {
            return match path.strip_prefix(ancestor) {
                Ok(rest) if rest.as_os_str().is_empty() => real,
                Ok(rest) => real.join(rest),
                Err(_) => real,
            };
        }
    }
    path.to_path_buf()
}
