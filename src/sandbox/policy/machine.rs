//! Which parts of /proc and /dev count as files: entries about the machine, and devices that are the same for
//! everybody.
//!
//! Everything else there belongs to a process, a terminal, a disk or an input device, and is not part of "every file".

use std::ffi::CStr;
use std::path::{Path, PathBuf};

use super::runtime::existing;
use super::{FileRule, Files};
use crate::error::hints::flags;

/// Entries about the machine and not about a process. Entries that reveal other users' processes, keys, locks or timers
/// are left out, and so is `net`, a link to the reader's own connections and so to the machine's.
const PROC: &[&str] = &[
    "/proc/cgroups",
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/crypto",
    "/proc/devices",
    "/proc/diskstats",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/partitions",
    "/proc/pressure",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys",
    "/proc/uptime",
    "/proc/version",
    "/proc/vmstat",
];

/// What a runtime reads about itself. Without maps JSC aborts; the others are used by process.memoryUsage and the like.
pub(in super::super) const OWN_FILES: [&CStr; 7] = [
    c"/proc/self/maps",
    c"/proc/self/stat",
    c"/proc/self/statm",
    c"/proc/self/status",
    c"/proc/self/cgroup",
    c"/proc/self/cmdline",
    c"/proc/self/limits",
];

/// Devices without state that one process could leave for another.
const DEVICES: &[&str] = &["/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"];

/// Trees that a rule about everything does not cover.
const APART: [&str; 2] = ["/proc", "/dev"];

/// What programs, and tools that may read every file, may read of /proc.
pub(super) fn proc_rules(files: &dyn Files) -> Vec<FileRule> {
    existing(files, PROC)
}

/// The devices that are part of "every file".
pub(super) fn device_rules(files: &dyn Files) -> Vec<FileRule> {
    existing(files, DEVICES)
}

/// Whether a real path is excluded from a rule about every file.
pub(super) fn is_apart(path: &Path) -> bool {
    APART.iter().any(|top| path.starts_with(top))
}

/// Why a real path of these trees, or of /sys, cannot be named in a flag.
pub fn kernel_file(real: &Path, write: bool) -> Option<&'static str> {
    if write && (real.starts_with("/proc") || real.starts_with("/sys")) {
        return Some(flags::CHANGES_THE_MACHINE);
    }
    if [Path::new("/dev"), Path::new("/dev/pts")].contains(&real) {
        return Some(flags::HOLDS_DEVICES);
    }
    let within: PathBuf = real.strip_prefix("/proc").ok()?.into();
    let first = within
        .components()
        .next()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    match first.as_deref() {
        None => Some(flags::HOLDS_ENVIRONMENTS),
        Some(entry) if entry.bytes().all(|byte| byte.is_ascii_digit()) => Some(flags::OF_A_PROCESS),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_of_devices_and_processes_cannot_be_listed_as_a_whole() {
        for (path, write, refused) in [
            ("/dev", false, true),
            ("/dev", true, true),
            ("/dev/pts", false, true),
            ("/dev/ttyUSB0", true, false),
            ("/dev/shm", true, false),
            ("/proc", false, true),
            ("/proc/1/cmdline", false, true),
            ("/proc/meminfo", false, false),
            ("/sys", false, false),
            ("/sys", true, true),
            ("/developer", true, false),
        ] {
            assert_eq!(kernel_file(Path::new(path), write).is_some(), refused, "{path} {write}");
        }
    }

    #[test]
    fn nothing_of_a_process_is_of_the_machine() {
        assert!(PROC.iter().all(|path| kernel_file(Path::new(path), false).is_none()));
        assert!(!PROC.iter().any(|path| path.contains("self") || path.ends_with("/net")));
    }
}
