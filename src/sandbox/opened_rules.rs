//! The Landlock rules of a policy, each with its open path.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::landlock::{self, HandledAccess, fs};
use super::opened::{self, Opened};
use super::policy::{Disk, FileRule, Policy, Rights};
use super::rule_paths::{self, KernelMounts};

/// An open path and the rights that its kind of file can have.
pub(super) type Rule = (Arc<Opened>, u64);

/// Every rule with its open path. Rules about everything leave out the kernel's own file systems.
pub(super) fn open_all(policy: &Policy, handled: &HandledAccess) -> Result<Vec<Rule>, (PathBuf, io::Error)> {
    let mounts = kernel_mounts()?;
    let mut rules: Vec<FileRule> = Vec::new();
    for rule in &policy.files {
        spread(rule, &mounts, &mut rules);
    }
    if policy.read_all {
        rules.push(FileRule {
            path: "/".into(),
            rights: Rights::LIST,
        });
        spread(
            &FileRule {
                path: "/".into(),
                rights: Rights::READ,
            },
            &mounts,
            &mut rules,
        );
    }
    if policy.write_all {
        spread(
            &FileRule {
                path: "/".into(),
                rights: Rights::WRITE,
            },
            &mounts,
            &mut rules,
        );
    }
    open_each(without_covered(rules), handled)
}

/// The rules about code that are not covered by the policy's own.
pub(super) fn open_code(policy: &Policy, handled: &HandledAccess) -> Result<Vec<Rule>, (PathBuf, io::Error)> {
    let own = &policy.files;
    let covered = |rule: &FileRule| {
        own.iter()
            .any(|above| rule.path.starts_with(&above.path) && above.rights.include(rule.rights))
    };
    let mut rules = policy.code.rules();
    rules.retain(|rule| !covered(rule));
    if policy.read_all {
        // Everything else is covered by the rule about every file. A project may lie in /dev/shm.
        let mounts = kernel_mounts()?;
        rules.retain(|rule| mounts.apart.iter().any(|top| rule.path.starts_with(top)));
    }
    open_each(without_covered(rules), handled)
}

/// Without them, a rule about everything would include kernel file systems that are mounted elsewhere.
fn kernel_mounts() -> Result<KernelMounts, (PathBuf, io::Error)> {
    let file = "/proc/self/mountinfo";
    let mountinfo = std::fs::read(file).map_err(|error| (file.into(), error))?;
    Ok(KernelMounts::parse(&mountinfo))
}

fn open_each(rules: Vec<FileRule>, handled: &HandledAccess) -> Result<Vec<Rule>, (PathBuf, io::Error)> {
    let mut opened = Vec::with_capacity(rules.len());
    for rule in rules {
        match opened::open(&rule.path) {
            Ok(path) => match landlock::rights_for(path.is_dir(), of_kernel(rule.rights), handled) {
                0 => {}
                rights => opened.push((path, rights)),
            },
            // The file is gone since the plan was made, so there is nothing to allow.
            Err(error) if opened::is_gone(&error) => {}
            Err(error) => return Err((rule.path, error)),
        }
    }
    Ok(opened)
}

/// The rules without those that a rule above them covers: each rule costs every start a system call.
fn without_covered(rules: Vec<FileRule>) -> Vec<FileRule> {
    let covers = |above: &FileRule, rule: &FileRule| {
        above.path != rule.path && rule.path.starts_with(&above.path) && above.rights.include(rule.rights)
    };
    let needed = |rule: &&FileRule| !rules.iter().any(|above| covers(above, rule));
    rules.iter().filter(needed).cloned().collect()
}

/// Splits a rule into the rules of the trees that it stands for.
fn spread(rule: &FileRule, mounts: &KernelMounts, rules: &mut Vec<FileRule>) {
    let explicit = ["/proc", "/sys", "/dev"].iter().any(|top| rule.path.starts_with(top));
    let avoid = match (rule.rights.write, rule.rights.read) {
        _ if explicit => Vec::new(),
        (true, _) => mounts.all(),
        (false, true) => mounts.apart.clone(),
        (false, false) => Vec::new(),
    };
    let paths = rule_paths::without(&Disk, &rule.path, &avoid);
    rules.extend(paths.into_iter().map(|path| FileRule {
        path,
        rights: rule.rights,
    }));
}

pub(super) fn of_kernel(rights: Rights) -> u64 {
    let mut bits = 0;
    if rights.read {
        bits |= fs::READ_FILE;
    }
    if rights.list {
        bits |= fs::READ_DIR;
    }
    if rights.execute {
        bits |= fs::EXECUTE;
    }
    if rights.write {
        // Devices and pipes are left out: they are not files in the sense of the flag. Sockets cannot be made where
        // unix sockets are refused.
        bits |= fs::WRITE_FILE
            | fs::TRUNCATE
            | fs::MAKE_REG
            | fs::MAKE_DIR
            | fs::MAKE_SYM
            | fs::MAKE_SOCK
            | fs::REMOVE_FILE
            | fs::REMOVE_DIR
            | fs::REFER;
    }
    bits
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn writing_makes_no_devices_and_does_not_read() {
        let write = of_kernel(Rights::WRITE);
        assert_eq!(write & (fs::MAKE_CHAR | fs::MAKE_BLOCK | fs::MAKE_FIFO), 0);
        assert_eq!(write & (fs::READ_FILE | fs::READ_DIR | fs::EXECUTE), 0);
    }

    #[test]
    fn a_rule_under_one_that_allows_as_much_is_left_out() {
        let rule = |path: &str, rights| FileRule {
            path: path.into(),
            rights,
        };
        let kept = [
            rule("/usr", Rights::READ),
            rule("/usr/bin/bun", Rights::EXECUTE),
            rule("/usr/share/data", Rights::READ_WRITE),
            rule("/usr2", Rights::READ),
        ];
        let mut rules = kept.to_vec();
        rules.push(rule("/usr/lib/libc.so", Rights::READ));
        rules.push(rule("/usr/share/data/in", Rights::WRITE));
        assert_eq!(without_covered(rules), kept);
    }

    #[test]
    fn reading_everything_has_no_rule_on_processes_and_devices() {
        let mounts = KernelMounts::parse(b"");
        let mut rules = Vec::new();
        spread(
            &FileRule {
                path: "/".into(),
                rights: Rights::READ,
            },
            &mounts,
            &mut rules,
        );
        assert!(rules.iter().any(|rule| rule.path == Path::new("/etc")));
        for apart in ["/proc", "/dev"] {
            assert!(!rules.iter().any(|rule| Path::new(apart).starts_with(&rule.path)));
            assert!(!rules.iter().any(|rule| rule.path.starts_with(apart)));
        }
    }
}
