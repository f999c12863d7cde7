//! Records what Landlock refuses, because Landlock itself reports nothing. Each reported call is judged by the policy
//! before the kernel continues it.

use super::super::attempt::Attempt;
use super::super::denial::Denial;
use super::super::denials::Denials;
use super::super::own_attempts::{is_of_the_machine, may_be_the_runtimes};
use super::super::policy::{OWN_FILES, Policy};
use super::file_calls;
use super::listener::Call;
use super::target::Target;

#[derive(Debug)]
pub(super) struct RefusalRecorder {
    policy: Policy,
    denials: Denials,
}

/// What one call is refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    denials: Vec<Denial>,
    of_the_runtime: bool,
}

impl Refused {
    pub(super) fn is_empty(&self) -> bool {
        self.denials.is_empty() && !self.of_the_runtime
    }
}

impl RefusalRecorder {
    pub(super) fn new(policy: Policy, denials: Denials) -> Self {
        RefusalRecorder { policy, denials }
    }

    pub(super) fn refused(&self, call: &Call, target: &Target) -> Refused {
        let Some(attempt) = file_calls::attempt(call, target) else {
            return Refused::default();
        };
        if is_own_entry(&attempt, target) {
            return Refused::default();
        }
        if let Attempt::Open(named, _) = &attempt
            && is_of_the_machine(&attempt)
        {
            return Refused {
                of_the_runtime: !self.policy.may_read(&named.host_path),
                denials: Vec::new(),
            };
        }
        let denials = attempt.refused(&self.policy);
        if denials.is_empty() {
            return Refused::default();
        }
        Refused {
            of_the_runtime: may_be_the_runtimes(&attempt, &self.policy),
            denials,
        }
    }

    pub(super) fn note(&self, refused: Refused, worker: u32) {
        if refused.of_the_runtime {
            return self.denials.leave_out(worker);
        }
        for denial in refused.denials {
            self.denials.add(Denial { worker, ..denial });
        }
    }
}

/// The worker's own /proc entries have rules that are made for each process and are not in the policy.
pub(super) fn is_own_entry(attempt: &Attempt, target: &Target) -> bool {
    let Attempt::Open(named, opening) = attempt else {
        return false;
    };
    let Some(process) = (!opening.write && named.host_path.starts_with("/proc"))
        .then(|| target.process().ok().flatten())
        .flatten()
    else {
        return false;
    };
    OWN_FILES.iter().any(|own| {
        let entry = own.to_string_lossy().replace("self", &process.to_string());
        named.host_path.as_os_str() == entry.as_str()
    })
}
