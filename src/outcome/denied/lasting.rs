//! Flags about files that a tool made itself. The next call makes them anew, perhaps under another name, and a flag
//! must name a file that exists when a manager is made. So the flag names the directory, which is the narrowest that
//! works.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::file::real;
use crate::sandbox::{Denial, Policy};

/// Names the directory instead of a file that was made after `since` or is gone, where the tool may have made it. That
/// is never wider than what the tool may write.
pub(super) fn name_what_lasts(denial: &mut Denial, policy: &Policy, since: SystemTime) {
    if !denial.permission.is_of_files() {
        return;
    }
    let Some((_, listed)) = denial.flag.split_once('=') else {
        return;
    };
    let listed = PathBuf::from(listed.replace(",,", ","));
    // `*` means everything in Node's flags.
    if !listed.is_absolute() {
        return;
    }
    let lasting = lasting(&listed, policy, since);
    if lasting != listed {
        let path = lasting.to_string_lossy().into_owned();
        denial.flag = Denial::new(denial.permission, path, denial.worker).flag;
    }
}

fn lasting<'a>(path: &'a Path, policy: &Policy, since: SystemTime) -> &'a Path {
    let mut lasting = path;
    while let Some(directory) = lasting.parent()
        && !was_there(lasting, since)
        && policy.may_write(&real(directory))
    {
        lasting = directory;
    }
    lasting
}

/// Where the file system does not tell when something was made, it is assumed to have existed.
fn was_there(path: &Path, since: SystemTime) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| !found.created().is_ok_and(|created| created > since))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files for a test to find")]
mod tests {
    use std::fs::{create_dir, write};
    use std::time::Duration;

    use super::super::test_support;
    use super::*;
    use crate::sandbox::Permission;

    fn flag(path: &Path, policy: &Policy, since: SystemTime) -> String {
        let mut denial = Denial::new(Permission::Read, path.to_string_lossy().into_owned(), 0);
        name_what_lasts(&mut denial, policy, since);
        denial.flag
    }

    /// A time after the existing files were made, and one before.
    fn times() -> (SystemTime, SystemTime) {
        let hour = Duration::from_secs(3600);
        (SystemTime::now() + hour, SystemTime::now() - hour)
    }

    #[test]
    fn files_that_the_tool_made_are_allowed_by_their_writable_directory() {
        let (_made, directory) = test_support::directory();
        let sub = directory.join("made");
        create_dir(&sub).expect("made");
        let file = sub.join("a.txt");
        write(&file, "a").expect("written");
        let policy = test_support::policy(&[&format!("--allow-write={}", directory.display())]);
        let (later, earlier) = times();
        assert_eq!(flag(&file, &policy, later), format!("--allow-read={}", file.display()));
        // Everything is new, the listed directory too: a tool cannot have made anything above it.
        let listed = format!("--allow-read={}", directory.display());
        assert_eq!(flag(&file, &policy, earlier), listed);
        assert_eq!(flag(&sub.join("gone/b.txt"), &policy, earlier), listed);
        let made = format!("--allow-read={}", sub.display());
        assert_eq!(flag(&sub.join("gone/b.txt"), &policy, later), made);
    }

    #[test]
    fn files_that_it_cannot_have_made_keep_their_flag() {
        let (_made, directory) = test_support::directory();
        let (_, earlier) = times();
        for path in [directory.join("module.ts"), directory.join("gone")] {
            let own = format!("--allow-read={}", path.display());
            assert_eq!(flag(&path, &test_support::policy(&[]), earlier), own);
        }
        let mut denial = Denial::new(Permission::Net, "a.test:1".to_owned(), 0);
        name_what_lasts(&mut denial, &test_support::policy(&[]), earlier);
        assert_eq!(denial.flag, "--allow-net=a.test:1");
    }
}
