//! How a process ends, and that nothing of it is left.

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::*;

#[test]
fn killing_the_group_takes_grandchildren_that_ignore_everything() {
    let spawner = spawner();
    let script = "trap '' TERM HUP INT; (trap '' TERM HUP; sleep 1000) & sh -c 'sleep 1000 & wait' & echo ready; wait";
    let child = spawn(&spawner, shell(script)).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    assert!(!child.process.group_gone());
    child.process.kill_group();
    assert_eq!(wait_exit(&child), Exit::Signal(libc::SIGKILL));
    // The pipe closes when the last of them has ended.
    assert_eq!(read_all(&child.stdout), "");
    wait_gone(&child);
}

#[test]
fn reaping_the_leader_kills_the_rest_of_its_group() {
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

/// The number of zombies whose parent is this process.
#[cfg(not(portable))]
fn zombies() -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let own = format!(" Z {} ", std::process::id());
    stats.filter(|stat| stat.contains(&own)).count()
}

/// Only on Linux does a process other than the system's first inherit orphans.
#[cfg(not(portable))]
#[test]
fn orphans_that_the_host_inherits_are_reaped_and_its_own_children_are_not() {
    // As for process 1 of a container.
    // SAFETY: no memory is passed.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }, 0);
    let mut own = std::process::Command::new("/bin/sh")
        .args(["-c", "exit 3"])
        .spawn()
        .unwrap();
    let spawner = spawner();
    let script = "for n in 1 2 3 4 5 6 7 8; do (true &); done; (sleep 1000 &); echo ready; exit 0";
    let child = spawn(&spawner, shell(script)).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    assert_eq!(wait_exit(&child), Exit::Code(0));
    assert_eq!(read_all(&child.stdout), "");
    wait_gone(&child);
    assert!(zombies() <= 1, "only the own child may be left: {}", zombies());
    assert_eq!(own.wait().unwrap().code(), Some(3));
}

#[test]
fn a_dropped_process_is_killed_and_reaped() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("echo ready; sleep 1000")).unwrap();
    assert_eq!(read_line(&child.stdout), "ready");
    let pid = child.process.pid();
    drop(child.process);
    let number = Pid::from_raw(pid.cast_signed()).unwrap();
    assert_eq!(test_kill_process(number), Err(Errno::SRCH), "not even a zombie is left");
    assert_eq!(read_all(&child.stdout), "");
}
