//! Many spawns in a process of their own: nothing accumulates, and the size of the host does not matter.
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use toolwarden::spawn::{Child, Exit, Launch, LaunchOptions, Spawner};

fn launch(program: &str) -> Arc<Launch> {
    let options = LaunchOptions {
        program: program.into(),
        name: None,
        args: Vec::new(),
        env: Vec::new(),
        cwd: "/".into(),
        max_open_files: None,
        max_processes: None,
        shared_memory: None,
        die_with_parent: true,
        cgroup: None,
        temporary: None,
        origin: false,
    };
    Arc::new(Launch::new(options).unwrap())
}

fn spawn(spawner: &Spawner, launch: &Arc<Launch>) -> Option<Child> {
    let (sender, receiver) = channel();
    spawner.spawn(Arc::clone(launch), move |result| sender.send(result.ok()).unwrap());
    receiver.recv().unwrap()
}

fn finish(child: &Child) -> Exit {
    rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(&child.process.end(), PollFlags::IN)], None)).unwrap();
    child.process.try_reap().unwrap()
}

fn descriptors() -> usize {
    std::fs::read_dir("/dev/fd").unwrap().count()
}

/// Whether this process has children, zombies included.
fn has_children() -> bool {
    let options = rustix::process::WaitIdOptions::EXITED
        | rustix::process::WaitIdOptions::NOHANG
        | rustix::process::WaitIdOptions::NOWAIT;
    !matches!(
        rustix::process::waitid(rustix::process::WaitId::All, options),
        Err(rustix::io::Errno::CHILD)
    )
}

#[cfg(not(portable))]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(not(portable))]
fn shortest(times: usize, mut run: impl FnMut() -> Duration) -> Duration {
    (0..times).map(|_| run()).min().unwrap()
}

/// How long a plain fork blocks the host's thread; the child exits at once.
#[cfg(not(portable))]
fn fork_time() -> Duration {
    let start = Instant::now();
    // SAFETY: the child only calls _exit.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: ends the forked child without running this process's exit handlers.
        unsafe { libc::_exit(0) };
    }
    let took = start.elapsed();
    // SAFETY: waits for the child just made; no status is written.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    took
}

/// Waits until no more descriptors are open than before: a thread that waits for an end on systems without pidfds closes its own a moment
/// after the process was reaped.
fn wait_for_descriptors(before: usize) {
    let limit = Instant::now() + Duration::from_secs(20);
    while descriptors() > before {
        assert!(Instant::now() < limit, "{} descriptors, not {before}", descriptors());
        std::thread::yield_now();
    }
}

/// One test for both, because they look at the whole process.
#[test]
fn spawning_leaks_nothing_and_does_not_grow_with_the_host() {
    let spawner = Spawner::start(None).unwrap();
    let works = launch("/usr/bin/env");
    let fails = launch("/nonexistent/program");
    // The first start opens what all others use.
    drop(spawn(&spawner, &works));
    assert!(spawn(&spawner, &fails).is_none());
    let before = descriptors();

    for _ in 0..200 {
        let child = spawn(&spawner, &works).unwrap();
        assert_eq!(finish(&child), Exit::Code(0));
        assert!(spawn(&spawner, &fails).is_none());
    }
    wait_for_descriptors(before);
    #[cfg(not(portable))]
    does_not_grow_with_the_host(&spawner, &works);
    // The guardian of systems other than Linux runs until then.
    drop(spawner);
    assert!(!has_children());
}

/// Elsewhere a child is forked, which costs more for a larger host.
#[cfg(not(portable))]
fn does_not_grow_with_the_host(spawner: &Spawner, works: &Arc<Launch>) {
    // One GiB of small pages that are all in memory.
    const SIZE: usize = 1 << 30;
    // SAFETY: an anonymous mapping where the kernel likes.
    let memory = unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        libc::mmap(
            std::ptr::null_mut(),
            SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            flags,
            -1,
            0,
        )
    };
    assert_ne!(memory, libc::MAP_FAILED);
    // SAFETY: the mapping just made, all of it.
    unsafe {
        assert_eq!(libc::madvise(memory, SIZE, libc::MADV_NOHUGEPAGE), 0);
        std::ptr::write_bytes(memory.cast::<u8>(), 1, SIZE);
    }
    assert!(resident_kib() > (SIZE / 1024) as u64);
    let forked = shortest(5, fork_time);
    let spawned = shortest(20, || {
        let start = Instant::now();
        let child = spawn(spawner, works).unwrap();
        let took = start.elapsed();
        finish(&child);
        took
    });
    println!("1 GiB resident: fork {forked:?}, spawn to reply {spawned:?}");
    assert!(spawned * 3 < forked, "spawn {spawned:?}, fork alone {forked:?}");
    // SAFETY: the mapping made above; nothing refers to it.
    unsafe { libc::munmap(memory, SIZE) };
}
