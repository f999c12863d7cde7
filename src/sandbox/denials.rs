//! What was refused, as the supervisor saw it: exact where a call ended in the supervisor, whether the tool told or not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// More are not kept: a tool that tries for ever must not fill the host's memory.
const KEPT: usize = 1024;

/// The kinds of access. Net and run are refused by the supervisor, which tells; read and write by the kernel alone: they are
/// inferred from what the tool threw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Files read.
    Read,
    /// Files changed.
    Write,
    /// The network.
    Net,
    /// Programs started.
    Run,
}

impl Permission {
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::Write => "write",
            Permission::Net => "net",
            Permission::Run => "run",
        }
    }
}

/// One refused access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub permission: Permission,
    /// host:port, a host, or a program.
    pub resource: String,
    /// The flag that would allow it.
    pub flag: String,
    /// The worker: the process that leads the group of the one that was refused.
    pub worker: u32,
    pub at: Instant,
}

impl Denial {
    /// `resource` is empty where the program or the address is not known.
    pub fn new(permission: Permission, resource: String, worker: u32) -> Self {
        let name = permission.as_str();
        let flag = match (permission, resource.as_str()) {
            (_, "") => format!("--allow-{name}"),
            // Port 0 asks for any port, and a rule without one allows any.
            (Permission::Net, at) => format!("--allow-{name}={}", at.strip_suffix(":0").unwrap_or(at)),
            (Permission::Run, program) => format!("--allow-{name}={}", escaped(short(program))),
            (Permission::Read | Permission::Write, path) => format!("--allow-{name}={}", escaped(path)),
        };
        Denial {
            permission,
            resource,
            flag,
            worker,
            at: Instant::now(),
        }
    }
}

/// A comma in a list's entry is written twice.
fn escaped(entry: &str) -> String {
    entry.replace(',', ",,")
}

/// A program is called by its name where every PATH finds it by that, else by its path.
fn short(program: &str) -> &str {
    match program.rsplit_once('/') {
        Some(("/bin" | "/usr/bin" | "/usr/local/bin" | "/sbin" | "/usr/sbin", name)) => name,
        _ => program,
    }
}

/// Shared between the supervisor, which adds, and whoever records executions, which takes.
#[derive(Debug, Clone, Default)]
pub struct Denials(Arc<Mutex<VecDeque<Denial>>>);

impl Denials {
    /// Adds one; the same access of the same worker is kept once.
    pub fn add(&self, denial: Denial) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |other: &Denial| {
            (other.worker, other.permission, &other.resource) == (denial.worker, denial.permission, &denial.resource)
        };
        if kept.iter().any(same) {
            return;
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(denial);
    }

    /// Takes what a worker was refused since the last time.
    pub fn take(&self, worker: u32) -> Vec<Denial> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked after every call, and most calls are refused nothing.
        if kept.is_empty() {
            return Vec::new();
        }
        let (taken, left) = kept.drain(..).partition(|denial| denial.worker == worker);
        *kept = left;
        let mut taken: Vec<Denial> = Vec::from(taken);
        // One that says where makes one that does not superfluous.
        for permission in [Permission::Net, Permission::Run] {
            let known = |denial: &Denial| denial.permission == permission && !denial.resource.is_empty();
            if taken.iter().any(known) {
                taken.retain(|denial| denial.permission != permission || known(denial));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_gets_its_own_once() {
        let denials = Denials::default();
        let add = |worker, resource: &str| denials.add(Denial::new(Permission::Net, resource.into(), worker));
        add(1, "a.test:443");
        add(2, "b.test:443");
        add(1, "a.test:443");
        let taken = denials.take(1);
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].flag, "--allow-net=a.test:443");
        assert!(denials.take(1).is_empty());
        assert_eq!(denials.take(2).len(), 1);
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let denials = Denials::default();
        for port in 0..KEPT + 10 {
            denials.add(Denial::new(Permission::Net, format!("10.0.0.1:{port}"), 1));
        }
        let taken = denials.take(1);
        assert_eq!((taken.len(), taken[0].resource.as_str()), (KEPT, "10.0.0.1:10"));
    }

    #[test]
    fn flags_can_be_given_as_they_are() {
        let flag = |permission, resource: &str| Denial::new(permission, resource.to_owned(), 1).flag;
        assert_eq!(flag(Permission::Read, "/a,b"), "--allow-read=/a,,b");
        assert_eq!(flag(Permission::Net, "127.0.0.1:0"), "--allow-net=127.0.0.1");
        assert_eq!(flag(Permission::Net, "127.0.0.1:10"), "--allow-net=127.0.0.1:10");
        assert_eq!(
            flag(Permission::Run, "/opt/git/bin/git"),
            "--allow-run=/opt/git/bin/git"
        );
    }

    #[test]
    fn flags_name_programs_that_are_on_every_path_by_their_last_part() {
        assert_eq!(
            Denial::new(Permission::Run, "/usr/bin/git".into(), 1).flag,
            "--allow-run=git"
        );
        assert_eq!(Denial::new(Permission::Run, String::new(), 1).flag, "--allow-run");
    }
}
