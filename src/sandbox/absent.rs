//! The sandbox where there is none: nothing can be enforced, and everything that asks for it is told so. The types that the rest
//! names have no values.

use super::child::{ChildSetup, InChild, StepFailure};
use super::denials::Denials;
use super::held_by::HeldBy;
use super::learn::Observations;
use super::policy::Policy;
use super::support::{Support, Survey};
use crate::error::{Code, Error, hints};

/// A prepared policy.
pub enum Sandbox {}

/// What the sandbox can use here: nothing.
pub fn probe() -> Result<Support, Box<Error>> {
    Err(unavailable())
}

fn unavailable() -> Box<Error> {
    let message = format!(
        "there is no sandbox on {}: it consists of Landlock and seccomp of the Linux kernel",
        system_name()
    );
    Box::new(Error::new(Code::SandboxUnavailable, message).hint(hints::kernel::NO_SANDBOX_HERE))
}

/// As users call this system.
fn system_name() -> &'static str {
    match std::env::consts::OS {
        "macos" => "macOS",
        "linux" => "Linux in a build for other systems",
        other => other,
    }
}

impl Support {
    /// What the sandbox can use here: nothing.
    pub fn of_this_machine() -> Result<Self, Box<Error>> {
        probe()
    }
}

/// The record of connections that a supervisor makes.
#[derive(Debug, Clone)]
pub struct Connections(());

/// What is noted while a manager learns.
#[derive(Debug, Clone)]
pub struct Learning {
    pub without_flags: Policy,
    pub observations: Observations,
}

/// Nothing can be noted either.
pub fn prepare_learning(policy: Policy, support: &Support, _learning: Option<Learning>) -> Result<Sandbox, Box<Error>> {
    prepare(policy, support)
}

/// Nothing can be enforced.
pub fn prepare(_policy: Policy, _support: &Support) -> Result<Sandbox, Box<Error>> {
    Err(unavailable())
}

pub fn survey() -> Survey {
    let error = unavailable();
    Survey {
        landlock_abi: 0,
        modules: None,
        seccomp: false,
        listener: false,
        problem: Some((error.message.clone(), error.hint.clone())),
    }
}

impl Sandbox {
    pub fn denials(&self) -> Denials {
        match *self {}
    }

    pub fn connections(&self) -> Connections {
        match *self {}
    }

    pub fn environment(&self) -> Vec<(&'static str, &'static str)> {
        match *self {}
    }

    pub fn held_by(&self) -> HeldBy {
        match *self {}
    }
}

impl ChildSetup for Sandbox {
    fn per_spawn(&mut self, _temporary: Option<std::os::fd::BorrowedFd<'_>>) -> Result<Box<dyn InChild>, StepFailure> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_is_told_what_is_missing_and_what_to_do() {
        let error = probe().expect_err("there is none");
        assert_eq!(error.code, Code::SandboxUnavailable);
        assert!(error.message.contains("Landlock"), "{error}");
        assert!(
            error
                .hint
                .as_deref()
                .is_some_and(|hint| hint.contains("sandbox: \"off\""))
        );
        let survey = survey();
        assert_eq!(
            (survey.landlock_abi, survey.seccomp, survey.listener),
            (0, false, false)
        );
        assert_eq!(survey.problem.map(|(message, _)| message), Some(error.message));
    }
}
