//! Removes files that nobody uses, and the directory when nothing is left. What one manager cannot remove, the next one
//! tries again.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::bundle;
use super::claim::{Claim, forget_removals, in_use, is_claim};
use super::directory::{Directory, TEMPORARY_PREFIX};
use super::lock;
use super::names::{HASH, IGNORE_FILE, IGNORED, LOCK, MODULES, WORKER_PREFIX, is_hash};
use super::trust::{FileStatus, judge_owner};

const SOURCE: &str = ".mjs";
/// The suffixes of the compiled form.
const COMPILED: [&str; 3] = [".mjs", ".js", ".js.jsc"];
/// A writer needs microseconds between making a file and locking it; an older file without a lock is abandoned.
const WRITING: Duration = Duration::from_secs(60);
/// Each failed round means that another manager opened or closed at that moment.
const ROUNDS: u32 = 100;

pub(super) fn sweep(directory: &Directory, mode: u32) {
    let Ok(names) = directory.names() else { return };
    for name in names.iter().filter(|name| name.starts_with(TEMPORARY_PREFIX)) {
        if is_abandoned(directory, name) {
            let _ = directory.remove(name);
        }
    }
    forget_removals(directory, &names);
    remove_unused(directory, &unused(directory, &names), mode);
    remove_empty(directory, mode);
}

/// Stems that nobody claims and no manifest names.
fn unused<'a>(directory: &Directory, names: &'a [String]) -> BTreeSet<&'a str> {
    let named = bundle::named(directory, names);
    let used = in_use(directory, names);
    names
        .iter()
        .filter_map(|name| owned_by(name))
        .filter(|stem| !used.contains(stem) && !named.iter().any(|kept| kept == stem))
        .collect()
}

fn remove_unused(directory: &Directory, stems: &BTreeSet<&str>, mode: u32) {
    let removals: Vec<Claim> = stems
        .iter()
        .filter_map(|stem| Claim::for_removal(directory, stem, mode).ok())
        .collect();
    // Without an announcement for each stem a new user could go unnoticed.
    if removals.is_empty() || removals.len() < stems.len() {
        return;
    }
    let Ok(names) = directory.names() else { return };
    let still = unused(directory, &names);
    for name in &names {
        if owned_by(name).is_some_and(|stem| stems.contains(stem) && still.contains(stem)) {
            let _ = match name.ends_with(MODULES) {
                true => directory.remove_tree(name),
                false => directory.remove(name),
            };
        }
    }
}

/// A file with one of our names was made by another user: others could write here, so no file here can be trusted.
pub(super) fn judge_entries(directory: &Directory) -> io::Result<()> {
    for name in directory.names()? {
        let ours = name == IGNORE_FILE
            || name.starts_with(TEMPORARY_PREFIX)
            || owned_by(&name).is_some()
            || is_claim(&name)
            || bundle::manifest_slot(&name).is_some();
        // A file that vanished meanwhile was somebody's temporary file.
        if let (true, Ok(stat)) = (ours, directory.stat(&name)) {
            judge_owner(&directory.path().join(&name), FileStatus::from(&stat), directory.me())?;
        }
    }
    Ok(())
}

/// The stem whose users decide about this file. Nothing else in the directory is ours to remove.
fn owned_by(name: &str) -> Option<&str> {
    worker_stem(name).or_else(|| bundle::stem(name))
}

/// `worker-0123456789abcdef` from a worker file's name.
fn worker_stem(name: &str) -> Option<&str> {
    let (stem, suffix) = name.split_at_checked(WORKER_PREFIX.len() + HASH)?;
    is_hash(stem.strip_prefix(WORKER_PREFIX)?).then_some(())?;
    let of_compiled = suffix
        .strip_prefix('-')
        .and_then(|rest| rest.split_at_checked(HASH))
        .is_some_and(|(hash, kind)| is_hash(hash) && (COMPILED.contains(&kind) || kind == MODULES));
    (of_compiled || [SOURCE, LOCK].contains(&suffix)).then_some(stem)
}

/// A writer that has not locked its file yet loses it here, gets "not found" and starts again.
fn is_abandoned(directory: &Directory, name: &str) -> bool {
    match directory.open_entry(name) {
        Ok(file) => matches!(lock::is_held(&file), Ok(false)),
        // Only root can open it before it is complete, so only its age tells.
        Err(_) => directory.stat(name).is_ok_and(|stat| is_old(stat.st_ctime)),
    }
}

#[allow(
    clippy::cast_sign_loss,
    clippy::allow_attributes,
    reason = "no file was changed before 1970"
)]
fn is_old(changed: i64) -> bool {
    let changed = UNIX_EPOCH + Duration::from_secs(changed.max(0) as u64);
    SystemTime::now().duration_since(changed).is_ok_and(|age| age > WRITING)
}

fn remove_empty(directory: &Directory, mode: u32) {
    // Whoever changed the directory last checks once more, so the last of several that close together finds it empty.
    for _ in 0..ROUNDS {
        match directory.names() {
            Ok(names) if names.iter().all(|name| name == IGNORE_FILE) => {}
            _ => return,
        }
        let _ = directory.remove(IGNORE_FILE);
        if directory.remove_itself().is_ok() {
            return;
        }
        // A manager came in between and may have found the file that is gone now.
        if directory.put(IGNORE_FILE, IGNORED, mode).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_ours() {
        let digits = "0123456789abcdef";
        for suffix in [
            ".mjs",
            ".lock",
            "-0123456789abcdef.mjs",
            "-0123456789abcdef.js",
            "-0123456789abcdef.js.jsc",
            "-0123456789abcdef.modules",
        ] {
            let name = format!("worker-{digits}{suffix}");
            assert_eq!(owned_by(&name), Some(&name[..WORKER_PREFIX.len() + HASH]), "{name}");
        }
        for name in [
            "worker-notes.mjs",
            "worker-0123456789abcdef.txt",
            "worker-0123456789abcdef-x.js",
            "worker-",
            "x",
        ] {
            assert_eq!(owned_by(name), None, "{name}");
        }
    }

    #[test]
    fn age_is_computed_whatever_the_clock_shows() {
        assert!(is_old(0) && is_old(-5));
        assert!(!is_old(i64::MAX / 4));
    }
}
