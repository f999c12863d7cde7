//! Turns permissions into a policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::scopes::{self, AlwaysReadable, ResolvedScope};
use super::{
    Code, Command, Disk, FileRule, Files, NetPolicy, Policy, Rights, Run, machine, package, programs, runtime, unix,
};
use crate::config::{Host, NetScope, Permissions, RuntimeType, Scope};
use crate::error::{Error, Problem};

/// The input of planning. All paths except those in the permissions are absolute.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    pub permissions: &'a Permissions,
    pub working_dir: &'a Path,
    /// None when the manager has no tools.
    pub entrypoint: Option<&'a Path>,
    /// None where a command is started in place of a worker.
    pub worker_file: Option<&'a Path>,
    /// The command that is started in place of a worker.
    pub command: Option<&'a Command>,
    /// The runtime's program, not a link or script that leads to it.
    pub runtime_binary: &'a Path,
    pub runtime: RuntimeType,
    /// The worker's PATH, in which names of `--allow-run` are looked up.
    pub path_var: &'a str,
    /// The user's home directory, where it is known; it never counts as a package.
    pub home: Option<&'a Path>,
    /// The addon, where origins load it.
    pub addon: Option<&'a Path>,
}

/// Plans with the real file system.
pub fn plan(input: &PlanInput<'_>) -> Result<Policy, Box<Error>> {
    plan_with(&Disk, input)
}

/// Plans, and reports every problem at once as one configuration error.
pub fn plan_with(files: &dyn Files, input: &PlanInput<'_>) -> Result<Policy, Box<Error>> {
    let mut problems = Vec::new();
    let given = input.permissions;
    let read_flags = scopes::flags(input.runtime, false);
    let write_flags = scopes::flags(input.runtime, true);
    let Imported { mut whole, code } = imported(files, input);
    let mut rules = runtime::rules(files, input.runtime_binary);
    let system = readable(&merged(rules.clone()));

    let read = scopes::resolve(files, &given.read, read_flags, false, input.working_dir, &mut problems);
    let code = match &read {
        ResolvedScope::Paths(paths) => Code::new(files, &code, |root| paths.iter().any(|path| root.starts_with(path))),
        _ => Code::new(files, &code, |_| false),
    };
    let code_rules = code.rules();
    if let Some(entrypoint) = input.entrypoint.and_then(|path| files.real(path).ok())
        && !code.any(|rule| rule.rights.read && entrypoint.starts_with(&rule.path))
        && !whole.contains(&entrypoint)
    {
        // Its name is that of a secret, or its directory has more entries than get a rule.
        whole.push(entrypoint);
    }
    let read_of_code = code_rules.iter().filter(|rule| rule.rights.read);
    let always: Vec<PathBuf> = whole
        .iter()
        .chain(read_of_code.map(|rule| &rule.path))
        .cloned()
        .collect();
    let write = scopes::resolve(files, &given.write, write_flags, true, input.working_dir, &mut problems);
    let deny_read = scopes::check_denied(
        files,
        &given.deny_read,
        &read,
        AlwaysReadable {
            imported: &always,
            system: &system,
        },
        read_flags,
        input.working_dir,
        &mut problems,
    );
    let deny_write = scopes::check_denied(
        files,
        &given.deny_write,
        &write,
        AlwaysReadable::default(),
        write_flags,
        input.working_dir,
        &mut problems,
    );
    let (run, run_names) = resolve_run(files, input, &mut problems);
    let net = resolve_net(given, read_flags.field, &mut problems);
    let unix = unix::sockets(files, given, read_flags.field, input.working_dir, &mut problems);
    if !problems.is_empty() {
        return Err(Box::new(Error::config_invalid(problems)));
    }

    rules.extend(whole.into_iter().map(|path| FileRule {
        path,
        rights: Rights::READ,
    }));
    let listed = files.real(input.working_dir).into_iter().chain(listed(files, input));
    rules.extend(listed.map(|path| FileRule {
        path,
        rights: Rights::LIST,
    }));
    if net != NetPolicy::None {
        rules.extend(runtime::network_rules(files));
    }
    rules.extend(run_rules(files, &run, input.path_var));
    if input.command.is_some_and(|command| !command.is_javascript()) {
        // Interpreters of other languages have their own modules beside the system's libraries.
        rules.extend(programs::common_rules(files));
    }
    let always_readable = readable(&merged(rules.iter().chain(&code_rules).cloned().collect()));
    match &read {
        ResolvedScope::Nothing => {}
        ResolvedScope::Paths(paths) => rules.extend(paths.iter().map(|path| FileRule {
            path: path.clone(),
            rights: Rights::READ,
        })),
        ResolvedScope::Everything => {
            rules.extend(machine::proc_rules(files));
            rules.extend(machine::device_rules(files));
        }
    }
    if let ResolvedScope::Paths(paths) = &write {
        rules.extend(paths.iter().map(|path| FileRule {
            path: path.clone(),
            rights: Rights::WRITE,
        }));
    }
    Ok(Policy {
        files: merged(rules),
        code,
        always_readable,
        read_all: read == ResolvedScope::Everything,
        write_all: write == ResolvedScope::Everything,
        run,
        net,
        unix,
        runtime: input.runtime_binary.to_path_buf(),
        files_supervised: false,
        forked: false,
        names_by_datagram: runtime::is_of_musl(files, input.runtime_binary),
        path_var: input.path_var.to_owned(),
        temporary: None,
        identities: BTreeMap::new(),
        permissions: Permissions {
            read: read.to_scope(),
            deny_read,
            write: write.to_scope(),
            deny_write,
            run: run_names,
            ..given.clone()
        },
    })
}

/// What stays readable whatever the flags are.
struct Imported {
    /// The worker file's directory or a command's scripts, the addon of an origin, installed packages, and an entrypoint that is in no project.
    whole: Vec<PathBuf>,
    /// The entrypoint's package and linked ones: as far as no secret is in them.
    code: Vec<PathBuf>,
}

fn imported(files: &dyn Files, input: &PlanInput<'_>) -> Imported {
    let worker = input.worker_file.and_then(Path::parent);
    let mut whole: Vec<PathBuf> = worker
        .and_then(|directory| files.real(directory).ok())
        .into_iter()
        .collect();
    whole.extend(input.addon.and_then(|path| files.real(path).ok()));
    whole.extend(input.command.iter().flat_map(|command| command.scripts.iter().cloned()));
    let mut code = Vec::new();
    if let Some(entrypoint) = input.entrypoint.and_then(|path| files.real(path).ok()) {
        let bounds = package::Bounds::new(files, input.working_dir, input.home);
        for path in package::directories(files, &bounds, &entrypoint) {
            match path.ends_with("node_modules") || path == entrypoint {
                true => whole.push(path),
                false => code.push(path),
            }
        }
    }
    Imported { whole, code }
}

/// The directories in which packages are looked up by name.
fn listed(files: &dyn Files, input: &PlanInput<'_>) -> Vec<PathBuf> {
    let entrypoint = input.entrypoint.and_then(|path| files.real(path).ok());
    entrypoint.map_or_else(Vec::new, |entrypoint| {
        let bounds = package::Bounds::new(files, input.working_dir, input.home);
        package::listed(files, &bounds, &entrypoint)
    })
}

/// The readable paths of these rules, without those below another one.
fn readable(rules: &[FileRule]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.rights.read) {
        // The rules are sorted by path components, so a directory comes before what it contains.
        if !paths.iter().any(|above| rule.path.starts_with(above)) {
            paths.push(rule.path.clone());
        }
    }
    paths
}

fn resolve_run(files: &dyn Files, input: &PlanInput<'_>, problems: &mut Vec<Problem>) -> (Run, Scope) {
    let names = match &input.permissions.run {
        Scope::None => return (Run::None, Scope::None),
        Scope::All => return (Run::All, Scope::All),
        Scope::Only(names) => names,
    };
    let (field, flag) = match input.runtime {
        RuntimeType::Bun => ("bunPermissions", "--allow-run"),
        RuntimeType::Node => ("nodeOptions", "--allow-child-process"),
    };
    let mut found = Vec::new();
    for name in names {
        match programs::resolve(files, name, input.working_dir, input.path_var) {
            Some(path) => {
                for path in programs::started_by(files, &path, input.path_var) {
                    if !found.contains(&path) {
                        found.push(path);
                    }
                }
            }
            None if name.contains('/') => problems.push(Problem::new(
                field,
                format!(
                    "{flag}={name} names no program: {} is not an executable file",
                    input.working_dir.join(name).display()
                ),
            )),
            None => problems.push(Problem::new(
                field,
                format!("{flag}={name} names no program: {name} is not on PATH"),
            )),
        }
    }
    let scope = Scope::Only(found.iter().map(|path| path.to_string_lossy().into_owned()).collect());
    (Run::Only(found), scope)
}

fn resolve_net(given: &Permissions, field: &'static str, problems: &mut Vec<Problem>) -> NetPolicy {
    let deny = given.deny_net.clone();
    let allow = match &given.net {
        NetScope::None => return NetPolicy::None,
        NetScope::All if deny.is_empty() => return NetPolicy::All,
        NetScope::All => {
            problems.push(Problem::new(
                field,
                "--deny-net cannot be enforced together with --allow-net without a list: a datagram's address cannot be checked; list what is allowed instead",
            ));
            return NetPolicy::All;
        }
        NetScope::Only(rules) => rules.clone(),
    };
    for rule in &deny {
        // A name is enforced by its addresses, and those are known only for allowed names.
        if let Host::Name(name) = &rule.host
            && !allow.iter().any(|allowed| allowed.host == rule.host)
            && allow.iter().any(|allowed| matches!(allowed.host, Host::Ip(_)))
        {
            problems.push(Problem::new(
                field,
                format!("--deny-net={name} cannot be enforced while addresses are allowed: the name may stand for one of them; deny the address"),
            ));
        }
    }
    NetPolicy::Only { allow, deny }
}

fn run_rules(files: &dyn Files, run: &Run, path_var: &str) -> Vec<FileRule> {
    let mut rules = Vec::new();
    match run {
        Run::None => return rules,
        Run::All => {
            rules.push(FileRule {
                path: "/".into(),
                rights: Rights::START,
            });
            let directories = programs::path_directories(files, path_var);
            rules.extend(directories.into_iter().map(|path| FileRule {
                path,
                rights: Rights::READ,
            }));
        }
        Run::Only(programs) => {
            let loaders = programs::loaders(files, programs);
            rules.extend(programs.iter().cloned().chain(loaders).map(|path| FileRule {
                path,
                rights: Rights::EXECUTE,
            }));
        }
    }
    rules.extend(programs::common_rules(files));
    rules
}

/// One rule for each path, with all the rights that rules gave it, in the order of the paths.
fn merged(rules: Vec<FileRule>) -> Vec<FileRule> {
    let mut by_path: BTreeMap<PathBuf, Rights> = BTreeMap::new();
    for rule in rules {
        let rights = by_path.entry(rule.path).or_default();
        rights.read |= rule.rights.read;
        rights.list |= rule.rights.list;
        rights.execute |= rule.rights.execute;
        rights.write |= rule.rights.write;
    }
    by_path
        .into_iter()
        .map(|(path, rights)| FileRule { path, rights })
        .collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
