//! What runtimes try of their own accord, and go on without: no access of a tool's.
//!
//! A tool may try the same. Such a refusal is in no list, and the list that it is not in is not called complete.

use std::path::Path;

use super::attempt::Attempt;
use super::policy::Policy;

/// How many processors, how much memory and which pages there are, and what a process that starts says of itself.
const OF_THE_MACHINE: &[&str] = &[
    "/proc/meminfo",
    "/proc/stat",
    "/proc/self/oom_score_adj",
    "/sys/fs/cgroup",
    "/sys/kernel/mm",
    "/sys/devices/system",
    "/proc/sys/vm",
    "/dev/tty",
];
/// What libc looks at before it asks for a name. With the network they may be read.
const OF_THE_NETWORK: &[&str] = &[
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/protocols",
];
/// Looked for in every directory above a module.
const OF_PACKAGES: &[&str] = &[
    "package.json",
    "tsconfig.json",
    "jsconfig.json",
    "bunfig.toml",
    "node_modules",
];
/// Where Bun keeps what it transpiled, below the home directory.
const TRANSPILED: &str = ".bun/install/cache";

/// Every process that starts reads these: what the policy says of their names is what it says of them, since the kernel's own files
/// are no links that lead elsewhere. So nothing has to be looked for.
pub(super) fn is_of_the_machine(attempt: &Attempt) -> bool {
    let Attempt::Open(named, opening) = attempt else {
        return false;
    };
    !opening.write && !opening.create && OF_THE_MACHINE.iter().any(|top| named.flag_path.starts_with(top))
}

/// Whether a refused attempt may be the runtime's.
pub(super) fn may_be_the_runtimes(attempt: &Attempt, policy: &Policy) -> bool {
    match attempt {
        Attempt::Open(named, opening) => {
            let path = &named.flag_path;
            let of_the_system = OF_THE_MACHINE
                .iter()
                .chain(OF_THE_NETWORK)
                .any(|top| path.starts_with(top));
            if of_the_system || is_of_cache(path) {
                return true;
            }
            // Bun looks through the directories above a module, and writes them with a slash at the end.
            let above = opening.directory && named.slash;
            let of_package = path.file_name().and_then(|name| name.to_str());
            let of_package = of_package.is_some_and(|name| OF_PACKAGES.contains(&name));
            !opening.write
                && (above || (of_package && path.parent().is_some_and(|parent| is_above_modules(parent, policy))))
        }
        Attempt::Make(named) | Attempt::Remove(named) | Attempt::Metadata(named) => is_of_cache(&named.flag_path),
        Attempt::Move { from, .. } => is_of_cache(&from.flag_path),
        Attempt::Truncate(_) | Attempt::Watch(_) | Attempt::Link { .. } => false,
    }
}

/// Whether it is the cache, in it, or a directory that has to be made for it.
fn is_of_cache(path: &Path) -> bool {
    let beginnings = [TRANSPILED, ".bun/install", ".bun"];
    let own = path.to_string_lossy().contains("/.bun/install/cache/");
    own || is_of_manager(path) || beginnings.iter().any(|end| path.ends_with(end))
}

/// Whether it is in the manager's own cache, where Bun would add what it finds missing: `.toolwarden/<name>.modules/<file>`.
fn is_of_manager(path: &Path) -> bool {
    path.parent().is_some_and(|cache| {
        cache.extension().is_some_and(|kind| kind == "modules")
            && cache
                .parent()
                .is_some_and(|directory| directory.ends_with(".toolwarden"))
    })
}

fn is_above_modules(directory: &Path, policy: &Policy) -> bool {
    policy
        .files
        .iter()
        .any(|rule| rule.rights.read && rule.path != directory && rule.path.starts_with(directory))
}

#[cfg(test)]
mod tests {
    use super::super::attempt::{OpenRequest, TargetPath};
    use super::super::policy::{PlanInput, plan};
    use super::*;
    use crate::config::{Permissions, RuntimeType};

    fn policy() -> Policy {
        plan(&PlanInput {
            permissions: &Permissions::from_bun_flags(&["--allow-read=/usr/share".to_owned()]).expect("valid flags"),
            working_dir: Path::new("/project"),
            entrypoint: None,
            worker_file: Path::new("/project/.toolwarden/worker.mjs"),
            runtime_binary: Path::new("/proc/self/exe"),
            runtime: RuntimeType::Bun,
            path_var: "/usr/bin:/bin",
            home: None,
        })
        .expect("a policy")
    }

    fn named(text: &str) -> TargetPath {
        TargetPath {
            flag_path: text.trim_end_matches('/').into(),
            host_path: text.into(),
            slash: text.ends_with('/'),
        }
    }

    #[test]
    fn what_every_start_reads_has_a_name() {
        let reading = OpenRequest {
            read: true,
            ..OpenRequest::default()
        };
        let writing = OpenRequest { write: true, ..reading };
        let is = |path: &str, opening| is_of_the_machine(&Attempt::Open(named(path), opening));
        assert!(is("/sys/fs/cgroup/memory.max", reading) && is("/proc/sys/vm/overcommit_memory", reading));
        assert!(!is("/proc/sys/vm/overcommit_memory", writing) && !is("/proc/1/environ", reading));
        assert!(!is("/sys/fs/cgroups", reading), "a name that only begins alike");
    }

    #[test]
    fn what_runtimes_try_is_told_from_what_tools_try() {
        let reading = OpenRequest {
            read: true,
            follow: true,
            ..OpenRequest::default()
        };
        let listing = OpenRequest {
            directory: true,
            ..reading
        };
        let writing = OpenRequest { write: true, ..reading };
        for (text, opening, of_the_runtime) in [
            ("/sys/kernel/mm/transparent_hugepage/enabled", reading, true),
            ("/proc/meminfo", reading, true),
            ("/etc/hosts", reading, true),
            ("/etc/passwd", reading, false),
            ("/etc/ssl/private/key.pem", reading, false),
            ("/usr/", listing, true),
            ("/usr", listing, false),
            ("/usr/package.json", reading, true),
            ("/usr/package.json", writing, false),
            ("/elsewhere/package.json", reading, false),
            ("/home/me/.bun/install/cache/@t@/1.pile", writing, true),
            ("/home/me/.bunting", writing, false),
            ("/data/in.csv", reading, false),
        ] {
            let attempt = Attempt::Open(named(text), opening);
            assert_eq!(may_be_the_runtimes(&attempt, &policy()), of_the_runtime, "{text}");
        }
        for (text, of_the_runtime) in [
            ("/home/me/.bun", true),
            ("/home/me/.bun/install/cache/@t@", true),
            ("/data/out", false),
        ] {
            assert_eq!(
                may_be_the_runtimes(&Attempt::Make(named(text)), &policy()),
                of_the_runtime,
                "{text}"
            );
        }
    }
}
