//! The thread that starts processes: how it ends, and its replies.

use super::*;

/// Only Linux has a signal for the end of the thread that started a process. Elsewhere whoever owns the process ends it when it is
/// dropped: `ends.rs`.
#[cfg(not(portable))]
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
