//! Whether a process may be forked, as /proc shows it from outside, and what its children must know. What the process
//! says about itself plays no part.

use std::fs;
use std::os::fd::RawFd;
use std::path::Path;

use super::smaps::{Region, regions};
use super::wire::{Registration, Setup, fits};
use crate::worker::protocol::{CHANNEL_FD, MEMORY_FD};

/// The names of a process's threads; empty where it has ended.
pub(super) fn threads(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).unwrap_or_default();
    let names = tasks.into_iter().flatten().flatten().map(name);
    names.map(|name| name.trim().to_owned()).collect()
}

/// Resident bytes of a process.
pub(super) fn resident(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages = text
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0u64) * rustix::param::page_size() as u64
}

/// Why a process with these threads cannot be forked: a fork copies only the thread that makes it.
pub(super) fn too_many_threads(names: &[String]) -> String {
    format!("it keeps {} threads running: {}", names.len(), names.join(", "))
}

/// Looks at an origin that has imported everything: what its children must know, and its memory. The reason where it cannot
/// be forked.
pub(super) fn inspect(pid: u32) -> Result<(Setup, Vec<Region>), String> {
    let names = threads(pid);
    if names.len() != 1 {
        return Err(too_many_threads(&names));
    }
    let (epoll, wake) = descriptors(Path::new(&format!("/proc/{pid}/fd")))?;
    let fdinfo = read(&format!("/proc/{pid}/fdinfo/{epoll}"))?;
    let memory = regions(&read(&format!("/proc/{pid}/smaps"))?);
    let setup = Setup {
        host: std::process::id() as i32,
        epoll,
        wake,
        registered: registered(&fdinfo, wake)?,
        uncopied: uncopied(&memory),
    };
    if !fits(setup.uncopied.len()) {
        return Err("it has too many regions of memory that a fork leaves out".to_owned());
    }
    Ok((setup, memory))
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

/// The event loop's descriptor and the one that wakes it; none but these and the fixed ones may be open.
fn descriptors(directory: &Path) -> Result<(RawFd, RawFd), String> {
    let entries = fs::read_dir(directory).map_err(|error| format!("its descriptors cannot be listed: {error}"))?;
    let (mut epoll, mut wake) = (None, None);
    let mut others = Vec::new();
    for entry in entries.flatten() {
        let Ok(number) = entry.file_name().to_string_lossy().parse::<RawFd>() else {
            continue;
        };
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let target = target.to_string_lossy();
        match &*target {
            _ if number <= CHANNEL_FD => {}
            "anon_inode:[eventpoll]" if epoll.is_none() => epoll = Some(number),
            "anon_inode:[eventfd]" if wake.is_none() => wake = Some(number),
            _ if number == MEMORY_FD && target.starts_with("/memfd:") => {}
            _ => others.push(format!("{number} ({target})")),
        }
    }
    if !others.is_empty() {
        others.sort();
        return Err(format!("it keeps descriptors open: {}", others.join(", ")));
    }
    epoll
        .zip(wake)
        .ok_or_else(|| "it has no event loop that is known".to_owned())
}

/// What the loop watches, which may be only the channel and the eventfd.
fn registered(fdinfo: &str, wake: RawFd) -> Result<Vec<Registration>, String> {
    let mut all = Vec::new();
    for line in fdinfo.lines().filter(|line| line.starts_with("tfd:")) {
        let one = registration(line).ok_or_else(|| format!("its event loop cannot be read: {line}"))?;
        if one.fd != wake && one.fd != CHANNEL_FD {
            return Err(format!("its event loop waits for descriptor {}", one.fd));
        }
        all.push(one);
    }
    match fits(all.len()) {
        true => Ok(all),
        false => Err("its event loop waits for too much".to_owned()),
    }
}

/// `tfd: 3 events: 2019 data: 7f... ...`, with numbers in base 16 but for the first.
fn registration(line: &str) -> Option<Registration> {
    let mut words = line.split_ascii_whitespace();
    let mut after = |name: &str| words.find(|word| *word == name).and_then(|_| words.next());
    Some(Registration {
        fd: after("tfd:")?.parse().ok()?,
        events: u32::from_str_radix(after("events:")?, 16).ok()?,
        data: u64::from_str_radix(after("data:")?, 16).ok()?,
    })
}

/// The regions that a fork leaves out.
fn uncopied(memory: &[Region]) -> Vec<(u64, u64)> {
    let left_out = memory.iter().filter(|region| region.uncopied);
    left_out.map(|region| (region.from, region.to)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrations_are_read() {
        let fdinfo = "pos:\t0\nflags:\t02000002\ntfd:        3 events:     2019 data:     7f0a  pos:0 ino:1 sdev:9\n\
                      tfd:        6 events:       1d data: 10000000002  pos:0 ino:2 sdev:f\n";
        let all = registered(fdinfo, 6).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].fd, all[0].events, all[0].data), (3, 0x2019, 0x7f0a));
        assert_eq!((all[1].fd, all[1].events, all[1].data), (6, 0x1d, 0x100_0000_0002));
        assert_eq!(
            registered(fdinfo, 7).unwrap_err(),
            "its event loop waits for descriptor 6"
        );
    }

    #[test]
    fn regions_that_a_fork_leaves_out_are_found() {
        let smaps = "1000-3000 rw-p 00000000 00:00 0 \nRss: 4 kB\nVmFlags: rd wr mr dc \n\
                     3000-4000 rw-p 00000000 00:00 0 \nVmFlags: rd wr mr \n\
                     5000-6000 r--p 00000000 00:00 0 [vvar]\nVmFlags: rd mr io dc dd \n";
        assert_eq!(uncopied(&regions(smaps)), [(0x1000, 0x3000)]);
    }

    #[test]
    fn this_process_has_more_than_an_origin_may_have() {
        // A test runs on a thread beside the main one.
        let names = threads(std::process::id());
        assert!(names.len() > 1);
        let reason = inspect(std::process::id()).unwrap_err();
        assert!(
            reason.starts_with("it keeps ") && reason.contains(" threads running: "),
            "{reason}"
        );
        assert!(resident(std::process::id()) > 0);
    }
}
