//! Real processes through the spawner: their state at the start, how they end, and that nothing of them is left.
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ends;
#[cfg(not(portable))]
mod sandbox;
mod spawner_thread;
mod starts;

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use toolwarden::spawn::{Child, Exit, Launch, LaunchOptions, SpawnFailure, Spawner};

pub(crate) fn options(program: &str, args: &[&str]) -> LaunchOptions {
    LaunchOptions {
        program: program.into(),
        name: None,
        args: args.iter().map(OsString::from).collect(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        cwd: "/".into(),
        max_open_files: None,
        max_processes: None,
        shared_memory: None,
        die_with_parent: true,
        cgroup: None,
        temporary: None,
        origin: false,
    }
}

pub(crate) fn shell(script: &str) -> LaunchOptions {
    options("/bin/sh", &["-c", script])
}

pub(crate) fn spawn(spawner: &Spawner, options: LaunchOptions) -> Result<Child, SpawnFailure> {
    let (sender, receiver) = channel();
    spawner.spawn(Arc::new(Launch::new(options)?), move |result| {
        sender.send(result).unwrap()
    });
    receiver.recv().unwrap()
}

pub(crate) fn spawner() -> Spawner {
    Spawner::start(None).unwrap()
}

pub(crate) fn wait_readable(fd: impl AsFd) {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    let limit = Timespec { tv_sec: 20, tv_nsec: 0 };
    assert_eq!(
        rustix::io::retry_on_intr(|| poll(&mut fds, Some(&limit))).unwrap(),
        1,
        "nothing happened for 20 s"
    );
}

pub(crate) fn wait_exit(child: &Child) -> Exit {
    wait_readable(child.process.end());
    child.process.try_reap().unwrap()
}

/// A pipe closes a moment before the process that has it open becomes a zombie, and no event reports when an orphan
/// becomes one.
pub(crate) fn wait_gone(child: &Child) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !child.process.group_gone() {
        assert!(Instant::now() < limit, "the group is still there after 20 s");
        std::thread::yield_now();
    }
}

/// Reads everything until the other end is closed.
pub(crate) fn read_all(fd: &OwnedFd) -> String {
    let mut file = std::fs::File::from(fd.try_clone().unwrap());
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        wait_readable(fd);
        match file.read(&mut chunk).unwrap() {
            0 => return String::from_utf8(all).unwrap(),
            read => all.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Reads the first line without waiting for the end.
pub(crate) fn read_line(fd: &OwnedFd) -> String {
    let mut file = std::fs::File::from(fd.try_clone().unwrap());
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        wait_readable(fd);
        assert_eq!(
            file.read(&mut byte).unwrap(),
            1,
            "ended after {:?}",
            String::from_utf8_lossy(&line)
        );
        match byte[0] {
            b'\n' => return String::from_utf8(line).unwrap(),
            other => line.push(other),
        }
    }
}

pub(crate) fn failure(result: Result<Child, SpawnFailure>) -> (&'static str, i32, bool) {
    let failure = result.unwrap_err();
    (failure.step, failure.errno, failure.retryable)
}
