//! What processes do while a manager learns, by process. It is shared by the supervisors, which note, and whoever knows
//! which tool a process ran, who takes.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::activity::{Activity, Need};
use crate::sandbox::lives::lives;

/// From this many processes on, what ended ones did and nobody took is dropped.
const PROCESSES: usize = 256;

/// The record of all processes of a manager.
#[derive(Debug, Clone, Default)]
pub struct Observations(Arc<Mutex<HashMap<u32, OfProcess>>>);

#[derive(Debug, Default)]
struct OfProcess {
    /// What it did before it had imported its tools. Every tool that it runs needs that.
    start: Activity,
    /// What it did since then, or since it was last taken.
    since: Activity,
}

impl Observations {
    pub(in super::super) fn note(&self, worker: u32, need: Need) {
        self.with(worker, |process| process.since.note(need));
    }

    pub(in super::super) fn created(&self, worker: u32, path: PathBuf) {
        self.with(worker, |process| process.since.created(path));
    }

    /// A process begins, whose id another one may have had before.
    pub(in super::super) fn begins(&self, worker: u32) {
        self.with(worker, |process| *process = OfProcess::default());
    }

    /// A call passed that nobody looked at.
    pub(in super::super) fn missed(&self, worker: u32) {
        self.with(worker, |process| process.since.missed_something());
    }

    /// The worker says that it connects to this `host:port`.
    pub(in super::super) fn wants(&self, worker: u32, place: &str) {
        self.with(worker, |process| process.since.wants(place));
    }

    /// The process has imported its tools: what it did so far, each of them needs.
    pub(in super::super) fn imported(&self, worker: u32) {
        self.with(worker, |process| {
            let start = std::mem::take(&mut process.since);
            process.start.add(start);
        });
    }

    /// What the process did at its start and since the last call of this function, which belongs to the tool that it ran.
    pub fn take(&self, worker: u32) -> Activity {
        self.with(worker, |process| {
            let mut all = process.start.clone();
            all.add(std::mem::take(&mut process.since));
            all
        })
    }

    fn with<T>(&self, worker: u32, act: impl FnOnce(&mut OfProcess) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PROCESSES && !all.contains_key(&worker) {
            all.retain(|worker, _| lives(*worker));
        }
        act(all.entry(worker).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Need {
        Need::Env(name.to_owned())
    }

    fn taken(observations: &Observations, worker: u32) -> Vec<Need> {
        observations.take(worker).needs().cloned().collect()
    }

    #[test]
    fn what_the_import_did_belongs_to_each_tool_and_the_rest_to_the_one_that_ran() {
        let observations = Observations::default();
        observations.note(7, env("AT_IMPORT"));
        observations.imported(7);
        observations.note(7, env("FIRST"));
        observations.note(8, env("ANOTHER_PROCESS"));
        assert_eq!(taken(&observations, 7), [env("AT_IMPORT"), env("FIRST")]);
        observations.note(7, env("SECOND"));
        assert_eq!(taken(&observations, 7), [env("AT_IMPORT"), env("SECOND")]);
        assert_eq!(taken(&observations, 8), [env("ANOTHER_PROCESS")]);
    }

    #[test]
    fn a_call_that_nobody_looked_at_makes_it_incomplete() {
        let observations = Observations::default();
        assert!(!observations.take(7).is_incomplete());
        observations.missed(7);
        assert!(observations.take(7).is_incomplete());
        assert!(!observations.take(7).is_incomplete(), "the next call is another");
    }

    #[test]
    fn a_process_has_nothing_of_another_one_with_its_id() {
        let observations = Observations::default();
        observations.note(7, env("AT_IMPORT"));
        observations.imported(7);
        observations.note(7, env("UNTAKEN"));
        observations.begins(7);
        observations.note(7, env("OWN"));
        assert_eq!(taken(&observations, 7), [env("OWN")]);
    }

    #[test]
    fn processes_that_ended_untaken_are_forgotten() {
        let observations = Observations::default();
        let own = std::process::id();
        observations.note(own, env("OWN"));
        // No process can have these ids.
        for worker in 0..5_000 {
            observations.note(0x4000_0000 + worker, env("X"));
        }
        assert!(observations.0.lock().expect("unpoisoned").len() <= PROCESSES);
        assert_eq!(taken(&observations, own), [env("OWN")]);
    }
}
