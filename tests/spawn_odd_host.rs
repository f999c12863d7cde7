//! A host that ignores SIGCHLD and has closed its stdin. This changes the whole process, so it is a test program of its
//! own.
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::channel;

use rustix::event::{PollFd, PollFlags, poll};
use toolwarden::spawn::{Child, Exit, Launch, LaunchOptions, SpawnFailure, Spawner};

fn spawn(spawner: &Spawner, program: &str, script: &str) -> Result<Child, SpawnFailure> {
    let options = LaunchOptions {
        program: program.into(),
        name: None,
        args: vec!["-c".into(), script.into()],
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        cwd: "/".into(),
        max_open_files: None,
        max_processes: None,
        shared_memory: None,
        die_with_parent: true,
        cgroup: None,
        temporary: None,
        origin: false,
    };
    let (sender, receiver) = channel();
    spawner.spawn(Arc::new(Launch::new(options)?), move |result| {
        sender.send(result).unwrap()
    });
    receiver.recv().unwrap()
}

fn wait_readable(fd: impl std::os::fd::AsFd) {
    rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(&fd, PollFlags::IN)], None)).unwrap();
}

#[test]
fn descriptors_and_exits_are_right_all_the_same() {
    // SAFETY: descriptor 0 of a test that does not read it; the numbers 0 and up are then given out again.
    unsafe { libc::close(0) };
    // SAFETY: a disposition, no handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let spawner = Spawner::start(None).unwrap();

    let child = spawn(
        &spawner,
        "/bin/sh",
        "cat; echo out; echo err >&2; echo channel >&3; sleep 1000 & exit 5",
    )
    .unwrap();
    for (fd, expected) in [
        (&child.stdout, "out\n"),
        (&child.stderr, "err\n"),
        (&child.channel, "channel\n"),
    ] {
        let mut text = [0; 16];
        wait_readable(fd);
        let read = rustix::io::read(fd, &mut text[..]).unwrap();
        assert_eq!(std::str::from_utf8(&text[..read]).unwrap(), expected);
    }
    wait_readable(child.process.end());
    // The kernel has discarded the status; the processes that the child left behind are killed all the same.
    assert_eq!(child.process.try_reap(), Some(Exit::Unknown));
    wait_readable(&child.stdout);
    assert_eq!(std::fs::File::from(child.stdout).read(&mut [0; 16]).unwrap(), 0);

    let failure = spawn(&spawner, "/nonexistent/program", "").unwrap_err();
    assert_eq!((failure.step, failure.errno), ("execve", libc::ENOENT));
}
