//! The smallest permissions that would have allowed what one tool did.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::activity::{Activity, Need};
use super::fold::fold;
use super::network::{Entry, network};
use super::optional::{above_searches, is_optional_path, is_optional_variable};
use super::wide_places::Wide;
use crate::config::{NetRule, NetScope, Permissions, Scope};
use crate::sandbox::policy::{Files, Kind, Policy, is_secret, resolve_program, started_by};

/// What the result depends on besides the activity.
pub struct Surroundings<'a> {
    pub files: &'a dyn Files,
    /// The project's root, a real path.
    pub working_dir: &'a Path,
    pub home: Option<&'a Path>,
    /// The PATH of the tools' processes.
    pub path_var: &'a str,
    /// The policy that permissions make; none where they make none.
    pub plan: &'a dyn Fn(&Permissions) -> Option<Policy>,
    /// Whether a flag for this variable of the host should be learnt.
    pub is_needed_variable: &'a dyn Fn(&str) -> bool,
}

/// What one tool needs.
#[derive(Debug, Default)]
pub struct Learned {
    /// Paths absolute and real, folded.
    pub permissions: Permissions,
    /// What a person should know about them, a sentence each.
    pub notices: Vec<String>,
    /// What was done that needs a flag and that programs do without.
    pub left_out: Permissions,
    exact: Exact,
}

/// The same without folding, to be compared with given permissions.
#[derive(Debug, Default)]
struct Exact {
    read: BTreeSet<PathBuf>,
    write: BTreeSet<PathBuf>,
    every_host: bool,
    hosts: Vec<Entry>,
    variables: Vec<String>,
    /// Real paths, each with how a flag names it.
    programs: BTreeMap<PathBuf, String>,
}

impl Learned {
    pub fn of(activity: &Activity, around: &Surroundings<'_>) -> Self {
        let programs = programs(activity, around);
        let net = network(activity);
        let hosts: Vec<Entry> = net.entries.into_values().collect();
        let read_variables = activity.needs().filter_map(|need| match need {
            Need::Env(name) => Some(name.clone()),
            _ => None,
        });
        let (variables, other_variables): (Vec<String>, Vec<String>) =
            read_variables.partition(|name| (around.is_needed_variable)(name) && !is_optional_variable(name));
        let mut permissions = Permissions {
            net: net_scope(net.everything, &hosts),
            net_besides: besides(net.everything, &hosts),
            env: scope(variables.iter().cloned()),
            run: scope(programs.values().cloned()),
            ..Permissions::default()
        };
        // What these flags allow by themselves needs no other: a program's libraries, or the files that name servers.
        let policy = (around.plan)(&permissions);
        let mut left_out = Permissions {
            env: scope(other_variables.into_iter()),
            net: net_scope(net.reported && !net.everything, &[]),
            ..Permissions::default()
        };
        let mut needed = |read: bool| {
            let (needed, optional) = files(activity, around, policy.as_ref(), read);
            let place = if read { &mut left_out.read } else { &mut left_out.write };
            *place = scope(optional.iter().map(|path| text(path)));
            needed
        };
        let exact = Exact {
            read: needed(true),
            write: needed(false),
            every_host: net.everything,
            hosts,
            variables,
            programs,
        };
        let wide = Wide {
            working_dir: around.working_dir,
            home: around.home,
        };
        let may_stand_for_its_entries = |used: &BTreeSet<PathBuf>, directory: &Path| {
            !wide.is(directory)
                && !around
                    .files
                    .list(directory)
                    .iter()
                    .any(|path| is_secret(path) && !used.contains(path))
        };
        let read = fold(&exact.read, |directory| {
            may_stand_for_its_entries(&exact.read, directory)
        });
        let write = fold(&exact.write, |directory| {
            may_stand_for_its_entries(&exact.write, directory)
        });
        let notices = notices(activity, around, &wide, &exact, [&read, &write]);
        permissions.read = scope(read.iter().map(|path| text(path)));
        permissions.write = scope(write.iter().map(|path| text(path)));
        Self {
            permissions,
            notices,
            left_out,
            exact,
        }
    }

    /// What the tool did that these permissions do not allow. `policy`: the one that they make.
    pub fn beyond(&self, allowed: &Permissions, policy: Option<&Policy>, working_dir: &Path) -> Permissions {
        if allowed.all {
            return Permissions::default();
        }
        let exact = &self.exact;
        let is_beyond = |rule: &NetRule| {
            let asked = Permissions {
                net: NetScope::Only(vec![rule.clone()]),
                ..Permissions::default()
            };
            asked.beyond(allowed, working_dir) != Permissions::default()
        };
        let hosts: Vec<Entry> = exact
            .hosts
            .iter()
            .filter(|entry| std::iter::once(&entry.rule).chain(&entry.others).all(is_beyond))
            .cloned()
            .collect();
        let every_host = exact.every_host && allowed.net != NetScope::All;
        let variables = Permissions {
            env: scope(exact.variables.iter().cloned()),
            ..Permissions::default()
        };
        let programs = exact.programs.iter().filter(|(real, _)| match &allowed.run {
            Scope::None => true,
            Scope::All => false,
            Scope::Only(listed) => !listed.iter().any(|program| Path::new(program) == *real),
        });
        let refused = |paths: &BTreeSet<PathBuf>, may: &dyn Fn(&Policy, &Path) -> bool| {
            let refused = paths
                .iter()
                .filter(|path| !policy.is_some_and(|policy| may(policy, path)));
            scope(refused.map(|path| text(path)))
        };
        Permissions {
            read: refused(&exact.read, &|policy, path| policy.may_read(path)),
            write: refused(&exact.write, &Policy::may_write),
            net: net_scope(every_host, &hosts),
            net_besides: besides(every_host, &hosts),
            run: scope(programs.map(|(_, name)| name.clone())),
            ..variables.beyond(allowed, working_dir)
        }
    }
}

/// The programs that were started, by their real paths, each as a flag names it; not those that another one starts anyway.
fn programs(activity: &Activity, around: &Surroundings<'_>) -> BTreeMap<PathBuf, String> {
    let mut called: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
    for need in activity.needs() {
        if let Need::Run { called: by, real } = need {
            called.entry(real.clone()).or_default().push(by);
        }
    }
    let implied: BTreeSet<PathBuf> = called
        .keys()
        .flat_map(|real| {
            let started = started_by(around.files, real, around.path_var);
            started.into_iter().filter(move |other| other != real)
        })
        .collect();
    called.retain(|real, _| !implied.contains(real));
    let found = |name: &str| resolve_program(around.files, name, around.working_dir, around.path_var);
    let mut programs: Vec<(PathBuf, String)> = called
        .into_iter()
        .map(|(real, by)| {
            let mut names = by.iter().filter_map(|path| path.file_name()?.to_str());
            let name = names.find(|name| found(name).as_ref() == Some(&real));
            let name = name.map_or_else(|| text(&real), str::to_owned);
            (real, name)
        })
        .collect();
    // To the kernel a second name of a file is the same program. What PATH finds is preferred.
    programs.sort_by_key(|(_, name)| name.contains('/'));
    let mut known = BTreeSet::new();
    programs.retain(|(real, _)| around.files.inode(real).is_none_or(|(inode, _)| known.insert(inode)));
    programs.into_iter().collect()
}

/// The files that were read or written, and that the policy does not allow; and those of them that are optional. What was
/// created meanwhile is named by the directory in which it was created, and what is gone by the directory that is left.
fn files(
    activity: &Activity,
    around: &Surroundings<'_>,
    policy: Option<&Policy>,
    read: bool,
) -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
    let allowed = |path: &Path| {
        policy.is_some_and(|policy| match read {
            true => policy.may_read(path),
            false => policy.may_write(path),
        })
    };
    let is_directory = |path: &Path| around.files.kind(path) == Some(Kind::Directory);
    let listed = |path: &Path| read && is_directory(path) && policy.is_some_and(|policy| policy.may_list(path));
    let used = activity.needs().filter_map(|need| match need {
        Need::Read(path) if read => Some(path),
        Need::Write(path) if !read => Some(path),
        _ => None,
    });
    let used: BTreeSet<PathBuf> = used.filter(|path| !allowed(path) && !listed(path)).cloned().collect();
    let directories = used.iter().filter(|path| read && is_directory(path)).cloned().collect();
    let searched = above_searches(&directories, around.working_dir);
    let (optional, needed): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) = used
        .into_iter()
        .partition(|path| searched.contains(path) || is_optional_path(path));
    let lasting = |path: &Path| lasting(activity, around.files, path);
    let mut needed: BTreeSet<PathBuf> = needed
        .iter()
        .map(|path| lasting(path))
        .filter(|path| !allowed(path))
        .collect();
    if read {
        let moves = activity.needs().filter_map(|need| match need {
            Need::Move { from, to } => Some((lasting(from), lasting(to))),
            _ => None,
        });
        let moves: Vec<_> = moves.collect();
        let has = |needed: &BTreeSet<PathBuf>, path: &Path| {
            allowed(path) || path.ancestors().any(|above| needed.contains(above))
        };
        // Each turn adds a directory that a file was moved from.
        while let Some((from, _)) = moves.iter().find(|(from, to)| has(&needed, to) && !has(&needed, from)) {
            needed.insert(from.clone());
        }
    }
    (needed, optional)
}

fn lasting(activity: &Activity, files: &dyn Files, path: &Path) -> PathBuf {
    let created = path
        .ancestors()
        .filter(|above| activity.creations().contains(*above))
        .last();
    let path = created.and_then(Path::parent).unwrap_or(path);
    let mut there = path.ancestors().filter(|above| files.kind(above).is_some());
    there.next().unwrap_or(path).to_owned()
}

fn notices(
    activity: &Activity,
    around: &Surroundings<'_>,
    wide: &Wide<'_>,
    exact: &Exact,
    [read, write]: [&BTreeSet<PathBuf>; 2],
) -> Vec<String> {
    let mut notices = Vec::new();
    for path in exact.read.iter().chain(&exact.write).collect::<BTreeSet<_>>() {
        if is_secret(path) {
            notices.push(format!(
                "{} looks like a secret: is the tool meant to have it?",
                path.display()
            ));
        }
    }
    for (paths, verb) in [(read, "read"), (write, "changed")] {
        for path in paths.iter().filter(|path| wide.is(path)) {
            notices.push(match *path == around.working_dir && verb == "changed" {
                true => format!(
                    "{} was changed itself, and holds the tools' code: make a directory for what the tool writes",
                    path.display()
                ),
                false => format!(
                    "{} was {verb} itself, and holds far more than this tool's files",
                    path.display()
                ),
            });
        }
    }
    if exact.every_host {
        notices.push("datagrams or the machine's interfaces were used, which no list of hosts allows".to_owned());
    }
    if activity.is_incomplete() {
        notices.push("more was done than could be noted: the flags may lack something".to_owned());
    }
    notices
}

fn net_scope(everything: bool, hosts: &[Entry]) -> NetScope {
    match (everything, hosts) {
        (true, _) => NetScope::All,
        (false, []) => NetScope::None,
        (false, hosts) => NetScope::Only(hosts.iter().map(|entry| entry.rule.clone()).collect()),
    }
}

/// Without a list everything is allowed but unix sockets, which are listed beside it.
fn besides(everything: bool, hosts: &[Entry]) -> Vec<NetRule> {
    let unix = hosts
        .iter()
        .filter(|entry| everything && matches!(entry.rule.host, crate::config::Host::Unix(_)));
    unix.map(|entry| entry.rule.clone()).collect()
}

fn scope(entries: impl Iterator<Item = String>) -> Scope {
    let entries: Vec<String> = entries.collect();
    match entries.is_empty() {
        true => Scope::None,
        false => Scope::Only(entries),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
#[path = "learned_tests.rs"]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests;
