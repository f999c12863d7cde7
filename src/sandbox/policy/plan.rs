//! From permissions to a policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::scopes::{self, Reach};
use super::{Disk, FileRule, Files, NetPolicy, Policy, Rights, Run, package, programs, runtime, unix};
use crate::config::{Host, NetScope, Permissions, RuntimeType, Scope};
use crate::error::{Error, Problem};

/// What planning starts from. All paths but those in the permissions are absolute.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    pub permissions: &'a Permissions,
    pub working_dir: &'a Path,
    /// None when the manager has no tools.
    pub entrypoint: Option<&'a Path>,
    pub worker_file: &'a Path,
    /// The runtime's program, not a link or script that leads to it.
    pub runtime_binary: &'a Path,
    pub runtime: RuntimeType,
    /// PATH of the worker: names of `--allow-run` are looked up in it.
    pub path_var: &'a str,
}

/// Plans with the real file system.
pub fn plan(input: &PlanInput<'_>) -> Result<Policy, Box<Error>> {
    plan_with(&Disk, input)
}

/// Plans; reports every problem at once as one configuration error.
pub fn plan_with(files: &dyn Files, input: &PlanInput<'_>) -> Result<Policy, Box<Error>> {
    let mut problems = Vec::new();
    let given = input.permissions;
    let read_flags = scopes::flags(input.runtime, false);
    let write_flags = scopes::flags(input.runtime, true);
    let always = always_readable(files, input);

    let read = scopes::reach(files, &given.read, read_flags, false, input.working_dir, &mut problems);
    let write = scopes::reach(files, &given.write, write_flags, true, input.working_dir, &mut problems);
    let deny_read = scopes::check_denied(
        files,
        &given.deny_read,
        &read,
        &always,
        read_flags,
        input.working_dir,
        &mut problems,
    );
    let deny_write = scopes::check_denied(
        files,
        &given.deny_write,
        &write,
        &[],
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

    let mut rules = runtime::rules(files, input.runtime_binary, input.runtime);
    rules.extend(always.iter().map(|path| FileRule {
        path: path.clone(),
        rights: Rights::READ,
    }));
    if let Ok(path) = files.real(input.working_dir) {
        rules.push(FileRule {
            path,
            rights: Rights::LIST,
        });
    }
    if let Reach::Paths(paths) = &read {
        rules.extend(paths.iter().map(|path| FileRule {
            path: path.clone(),
            rights: Rights::READ,
        }));
    }
    if let Reach::Paths(paths) = &write {
        rules.extend(paths.iter().map(|path| FileRule {
            path: path.clone(),
            rights: Rights::WRITE,
        }));
    }
    if net != NetPolicy::None {
        rules.extend(runtime::network_rules(files));
    }
    rules.extend(run_rules(files, &run, input.path_var));
    Ok(Policy {
        files: merged(rules),
        read_all: read == Reach::Everything,
        write_all: write == Reach::Everything,
        run,
        net,
        unix,
        runtime: input.runtime_binary.to_path_buf(),
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

/// What no flag takes away: the worker file, the entrypoint's package and what is imported from outside it.
fn always_readable(files: &dyn Files, input: &PlanInput<'_>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    paths.extend(
        input
            .worker_file
            .parent()
            .and_then(|directory| files.real(directory).ok()),
    );
    if let Some(entrypoint) = input.entrypoint.and_then(|path| files.real(path).ok()) {
        let package = package::package_directory(files, &entrypoint);
        paths.extend(package::shared_directories(files, &package));
        paths.push(package);
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
            Some(path) if found.contains(&path) => {}
            Some(path) => found.push(path),
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
                "--deny-net cannot be held together with --allow-net without a list: a datagram's address cannot be checked; list what is allowed instead",
            ));
            return NetPolicy::All;
        }
        NetScope::Only(rules) => rules.clone(),
    };
    for rule in &deny {
        // A name is held by its addresses, and those are only known for names that are allowed.
        if let Host::Name(name) = &rule.host
            && !allow.iter().any(|allowed| allowed.host == rule.host)
            && allow.iter().any(|allowed| matches!(allowed.host, Host::Ip(_)))
        {
            problems.push(Problem::new(
                field,
                format!("--deny-net={name} cannot be held while addresses are allowed: the name may stand for one of them; deny the address"),
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
            for program in programs {
                let needs = programs::needs(files, program, path_var);
                rules.extend(needs.into_iter().map(|path| FileRule {
                    path,
                    rights: Rights::EXECUTE,
                }));
            }
        }
    }
    rules.extend(programs::common_rules(files));
    rules
}

/// One rule for each path, with all rights that rules gave it, in the order of the paths.
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
