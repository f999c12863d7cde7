//! Notes what processes do that they need flags for, while a manager learns. Each reported call is judged by the policy that no
//! flags make, and goes on whatever that says. Nothing is enforced here, so it does not matter that the caller can change
//! what it named after it was looked at.

use std::path::PathBuf;

use super::super::denial::Permission;
use super::super::learn::{Need, Observations};
use super::super::own_attempts::{is_of_the_machine, may_be_the_runtimes};
use super::super::policy::{Disk, Files, Policy};
use super::file_calls;
use super::listener::Call;
use super::refusal_recorder::is_own_entry;
use super::target::Target;

#[derive(Debug)]
pub(super) struct Learner {
    /// What is allowed without any flag.
    without_flags: Policy,
    observations: Observations,
}

impl Learner {
    pub(super) fn new(without_flags: Policy, observations: Observations) -> Self {
        Learner {
            without_flags,
            observations,
        }
    }

    /// Notes what a file call needs. `waits`: whether what was read of the caller was its own.
    pub(super) fn file(&self, call: &Call, target: &Target, worker: u32, waits: impl Fn() -> bool) {
        let Some(attempt) = file_calls::attempt(call, target) else {
            return;
        };
        if is_own_entry(&attempt, target)
            || is_of_the_machine(&attempt)
            || may_be_the_runtimes(&attempt, &self.without_flags)
        {
            return;
        }
        let lacking = attempt.lacking(&self.without_flags);
        if lacking.is_empty() {
            return;
        }
        let (created, moved) = (attempt.creates(), attempt.moves());
        if !waits() {
            return;
        }
        for one in lacking {
            let path = as_the_caller_finds_it(one.real, target);
            self.observations.note(
                worker,
                match one.permission {
                    Permission::Write => Need::Write(path),
                    _ => Need::Read(path),
                },
            );
        }
        if let Some(created) = created {
            self.observations.created(worker, created);
        }
        if let Some((from, to)) = moved {
            self.observations.note(worker, Need::Move { from, to });
        }
    }

    /// Notes a program that is started, but for the runtime as which the worker itself begins.
    pub(super) fn program(&self, called: PathBuf, real: PathBuf, target: Target, worker: u32) {
        if real == self.without_flags.runtime && target.is_worker() {
            self.observations.begins(worker);
        } else if Disk.executable(&real) {
            self.observations.note(worker, Need::Run { called, real });
        }
    }

    /// A call goes on that nobody looks at.
    pub(super) fn missed(&self, worker: u32) {
        self.observations.missed(worker);
    }
}

/// Entries of a process in /proc have another path for each process.
fn as_the_caller_finds_it(real: PathBuf, target: &Target) -> PathBuf {
    let own = target
        .process()
        .ok()
        .flatten()
        .map(|process| format!("/proc/{process}"));
    match own.and_then(|own| real.strip_prefix(own).ok().map(PathBuf::from)) {
        Some(entry) => PathBuf::from("/proc/self").join(entry),
        None => real,
    }
}
