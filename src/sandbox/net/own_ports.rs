//! Ports that the system chose for a worker's own servers. The next choice will differ, so a flag with such a number
//! would allow nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::sandbox::lives::lives;

/// Ports kept for one worker; a further one replaces the oldest.
const KEPT: usize = 64;
/// From this many workers on, entries of ended workers are dropped.
const WORKERS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct OwnPorts(Mutex<HashMap<u32, VecDeque<u16>>>);

impl OwnPorts {
    /// The system chose this port.
    pub(super) fn note(&self, worker: u32, port: u16) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= WORKERS && !all.contains_key(&worker) {
            all.retain(|worker, _| lives(*worker));
        }
        let ports = all.entry(worker).or_default();
        if ports.len() == KEPT {
            ports.pop_front();
        }
        ports.push_back(port);
    }

    pub(super) fn are(&self, worker: u32, port: u16) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&worker).is_some_and(|ports| ports.contains(&port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_one_workers_and_the_latest_are_known() {
        let own = OwnPorts::default();
        own.note(1, 4000);
        assert!(own.are(1, 4000) && !own.are(1, 4001) && !own.are(2, 4000));
        for port in 5000..5000 + KEPT as u16 {
            own.note(1, port);
        }
        assert!(!own.are(1, 4000) && own.are(1, 5000));
    }
}
