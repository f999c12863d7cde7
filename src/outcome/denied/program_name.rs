//! Names a program in a flag: by its name only where PATH finds the program by that name.

use std::path::{Path, PathBuf};

use crate::sandbox::{Denial, Permission, Policy};

/// A flag with a name is looked up on PATH, which may find another program first, such as a version manager's shim.
/// Then the flag names the path instead.
pub(super) fn settle(policy: &Policy, denial: &mut Denial) {
    if denial.permission != Permission::Run || !denial.resource.starts_with('/') {
        return;
    }
    let Some((_, name)) = denial.flag.split_once('=') else {
        return;
    };
    let real = Path::new(&denial.resource).canonicalize().ok();
    if !name.contains('/') && !leads_to(policy.program(name), real) {
        denial.flag = format!("--allow-run={}", denial.resource.replace(',', ",,"));
    }
}

fn leads_to(found: Option<PathBuf>, real: Option<PathBuf>) -> bool {
    // A program that no longer exists may as well be named by its name.
    real.is_none() || found == real
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::test_support;
    use super::*;

    fn flag(path_var: &str, program: &str) -> String {
        let policy = Policy {
            path_var: path_var.to_owned(),
            ..test_support::policy(&[])
        };
        let mut denial = Denial::new(Permission::Run, program.to_owned(), 0);
        settle(&policy, &mut denial);
        denial.flag
    }

    #[test]
    fn a_name_that_path_finds_elsewhere_is_a_path() {
        let shims = tempfile::tempdir().expect("a directory");
        let shim = shims.path().join("true");
        fs::write(&shim, "#!/bin/sh\n").expect("written");
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).expect("set");
        let with_shims = format!("{}:/usr/bin:/bin", shims.path().display());
        assert_eq!(flag("/usr/bin:/bin", "/usr/bin/true"), "--allow-run=true");
        assert_eq!(flag(&with_shims, "/usr/bin/true"), "--allow-run=/usr/bin/true");
        assert_eq!(flag(&with_shims, "/usr/bin/cat"), "--allow-run=cat");
        assert_eq!(flag("", "/usr/bin/true"), "--allow-run=/usr/bin/true");
        let shown = shim.to_string_lossy().into_owned();
        assert_eq!(flag(&with_shims, &shown), format!("--allow-run={shown}"));
    }

    #[test]
    fn a_program_that_is_not_found_stays_a_name() {
        assert_eq!(flag("/usr/bin", "/usr/bin/not-there"), "--allow-run=not-there");
        assert_eq!(flag("", "true"), "--allow-run=true");
        assert_eq!(flag("", ""), "--allow-run");
    }
}
