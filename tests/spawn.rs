//! Real processes through the spawner: what a child starts with, how it ends, and that nothing of it stays.
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod spawn_support;

use std::io::Read;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use spawn_support::{failure, options, read_all, read_line, shell, spawn, spawner, wait_exit, wait_gone};
use toolwarden::sandbox::{ChildSetup, Guardian, InChild, StepFailure};
use toolwarden::spawn::{Exit, Launch, Spawner};

#[test]
fn shared_memory_is_ready_before_the_process_is() {
    let spawner = spawner();
    for _ in 0..50 {
        let mut options = shell("od -An -tu4 -j128 -N4 /proc/self/fd/4; od -An -tu4 -j192 -N4 /proc/self/fd/4");
        options.shared_memory = Some(1);
        let child = spawn(&spawner, options).unwrap();
        assert_eq!(wait_exit(&child), Exit::Code(0));
        let mut said = String::new();
        std::fs::File::from(child.stdout).read_to_string(&mut said).unwrap();
        let numbers: Vec<&str> = said.split_whitespace().collect();
        assert_eq!(numbers, ["1", "262144"], "the host wants to be told; the ring's size");
    }
}

#[test]
fn output_streams_and_exit_code() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("echo out; echo err >&2; exit 7")).unwrap();
    assert_eq!(read_all(&child.stdout), "out\n");
    assert_eq!(read_all(&child.stderr), "err\n");
    assert_eq!(wait_exit(&child), Exit::Code(7));
    assert_eq!(child.process.try_reap(), Some(Exit::Code(7)));
    assert!(child.process.group_gone());
}

#[test]
fn the_signal_that_ended_it_is_told() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("kill -SEGV $$")).unwrap();
    assert_eq!(wait_exit(&child), Exit::Signal(libc::SIGSEGV));
}

#[test]
fn a_missing_program_fails_at_execve() {
    assert_eq!(
        failure(spawn(&spawner(), options("/nonexistent/bun", &[]))),
        ("execve", libc::ENOENT, false)
    );
}

#[test]
fn a_file_that_is_no_program_fails_at_execve() {
    assert_eq!(
        failure(spawn(&spawner(), options("/etc/passwd", &[]))),
        ("execve", libc::EACCES, false)
    );
}

#[test]
fn a_program_that_is_being_written_is_worth_another_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("busy");
    std::fs::copy("/bin/true", &path).unwrap();
    let writer = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let spawner = spawner();
    let busy = options(path.to_str().unwrap(), &[]);
    assert_eq!(failure(spawn(&spawner, busy.clone())), ("execve", libc::ETXTBSY, true));
    drop(writer);
    // A child of another test may hold a copy of the writer until its own execve.
    let child = (0..1000).find_map(|_| match spawn(&spawner, busy.clone()) {
        Err(failure) if failure.retryable => None,
        result => Some(result.unwrap()),
    });
    assert_eq!(wait_exit(&child.unwrap()), Exit::Code(0));
}

#[test]
fn a_missing_directory_fails_at_chdir() {
    let mut options = shell("exit 0");
    options.cwd = "/nonexistent".into();
    assert_eq!(failure(spawn(&spawner(), options)), ("chdir", libc::ENOENT, false));
}

#[test]
fn the_child_has_its_four_descriptors_and_no_other() {
    let spawner = spawner();
    // Inheritable ones of the host, below and far above the child's own.
    let leaky = rustix::io::dup(std::io::stderr()).unwrap();
    let far = rustix::io::fcntl_dupfd_cloexec(&leaky, 700).unwrap();
    rustix::io::fcntl_setfd(&far, rustix::io::FdFlags::empty()).unwrap();
    // The directory being listed is the fifth, by its own open.
    let child = spawn(&spawner, options("/bin/ls", &["-l", "/proc/self/fd"])).unwrap();
    let listing = read_all(&child.stdout);
    let found: Vec<(&str, &str)> = listing
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        .map(|(left, target)| (left.rsplit(' ').next().unwrap(), target))
        .collect();
    assert_eq!(found.len(), 5, "{listing}");
    assert_eq!(found[0], ("0", "/dev/null"));
    assert!(
        found[1].1.starts_with("pipe:") && found[2].1.starts_with("pipe:"),
        "{listing}"
    );
    assert!(found[3].0 == "3" && found[3].1.starts_with("socket:"), "{listing}");
    assert!(found[4].1.starts_with("/proc/"), "{listing}");
    wait_exit(&child);
}

#[test]
fn the_channel_carries_bytes_both_ways() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("read line <&3; echo \"got $line\" >&3")).unwrap();
    rustix::io::write(&child.channel, b"ping\n").unwrap();
    assert_eq!(read_line(&child.channel), "got ping");
    assert_eq!(wait_exit(&child), Exit::Code(0));
}

#[test]
fn environment_directory_limits_and_signals_are_as_planned() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().canonicalize().unwrap();
    let mut planned = shell(
        "pwd; env; awk '/core file|open files/ {print (/core/ ? $5 : $4)}' /proc/self/limits; cat /proc/self/oom_score_adj; grep -E '^Sig(Blk|Ign)' /proc/self/status",
    );
    planned.cwd = real.clone();
    planned.env = vec![("ONLY".into(), "this one".into())];
    planned.max_open_files = Some(77);
    // Rust's runtime ignores SIGPIPE in this host, as Node does in another.
    let spawner = spawner();
    let child = spawn(&spawner, planned).unwrap();
    let output = read_all(&child.stdout);
    let lines: Vec<&str> = output.lines().filter(|line| !line.starts_with("PWD=")).collect();
    let expected = [real.to_str().unwrap(), "ONLY=this one", "1", "77", "500"];
    assert_eq!(lines[..5], expected, "{output}");
    assert_eq!(
        lines[5..],
        ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"],
        "{output}"
    );
    wait_exit(&child);
}

#[test]
fn killing_the_group_takes_grandchildren_that_ignore_everything() {
    let spawner = spawner();
    let script = "trap '' TERM HUP INT; (trap '' TERM HUP; sleep 1000) & sh -c 'sleep 1000 & wait' & echo ready; wait";
    let child = spawn(&spawner, shell(script)).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    assert!(!child.process.group_gone());
    child.process.kill_group();
    assert_eq!(wait_exit(&child), Exit::Signal(libc::SIGKILL));
    // The pipe closes when the last of them has gone.
    assert_eq!(read_all(&child.stdout), "");
    wait_gone(&child);
}

#[test]
fn reaping_the_leader_kills_what_it_left_behind() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("sleep 1000 & exit 0")).unwrap();
    assert_eq!(wait_exit(&child), Exit::Code(0));
    assert_eq!(read_all(&child.stdout), "");
    wait_gone(&child);
}

#[test]
fn nothing_is_reaped_or_signalled_while_it_runs_or_after() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("echo ready; read line <&3")).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    assert_eq!(child.process.try_reap(), None);
    rustix::io::write(&child.channel, b"go\n").unwrap();
    assert_eq!(wait_exit(&child), Exit::Code(0));
    child.process.kill_group();
    assert_eq!(child.process.try_reap(), Some(Exit::Code(0)));
}

#[test]
fn the_hosts_own_children_are_left_to_it() {
    let spawner = spawner();
    let mut own = std::process::Command::new("/bin/sh")
        .args(["-c", "exit 3"])
        .spawn()
        .unwrap();
    let child = spawn(&spawner, shell("exit 4")).unwrap();
    assert_eq!(wait_exit(&child), Exit::Code(4));
    assert_eq!(own.wait().unwrap().code(), Some(3));
}

#[test]
fn a_dropped_process_is_killed_and_reaped() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("echo ready; sleep 1000")).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    let pid = child.process.pid();
    drop(child.process);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert_eq!(read_all(&child.stdout), "");
}

#[test]
fn the_end_of_the_spawners_thread_kills_its_processes() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("echo ready; exec sleep 1000")).unwrap();
    let mut outliving = shell("echo ready; exec sleep 1000");
    outliving.die_with_parent = false;
    let outliving = spawn(&spawner, outliving).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    assert_eq!(read_line(&outliving.stdout), "ready");
    drop(spawner);
    assert_eq!(wait_exit(&child), Exit::Signal(libc::SIGKILL));
    assert_eq!(outliving.process.try_reap(), None);
}

#[test]
fn every_request_is_answered_when_the_spawner_is_dropped() {
    let spawner = spawner();
    let launch = Arc::new(Launch::new(shell("exit 0")).unwrap());
    let (sender, receiver) = channel();
    for _ in 0..50 {
        let sender = sender.clone();
        spawner.spawn(Arc::clone(&launch), move |result| {
            sender.send(result.map(drop)).unwrap()
        });
    }
    drop((spawner, sender));
    let answers: Vec<_> = receiver.iter().collect();
    assert_eq!(answers.len(), 50);
    for answer in answers {
        assert!(answer.is_ok_and(|()| true) || answer.unwrap_err().step == "closed");
    }
}

#[test]
fn a_reply_may_drop_the_spawner() {
    let (done, wait) = channel();
    let slot = Arc::new(std::sync::Mutex::new(Some(spawner())));
    let inner = Arc::clone(&slot);
    let launch = Arc::new(Launch::new(shell("exit 0")).unwrap());
    let guard = slot.lock().unwrap();
    guard.as_ref().unwrap().spawn(launch, move |_| {
        drop(inner.lock().unwrap().take());
        done.send(()).unwrap();
    });
    drop(guard);
    wait.recv().unwrap();
}

#[test]
fn a_reply_that_panics_ends_nothing_else() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("echo ready; read line <&3")).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    spawner.spawn(Arc::new(Launch::new(shell("exit 0")).unwrap()), |_| {
        panic!("a caller's mistake")
    });
    assert!(spawn(&spawner, shell("exit 0")).is_ok());
    assert_eq!(child.process.try_reap(), None);
}

/// A sandbox whose steps fail or write a note, as asked.
struct Scripted {
    thread: Result<(), StepFailure>,
    spawn: Result<(), StepFailure>,
    child: Result<(), StepFailure>,
    told: std::sync::mpsc::Sender<u32>,
}

struct ScriptedChild(Result<(), StepFailure>);

impl ChildSetup for Scripted {
    fn on_spawner_thread(&mut self) -> Result<(), StepFailure> {
        self.thread
    }

    fn per_spawn(&mut self, _temporary: Option<BorrowedFd<'_>>) -> Result<Box<dyn InChild>, StepFailure> {
        self.spawn
            .map(|()| Box::new(ScriptedChild(self.child)) as Box<dyn InChild>)
    }

    fn spawned(&mut self, pid: u32) -> Option<Guardian> {
        let _ = self.told.send(pid);
        None
    }
}

impl InChild for ScriptedChild {
    fn keep_fds(&self) -> &[i32] {
        &[]
    }

    unsafe fn apply(&self, before_filter: &dyn Fn() -> Result<(), StepFailure>) -> Result<(), StepFailure> {
        // SAFETY: one system call on constant data.
        unsafe { libc::write(3, b"applied\n".as_ptr().cast(), 8) };
        before_filter()?;
        self.0
    }
}

fn scripted() -> (Scripted, std::sync::mpsc::Receiver<u32>) {
    let (told, heard) = channel();
    let sandbox = Scripted {
        thread: Ok(()),
        spawn: Ok(()),
        child: Ok(()),
        told,
    };
    (sandbox, heard)
}

#[test]
fn the_sandbox_is_applied_in_the_child_and_told_its_pid() {
    let (sandbox, heard) = scripted();
    let spawner = Spawner::start(Some(Box::new(sandbox))).unwrap();
    let child = spawn(&spawner, shell("exit 0")).unwrap();
    assert_eq!(read_line(&child.channel), "applied");
    assert_eq!(heard.recv().unwrap(), child.process.pid());
}

#[test]
fn a_sandbox_step_that_fails_is_told_by_name() {
    let (mut sandbox, _heard) = scripted();
    sandbox.child = Err(("landlock_restrict_self", libc::E2BIG));
    let spawner = Spawner::start(Some(Box::new(sandbox))).unwrap();
    assert_eq!(
        failure(spawn(&spawner, shell("exit 0"))),
        ("landlock_restrict_self", libc::E2BIG, false)
    );

    let (mut sandbox, _heard) = scripted();
    sandbox.spawn = Err(("landlock_create_ruleset", libc::EMFILE));
    let spawner = Spawner::start(Some(Box::new(sandbox))).unwrap();
    assert_eq!(
        failure(spawn(&spawner, shell("exit 0"))),
        ("landlock_create_ruleset", libc::EMFILE, true)
    );

    let (mut sandbox, _heard) = scripted();
    sandbox.thread = Err(("seccomp", libc::EBUSY));
    let error = Spawner::start(Some(Box::new(sandbox))).err().unwrap();
    assert_eq!(error.code.as_str(), "ERR_SANDBOX_UNAVAILABLE");
    assert!(error.message.contains("seccomp"), "{}", error.message);
}
