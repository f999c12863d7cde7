//! A sandbox is applied in the child.

use std::os::fd::BorrowedFd;

use toolwarden::sandbox::{ChildSetup, Guardian, InChild, StepFailure};

use super::*;

/// A sandbox whose steps fail or write a note, as the test asks.
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
fn the_sandbox_is_applied_in_the_child_and_receives_its_pid() {
    let (sandbox, heard) = scripted();
    let spawner = Spawner::start(Some(Box::new(sandbox))).unwrap();
    let child = spawn(&spawner, shell("exit 0")).unwrap();
    assert_eq!(read_line(&child.channel), "applied");
    assert_eq!(heard.recv().unwrap(), child.process.pid());
}

#[test]
fn a_failing_sandbox_step_is_reported_by_name() {
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
