//! Opens entries of /proc that a worker's processes may read of each other.
//!
//! Landlock's rules apply to inodes, and those of a process that a tool starts do not exist when the rules are made.
//! Where programs may be run, every open for reading is therefore reported. If the path names a /proc entry of a
//! process in the caller's own group, which nobody can leave or enter, the supervisor opens the entry and passes the
//! descriptor. In every other case the kernel continues the call and Landlock decides, so a path that changes after it
//! was read here gains nothing.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

use super::super::policy::OWN_FILES;
use super::descriptor_wait::retry_while_short_of_descriptors;
use super::listener::{Answer, Call, Listener};
use super::target::Target;
use crate::error::descriptors::is_shortage;

/// What may be read of a process and of each of its threads. Left out: links that lead out of /proc (`exe`, `cwd`,
/// `root`), memory, the environment, and `net`, which shows the machine's connections.
const OF_A_PROCESS: &[&str] = &[
    "cgroup",
    "cmdline",
    "comm",
    "cpuset",
    "limits",
    "maps",
    "mountinfo",
    "mounts",
    "numa_maps",
    "oom_score",
    "oom_score_adj",
    "schedstat",
    "smaps",
    "smaps_rollup",
    "stat",
    "statm",
    "status",
    "wchan",
];

/// Directories of a process that may be listed; each entry in them is judged again.
const LISTED: &[&str] = &["fd", "fdinfo", "task"];

/// An entry of /proc, parsed from its path.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    /// /proc itself: the list of processes.
    Top,
    Of {
        process: Process,
        name: String,
    },
}

#[derive(Debug, PartialEq, Eq)]
enum Process {
    Caller,
    Number(u32),
}

impl Entry {
    /// Landlock has a rule for the worker's own entry, and the kernel opens it faster than the supervisor.
    fn has_a_rule(&self) -> bool {
        let Entry::Of {
            process: Process::Caller,
            name,
        } = self
        else {
            return false;
        };
        OWN_FILES
            .iter()
            .any(|path| path.to_bytes().strip_prefix(b"/proc/self/") == Some(name.as_bytes()))
    }
}

/// The entry that a path names, if a process may read it of its own group.
fn entry(path: &[u8]) -> Option<Entry> {
    let path = std::str::from_utf8(path).ok()?.strip_prefix("/proc")?;
    if !path.is_empty() && !path.starts_with('/') {
        return None;
    }
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    let Some(first) = parts.next() else {
        return Some(Entry::Top);
    };
    let rest: Vec<&str> = parts.collect();
    let (process, rest) = match first {
        "self" => (Process::Caller, rest),
        // A link to self/mounts.
        "mounts" if rest.is_empty() => (Process::Caller, vec!["mounts"]),
        number => (Process::Number(digits(number)?), rest),
    };
    let allowed = match rest.as_slice() {
        [] => true,
        [name] | ["task", _, name] if OF_A_PROCESS.contains(name) => true,
        [name] | ["task", _, name] => LISTED.contains(name) && rest.len() == 1,
        ["task", _] => true,
        _ => false,
    };
    let thread_is_number = rest.first() != Some(&"task") || rest.get(1).is_none_or(|thread| digits(thread).is_some());
    (allowed && thread_is_number).then(|| Entry::Of {
        process,
        name: rest.join("/"),
    })
}

fn digits(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// Answers an open for reading.
pub(super) fn answer(listener: &Listener, call: &Call, target: &Target, path: u64, flags: u64) -> Option<Answer> {
    let Some(entry) = target.read_string(path).ok().and_then(|path| entry(&path)) else {
        return Some(Answer::Continue);
    };
    if entry.has_a_rule() && target.is_worker() {
        return Some(Answer::Continue);
    }
    let flags = OFlags::from_bits_retain(flags as u32);
    let file = match retry_while_short_of_descriptors(
        target.worker(),
        || opened(target, &entry, flags),
        || listener.waits(call.id),
    ) {
        Ok(file) => file,
        Err(error) => return Some(refused(&error)),
    };
    // The opened entry belongs to the caller's group if the caller still waits.
    if !listener.waits(call.id) {
        return None;
    }
    match listener.give(call.id, file.as_fd(), flags.contains(OFlags::CLOEXEC)) {
        Ok(()) => None,
        Err(error) => Some(refused(&error)),
    }
}

/// Where no descriptor is passed the kernel decides, except for a shortage of the host, which is not a missing right.
fn refused(error: &io::Error) -> Answer {
    let shortage = error.raw_os_error().filter(|errno| is_shortage(*errno));
    shortage.map_or(Answer::Continue, Answer::Errno)
}

/// Opens the entry; an error where the caller may not read it or it does not exist.
fn opened(target: &Target, entry: &Entry, flags: OFlags) -> io::Result<OwnedFd> {
    let wanted = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | (flags & OFlags::DIRECTORY);
    let directory = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let (process, name) = match entry {
        Entry::Top => return Ok(rustix::fs::open("/proc", wanted | OFlags::DIRECTORY, Mode::empty())?),
        Entry::Of { process, name } => (process, name),
    };
    let number = match process {
        Process::Caller => target.process()?.ok_or(Errno::SRCH)?,
        Process::Number(number) => *number,
    };
    // The directory refers to one process: when that has ended nothing in it can be opened, whoever gets its number.
    let of_process = rustix::fs::open(format!("/proc/{number}"), directory, Mode::empty())?;
    if Target::new(number).worker() != target.worker() {
        return Err(Errno::ACCESS.into());
    }
    if name.is_empty() {
        return Ok(openat(&of_process, ".", wanted, Mode::empty())?);
    }
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let name = OsStr::from_bytes(name.as_bytes());
    Ok(openat2(&of_process, name, wanted, Mode::empty(), within)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(process: Process, name: &str) -> Option<Entry> {
        Some(Entry::Of {
            process,
            name: name.to_owned(),
        })
    }

    #[test]
    fn every_read_proc_file_is_classified() {
        assert_eq!(entry(b"/proc"), Some(Entry::Top));
        assert_eq!(entry(b"/proc/"), Some(Entry::Top));
        assert_eq!(entry(b"/proc/self/maps"), of(Process::Caller, "maps"));
        assert_eq!(entry(b"/proc//self/./stat"), of(Process::Caller, "stat"));
        assert_eq!(entry(b"/proc/mounts"), of(Process::Caller, "mounts"));
        assert_eq!(entry(b"/proc/12/task/13/comm"), of(Process::Number(12), "task/13/comm"));
        assert_eq!(entry(b"/proc/12/task"), of(Process::Number(12), "task"));
        assert_eq!(entry(b"/proc/12"), of(Process::Number(12), ""));
    }

    #[test]
    fn everything_else_is_left_to_the_kernel() {
        for path in [
            "/etc/passwd",
            "/processes",
            "proc/self/maps",
            "/proc/self/environ",
            "/proc/self/mem",
            "/proc/self/net/tcp",
            "/proc/net/tcp",
            "/proc/self/root/etc/shadow",
            "/proc/self/cwd",
            "/proc/self/exe",
            "/proc/self/fd/3",
            "/proc/self/task/../../1/cmdline",
            "/proc/self/../1/cmdline",
            "/proc/self/task/self/stat",
            "/proc/self/task/1/task/2/stat",
            "/proc/self/task/1/fd",
            "/proc/self/map_files",
            "/proc/+1/stat",
            "/proc/99999999999/stat",
            "/proc/meminfo",
            "/proc/mounts/x",
        ] {
            assert_eq!(entry(path.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn only_the_callers_group_is_opened() {
        let own = std::process::id();
        let target = Target::new(own);
        let open = |path: String| opened(&target, &entry(path.as_bytes()).expect("an entry"), OFlags::RDONLY).is_ok();
        assert!(open("/proc/self/maps".into()) && open(format!("/proc/{own}/stat")) && open("/proc".into()));
        assert!(!open("/proc/1/cmdline".into()), "init is in another group");
    }
}
