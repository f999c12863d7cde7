//! Accesses that runtimes try on their own and can do without; they are not accesses of a tool.
//!
//! A tool may try the same. Such a refusal is not listed, and the list that lacks it is not called complete.

use std::path::Path;

use super::attempt::Attempt;
use super::policy::{FileRule, Policy};

/// The number of processors, the amount of memory, the page sizes, and what a starting process reads about itself.
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
/// What libc reads before it resolves a name. It may be read where the network is allowed.
const OF_THE_NETWORK: &[&str] = &[
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/protocols",
];
/// Files that are searched in every directory above a module.
const OF_PACKAGES: &[&str] = &[
    "package.json",
    "tsconfig.json",
    "jsconfig.json",
    "bunfig.toml",
    "node_modules",
];
/// Bun's cache of transpiled files, below the home directory.
const TRANSPILED: &str = ".bun/install/cache";

/// Every starting process reads these. They are the kernel's own files and not links, so the policy can be applied to
/// their names without a lookup.
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
            // Bun searches the directories above a module, and writes them with a trailing slash.
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

/// Whether the path is the cache, in it, or a directory that must be made for it.
fn is_of_cache(path: &Path) -> bool {
    let beginnings = [TRANSPILED, ".bun/install", ".bun"];
    let own = path.to_string_lossy().contains("/.bun/install/cache/");
    own || is_of_manager(path) || beginnings.iter().any(|end| path.ends_with(end))
}

/// Whether it is in the manager's own cache, to which Bun would add what it finds missing:
/// `.toolwarden/<name>.modules/<file>`.
fn is_of_manager(path: &Path) -> bool {
    path.parent().is_some_and(|cache| {
        cache.extension().is_some_and(|kind| kind == "modules")
            && cache
                .parent()
                .is_some_and(|directory| directory.ends_with(".toolwarden"))
    })
}

fn is_above_modules(directory: &Path, policy: &Policy) -> bool {
    let is_below = |rule: &FileRule| rule.rights.read && rule.path != directory && rule.path.starts_with(directory);
    policy.files.iter().any(is_below) || policy.code.any(is_below)
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
            worker_file: Some(Path::new("/project/.toolwarden/worker.mjs")),
            command: None,
            runtime_binary: Path::new("/proc/self/exe"),
            runtime: RuntimeType::Bun,
            path_var: "/usr/bin:/bin",
            home: None,
            addon: None,
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
    fn every_file_that_a_start_reads_is_classified() {
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
    fn attempts_of_runtimes_are_distinguished_from_attempts_of_tools() {
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
