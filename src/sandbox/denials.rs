//! The record of refused accesses, as the supervisor saw them. It is exact where a call ended in the supervisor,
//! whether or not the tool reported the error.
//!
//! The decisions behind it: docs/decisions.md#sandbox.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::denial::{Denial, Permission};
use super::destinations::Destinations;
use super::learn::{Need, Observations};
use super::lives::lives;

/// How many refusals of one worker are kept between two calls of `take`; further ones are only counted. The first ones
/// are kept, so a tool cannot hide what it tried behind decoys that it makes afterwards.
const KEPT: usize = 64;
/// How many refused processes of one worker are examined between two calls of `take` to find the program's name; each
/// takes milliseconds.
const LOOKED_AT: u32 = 8;
/// Longer names are cut, so that a tool cannot fill the host's memory with names.
const LONGEST: usize = 1024;
/// From this many workers on, records of ended workers that nobody took are dropped.
const WORKERS: usize = 64;

/// Shared between the supervisor, which adds refusals, and whoever records executions, which takes them.
#[derive(Debug, Clone, Default)]
pub struct Denials {
    all: Arc<Mutex<HashMap<u32, OfWorker>>>,
    /// Whether the supervisor sees everything that a worker can be refused.
    exact: bool,
    /// Where the manager learns: what is allowed to go on is noted there.
    observations: Option<Observations>,
}

/// What one worker was refused since the last `take`.
#[derive(Debug, Default)]
struct OfWorker {
    kept: Vec<Denial>,
    dropped: u64,
    looked_at: u32,
    unsure: bool,
    wanted: Destinations,
    /// The target of the last connection if it was refused; none when a connection was allowed after it.
    last_of_net: Option<String>,
}

/// The result of `take`.
#[derive(Debug, Default)]
pub struct TakenDenials {
    pub denials: Vec<Denial>,
    /// The number of refusals that were not kept, because there were too many.
    pub dropped: u64,
    /// Something may have been refused that is not listed: because not everything is seen, or because the runtime tries
    /// the same on its own and it was left out.
    pub unsure: bool,
}

impl Denials {
    /// `exact`: the supervisor sees everything that a worker can be refused.
    pub(super) fn new(exact: bool, observations: Option<Observations>) -> Self {
        Denials {
            exact,
            observations,
            ..Self::default()
        }
    }

    /// Adds a denial; the same access of the same worker is kept once.
    pub fn add(&self, mut denial: Denial) {
        if denial.resource.len() > LONGEST {
            let end = denial.resource.floor_char_boundary(LONGEST);
            let at = denial.at;
            let short = denial.resource[..end].to_owned();
            // The path in a file's flag could exceed the limit, and a cut path would name something else.
            let flag = if denial.permission.is_of_files() {
                String::new()
            } else {
                Denial::new(denial.permission, short.clone(), 0).flag
            };
            denial = Denial {
                flag,
                at,
                ..Denial::new(denial.permission, short, denial.worker)
            };
        }
        self.with(denial.worker, |of_worker| {
            if denial.permission == Permission::Net {
                of_worker.last_of_net = Some(denial.resource.clone());
            }
            let same = |other: &Denial| (other.permission, &other.resource) == (denial.permission, &denial.resource);
            if of_worker.kept.iter().any(same) {
                return;
            }
            if of_worker.kept.len() == KEPT {
                of_worker.dropped += 1;
            } else {
                of_worker.kept.push(denial);
            }
        });
    }

    /// Something was refused that runtimes try on their own, and that the tool may have tried as well.
    pub(super) fn leave_out(&self, worker: u32) {
        self.with(worker, |of_worker| of_worker.unsure = true);
    }

    /// A connection was allowed, whether or not it succeeds.
    pub(super) fn reached(&self, worker: u32) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_worker) = all.get_mut(&worker) {
            of_worker.last_of_net = None;
        }
    }

    /// Where a manager that learns notes what is done.
    pub(super) fn observations(&self) -> Option<&Observations> {
        self.observations.as_ref()
    }

    /// Notes a variable of the host that a worker says a tool has read.
    pub fn reads_variable(&self, worker: u32, name: &str) {
        if let Some(observations) = &self.observations {
            observations.note(worker, Need::Env(name.to_owned()));
        }
    }

    /// Notes a place that a worker says it connects to, as `host:port`.
    pub fn wants(&self, worker: u32, place: &str) {
        if let Some(observations) = &self.observations {
            observations.wants(worker, place);
        }
        self.with(worker, |of_worker| of_worker.wanted.note(place));
    }

    /// A process has imported its tools: accesses that runtimes try on their own and that were refused so far were the
    /// runtime's.
    pub fn imported(&self, worker: u32) {
        if let Some(observations) = &self.observations {
            observations.imported(worker);
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_worker) = all.get_mut(&worker) {
            of_worker.unsure = false;
        }
    }

    /// Whether one more refused process of this worker may be examined; counts it if so.
    pub(super) fn may_look(&self, worker: u32) -> bool {
        self.with(worker, |of_worker| {
            let may = of_worker.looked_at < LOOKED_AT;
            of_worker.looked_at += u32::from(may);
            may
        })
    }

    /// Counts a refused process without examining it, when no more of this worker may be examined; false when one may.
    pub(super) fn counted(&self, worker: u32) -> bool {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(of_worker) = all.get_mut(&worker).filter(|kept| kept.looked_at >= LOOKED_AT) else {
            return false;
        };
        of_worker.dropped += 1;
        true
    }

    fn with<T>(&self, worker: u32, act: impl FnOnce(&mut OfWorker) -> T) -> T {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= WORKERS && !all.contains_key(&worker) {
            all.retain(|worker, _| lives(*worker));
        }
        act(all.entry(worker).or_default())
    }

    /// Takes what a worker was refused since the last call.
    pub fn take(&self, worker: u32) -> TakenDenials {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(OfWorker {
            mut kept,
            dropped,
            unsure,
            last_of_net,
            wanted,
            ..
        }) = all.remove(&worker)
        else {
            return TakenDenials {
                unsure: !self.exact,
                ..TakenDenials::default()
            };
        };
        for denial in &mut kept {
            denial.last = denial.permission == Permission::Net && last_of_net.as_ref() == Some(&denial.resource);
        }
        wanted.complete(&mut kept);
        // A denial that names a resource makes one that does not superfluous.
        let named: HashSet<Permission> = kept
            .iter()
            .filter(|denial| denial.permission.may_be_nameless() && !denial.resource.is_empty())
            .map(|denial| denial.permission)
            .collect();
        kept.retain(|denial| !denial.resource.is_empty() || !named.contains(&denial.permission));
        TakenDenials {
            denials: kept,
            dropped,
            unsure: unsure || !self.exact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_net(resource: impl Into<String>, worker: u32) -> Denial {
        Denial::new(Permission::Net, resource.into(), worker)
    }

    #[test]
    fn a_worker_gets_its_own_once() {
        let denials = Denials::default();
        denials.add(of_net("a.test:443", 1));
        denials.add(of_net("b.test:443", 2));
        denials.add(of_net("a.test:443", 1));
        let taken = denials.take(1);
        assert_eq!((taken.denials.len(), taken.dropped), (1, 0));
        assert_eq!(taken.denials[0].flag, "--allow-net=a.test:443");
        assert!(denials.take(1).denials.is_empty());
        assert_eq!(denials.take(2).denials.len(), 1);
    }

    #[test]
    fn the_last_refused_connection_is_known_until_another_is_allowed() {
        let denials = Denials::default();
        let last = || {
            let taken = denials.take(1).denials;
            taken
                .into_iter()
                .filter(|denial| denial.last)
                .map(|denial| denial.resource)
                .collect::<Vec<_>>()
        };
        denials.add(of_net("a.test:443", 1));
        denials.add(of_net("b.test:443", 1));
        denials.add(of_net("a.test:443", 1));
        assert_eq!(last(), ["a.test:443"]);
        denials.add(of_net("a.test:443", 1));
        denials.reached(1);
        assert_eq!(last(), [""; 0]);
    }

    #[test]
    fn omitted_refusals_make_the_list_incomplete_until_the_tools_are_imported() {
        let exact = Denials::new(true, None);
        assert!(!exact.take(1).unsure && Denials::default().take(1).unsure);
        exact.leave_out(1);
        exact.add(of_net("a.test:443", 1));
        exact.imported(1);
        let taken = exact.take(1);
        assert_eq!((taken.denials.len(), taken.unsure), (1, false));
        exact.leave_out(1);
        assert!(exact.take(1).unsure);
        assert!(!exact.take(1).unsure, "the next call is another");
    }

    #[test]
    fn decoys_of_one_worker_push_out_nothing_of_another() {
        let denials = Denials::default();
        denials.add(of_net("secret.test:443", 1));
        denials.add(of_net("first.test:443", 2));
        for port in 0..2000 {
            denials.add(of_net(format!("10.0.0.1:{port}"), 2));
        }
        let taken = denials.take(1);
        assert_eq!((taken.denials.len(), taken.dropped), (1, 0));
        let taken = denials.take(2);
        assert_eq!(taken.denials[0].resource, "first.test:443");
        assert_eq!((taken.denials.len(), taken.dropped), (KEPT, 2001 - KEPT as u64));
    }

    #[test]
    fn untaken_denials_are_dropped_with_their_worker() {
        let denials = Denials::default();
        // No process can have these ids.
        for worker in 0..10_000 {
            denials.add(of_net("a.test:443", 0x4000_0000 + worker));
        }
        assert!(denials.all.lock().expect("unpoisoned").len() <= WORKERS);
        let own = std::process::id();
        denials.add(of_net("a.test:443", own));
        for worker in 0..WORKERS as u32 {
            denials.add(of_net("a.test:443", 0x4000_0000 + worker));
        }
        assert_eq!(denials.take(own).denials.len(), 1);
    }

    #[test]
    fn long_names_are_cut() {
        let denials = Denials::default();
        denials.add(Denial::new(Permission::Run, "é".repeat(4096), 1));
        let taken = denials.take(1).denials;
        assert_eq!(taken[0].resource.len(), LONGEST);
        assert!(taken[0].flag.ends_with(&taken[0].resource));
    }

    #[test]
    fn some_refused_processes_are_looked_at_and_further_ones_counted() {
        let denials = Denials::default();
        assert!(!denials.counted(1));
        assert_eq!((0..100).filter(|_| denials.may_look(1)).count(), LOOKED_AT as usize);
        assert!(denials.counted(1) && denials.counted(1) && !denials.counted(2));
        assert_eq!(denials.take(1).dropped, 2);
        assert!(denials.may_look(1), "the next call is looked at again");
    }

    #[test]
    fn flags_can_be_given_as_they_are() {
        let flag = |permission, resource: &str| Denial::new(permission, resource.to_owned(), 1).flag;
        assert_eq!(flag(Permission::Read, "/a,b"), "--allow-read=/a,,b");
        assert_eq!(flag(Permission::Net, "unix:/a,b:0"), "--allow-net=unix:/a,,b:0");
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
