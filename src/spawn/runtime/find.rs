//! Finds the runtime's executable: the order of the search, and the error when there is none.

use std::path::{Path, PathBuf};

use super::bun_package::{self, Cpu};
use super::executable::{Executable, Reason, RuntimeFormat, inspect};
use crate::config::RuntimeType;
use crate::error::{Code, Error, Result, hints};

/// What to look for, and where.
#[derive(Debug, Clone, Copy)]
pub struct FindRuntime<'a> {
    /// Which runtime.
    pub kind: RuntimeType,
    /// The path that the user configured, relative to `working_dir` or absolute. When it is set, nothing else is tried.
    pub runtime_path: Option<&'a str>,
    /// The project's root.
    pub working_dir: &'a Path,
    /// The host program's directories; `node_modules` in them and above them may contain the `bun` package.
    pub host_dirs: &'a [PathBuf],
    /// The host's PATH.
    pub path_var: &'a str,
    /// The host's own executable, which is used when the host is such a runtime.
    pub host_executable: Option<&'a Path>,
}

/// Where a runtime was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundIn {
    /// The user configured it.
    RuntimePath,
    /// It is on PATH.
    Path,
    /// It is in an npm package.
    Package,
    /// It is the executable that runs the host.
    Host,
}

/// A runtime that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// Bun or Node.
    pub kind: RuntimeType,
    /// Its real path, behind every symlink, shim and placeholder.
    pub path: PathBuf,
    /// A script only where the user configured one as `runtimePath`.
    pub format: RuntimeFormat,
    /// Where it was found.
    pub found_in: FoundIn,
}

/// Uses only `runtimePath` when it is set; otherwise searches PATH, then the npm package (for Bun), then takes the host
/// itself.
pub fn find_runtime(input: &FindRuntime<'_>) -> Result<Runtime> {
    let cpu = Cpu::own();
    if let Some(given) = input.runtime_path {
        return configured(input, given, cpu);
    }
    let mut passed_over = Vec::new();
    let found = on_path(input, cpu, &mut passed_over)
        .or_else(|| in_packages(input, cpu))
        .or_else(|| the_host(input));
    found.ok_or_else(|| Box::new(not_found(input, &passed_over)))
}

fn configured(input: &FindRuntime<'_>, given: &str, cpu: Cpu) -> Result<Runtime> {
    let path = input.working_dir.join(given);
    let (real, outcome) = match inspect(&path) {
        Ok(found) => (Some(found.path.clone()), Ok(found)),
        Err(refused) => (refused.real, Err(refused.reason)),
    };
    let is_program = matches!(&outcome, Ok(found) if found.format == RuntimeFormat::MachineCode);
    let stands_for = if is_program {
        None
    } else {
        real.and_then(|real| bun_package::stands_for(&real, cpu))
    };
    match (stands_for, outcome) {
        (Some(found), _) | (None, Ok(found)) => Ok(runtime(input.kind, found, FoundIn::RuntimePath)),
        (None, Err(reason)) => Err(Box::new(refused(input.kind, given, &path, reason))),
    }
}

/// `passed_over` collects files that have the name and are not the program.
fn on_path(input: &FindRuntime<'_>, cpu: Cpu, passed_over: &mut Vec<String>) -> Option<Runtime> {
    let kind = input.kind;
    // A relative entry means something else in each directory, and the host's current directory is not the project's.
    for dir in std::env::split_paths(input.path_var).filter(|dir| dir.is_absolute()) {
        for name in names(kind) {
            let path = dir.join(name);
            let real = match inspect(&path) {
                Ok(found) if found.format == RuntimeFormat::MachineCode && is_called(kind, &found.path) => {
                    let found_in = if in_modules(&dir) || in_modules(&found.path) {
                        FoundIn::Package
                    } else {
                        FoundIn::Path
                    };
                    return Some(runtime(kind, found, found_in));
                }
                Ok(found) => {
                    passed_over.push(format!("{} (a shim of another program)", path.display()));
                    found.path
                }
                Err(refused) if refused.reason == Reason::Missing => continue,
                Err(refused) => {
                    passed_over.push(format!("{} ({})", path.display(), refused.reason));
                    refused.real.unwrap_or(path)
                }
            };
            if kind == RuntimeType::Bun
                && let Some(found) = bun_package::stands_for(&real, cpu)
            {
                return Some(runtime(kind, found, FoundIn::Package));
            }
        }
    }
    None
}

/// npm puts a project's `node_modules/.bin` on PATH, but its content belongs to the project and not to the user.
fn in_modules(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "node_modules")
}

fn in_packages(input: &FindRuntime<'_>, cpu: Cpu) -> Option<Runtime> {
    if input.kind != RuntimeType::Bun {
        return None;
    }
    std::iter::once(input.working_dir)
        .chain(input.host_dirs.iter().map(PathBuf::as_path))
        .find_map(|dir| bun_package::find_from(dir, cpu))
        .map(|found| runtime(input.kind, found, FoundIn::Package))
}

fn the_host(input: &FindRuntime<'_>) -> Option<Runtime> {
    let found = inspect(input.host_executable?).ok()?;
    (found.format == RuntimeFormat::MachineCode && is_called(input.kind, &found.path))
        .then(|| runtime(input.kind, found, FoundIn::Host))
}

fn runtime(kind: RuntimeType, found: Executable, found_in: FoundIn) -> Runtime {
    Runtime {
        kind,
        path: found.path,
        format: found.format,
        found_in,
    }
}

fn names(kind: RuntimeType) -> &'static [&'static str] {
    match kind {
        RuntimeType::Bun => &["bun"],
        RuntimeType::Node => &["node", "nodejs"],
    }
}

/// Version managers put links named `bun` or `node` on PATH that lead to their own program, which checks the name it
/// was started by; started by its real path it does something else. Bun does the same with `node`.
fn is_called(kind: RuntimeType, real: &Path) -> bool {
    let name = real.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match kind {
        RuntimeType::Bun => name.starts_with("bun") && !name.starts_with("bunx"),
        RuntimeType::Node => name.starts_with("node"),
    }
}

fn refused(kind: RuntimeType, given: &str, path: &Path, reason: Reason) -> Error {
    let name = kind.as_str();
    let message = format!(
        "{name} executable not found: `runtimePath` is \"{given}\", and {} {reason}",
        path.display()
    );
    with_operation(Error::new(Code::RuntimeNotFound, message).hint(hints::SET_RUNTIME_PATH))
}

fn not_found(input: &FindRuntime<'_>, passed_over: &[String]) -> Error {
    let name = input.kind.as_str();
    let mut message = format!("{name} executable not found on PATH ({})", input.path_var);
    if input.kind == RuntimeType::Bun {
        message.push_str(", nor as the npm package `bun` for ");
        message.push_str(&input.working_dir.display().to_string());
        for dir in input.host_dirs {
            message.push_str(", ");
            message.push_str(&dir.display().to_string());
        }
    }
    if !passed_over.is_empty() {
        message.push_str("; passed over: ");
        message.push_str(&passed_over.join(", "));
    }
    let hint = match input.kind {
        RuntimeType::Bun => hints::INSTALL_BUN,
        RuntimeType::Node => hints::INSTALL_NODE,
    };
    with_operation(Error::new(Code::RuntimeNotFound, message).hint(hint))
}

fn with_operation(error: Error) -> Error {
    error.with(|context| context.operation = Some("find runtime"))
}
