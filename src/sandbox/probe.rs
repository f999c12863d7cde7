//! Tests what this kernel really enforces by trying it in a process, instead of reading a version.

use std::sync::OnceLock;

use super::apply::Restrictions;
use super::child::InChild;
use super::lacking::{Explanation, REQUIRED};
use super::landlock::{self, HandledAccess, Ruleset, Ungoverned};
use super::landlock_abi::{Covers, MINIMUM_ABI, TESTED_ABI};
use super::seccomp::{self, FilterProfile, Net};
use super::short_child;
use super::supervise;
use super::support::{SocketMaker, Support};
use super::surroundings::explain;
use crate::error::{Code, Error, hints};

impl Support {
    /// What the kernel enforces is probed once in a host's life, because it does not change. A failed probe is repeated
    /// each time, because a container's own limits may be lifted.
    pub fn of_this_machine() -> Result<Self, Box<Error>> {
        static FOUND: OnceLock<Support> = OnceLock::new();
        if let Some(support) = FOUND.get() {
            return Ok(*support);
        }
        let support = probe()?;
        Ok(*FOUND.get_or_init(|| support))
    }
}

/// The exit code of the probing process when everything forbidden was refused.
const ENFORCED: u8 = 0;
const APPLY_FAILED: u8 = 1;
const FILE_OPENED: u8 = 2;
const CALL_PASSED: u8 = 3;

/// Restricts a process by an empty policy and lets it try what is forbidden.
pub fn probe() -> Result<Support, Box<Error>> {
    let kernel = landlock::version().map_err(|errno| {
        let Explanation { message, hint } = explain(errno);
        Box::new(Error::new(Code::SandboxUnavailable, message).hint(hint))
    })?;
    let landlock_abi = kernel.min(TESTED_ABI);
    enforces(landlock_abi)?;
    let supervised = supervise::try_out();
    Ok(Support {
        landlock_abi,
        listener: supervised.is_ok(),
        sockets: supervised.unwrap_or(SocketMaker::Worker),
        lack: supervised.err(),
    })
}

fn lacking(what: &str) -> Box<Error> {
    Box::new(
        Error::new(Code::SandboxUnavailable, format!("{REQUIRED}: {what}")).hint(hints::kernel::SANDBOX_UNAVAILABLE),
    )
}

/// Nothing is allowed, and nothing is reported.
fn strictest(abi: u32) -> FilterProfile {
    FilterProfile {
        run: false,
        net: Net::Denied,
        peers: false,
        read_all: false,
        write_all: false,
        landlock: Covers::of(abi),
        signals_reported: false,
        fork_reported: false,
        exec_reported: false,
        reads_reported: false,
        writes_reported: false,
        files_reported: false,
        forked: false,
        learns: false,
        sockets_made: false,
    }
}

fn enforces(abi: u32) -> Result<(), Box<Error>> {
    let handled = HandledAccess::of(abi, Ungoverned::default());
    let ruleset =
        Ruleset::new(abi, &handled).map_err(|error| lacking(&format!("no Landlock ruleset can be made: {error}")))?;
    let profile = strictest(abi);
    let restrictions = Restrictions::new(ruleset, &seccomp::child_program(&profile));
    let failed = std::cell::Cell::new(("", 0));
    // SAFETY: the action only makes system calls on what is ready.
    let found = unsafe {
        short_child::run(&|| {
            if let Err(step) = restrictions.apply(&|| Ok(())) {
                failed.set(step);
                return APPLY_FAILED;
            }
            if libc::open(c"/proc/self/environ".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) >= 0 {
                return FILE_OPENED;
            }
            if libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) >= 0 {
                return CALL_PASSED;
            }
            ENFORCED
        })
    };
    match found {
        Ok(ENFORCED) => Ok(()),
        Ok(APPLY_FAILED) => {
            let (step, errno) = failed.get();
            Err(lacking(&format!(
                "{step} failed: {}",
                std::io::Error::from_raw_os_error(errno)
            )))
        }
        Ok(FILE_OPENED) => Err(lacking("Landlock accepted the rules and did not enforce them")),
        Ok(_) => Err(lacking("seccomp accepted the filter and did not enforce it")),
        Err(error) => Err(lacking(&format!("a process to try it in failed: {error}"))),
    }
}

/// Whether a filter can be loaded at all.
pub(super) fn filters_load() -> bool {
    let program = seccomp::child_program(&strictest(MINIMUM_ABI));
    // SAFETY: the action only makes system calls on what is ready.
    let found = unsafe {
        short_child::run(&|| {
            if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
                return APPLY_FAILED;
            }
            match seccomp::load(program.code.as_ptr(), program.code.len() as u16) {
                0 => ENFORCED,
                _ => APPLY_FAILED,
            }
        })
    };
    matches!(found, Ok(ENFORCED))
}

#[cfg(test)]
mod tests {
    use super::super::support::Lack;
    use super::*;

    #[test]
    fn this_machine_enforces_everything_that_the_tests_need() {
        let support = probe().expect("a sandbox can be made");
        assert!(
            support.landlock_abi >= MINIMUM_ABI && support.listener && support.lack.is_none(),
            "{support:?}"
        );
    }

    #[test]
    fn every_supported_abi_is_accepted() {
        for abi in MINIMUM_ABI..=probe().expect("a sandbox can be made").landlock_abi {
            enforces(abi).expect("it is enforced");
        }
    }

    #[test]
    fn another_listener_above_is_noticed() {
        // Runs in a thread of its own, because a filter stays for the thread's life.
        let listens = std::thread::spawn(|| {
            let profile = FilterProfile {
                run: true,
                net: Net::Supervised,
                peers: true,
                ..strictest(MINIMUM_ABI)
            };
            let program = seccomp::listener_program(&profile).expect("it reports connections");
            // SAFETY: no memory is passed.
            let set = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
            assert_eq!(set, 0);
            let listener = seccomp::load_with_listener(&program).expect("the first listener");
            let support = probe().expect("the rest is enforced");
            // SAFETY: the descriptor is this test's own.
            unsafe { libc::close(listener.fd) };
            (support.listener, support.lack)
        });
        assert_eq!(listens.join().expect("probed"), (false, Some(Lack::Listener)));
    }
}
