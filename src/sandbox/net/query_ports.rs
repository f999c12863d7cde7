//! Maps local ports to workers, so that the resolver knows which worker sends a query. The supervisor registers a port
//! before it connects.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Ports kept for one worker; a further one replaces the oldest.
const KEPT: usize = 64;

#[derive(Debug, Default)]
pub(super) struct QueryPorts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// A port belongs to one worker.
    workers: HashMap<u16, u32>,
    ports: HashMap<u32, VecDeque<u16>>,
}

impl QueryPorts {
    pub(super) fn expect(&self, port: u16, worker: u32) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.forget(port);
        let ports = known.ports.entry(worker).or_default();
        ports.push_back(port);
        let oldest = (ports.len() > KEPT).then(|| ports.pop_front()).flatten();
        known.workers.insert(port, worker);
        if let Some(oldest) = oldest {
            known.workers.remove(&oldest);
        }
    }

    pub(super) fn take(&self, port: u16) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).forget(port)
    }
}

impl Known {
    fn forget(&mut self, port: u16) -> Option<u32> {
        let worker = self.workers.remove(&port)?;
        if let Some(ports) = self.ports.get_mut(&worker) {
            ports.retain(|other| *other != port);
            if ports.is_empty() {
                self.ports.remove(&worker);
            }
        }
        Some(worker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asker_is_known_once() {
        let query_ports = QueryPorts::default();
        query_ports.expect(5, 1);
        query_ports.expect(5, 2);
        assert_eq!(query_ports.take(5), Some(2));
        assert_eq!(query_ports.take(5), None);
    }

    #[test]
    fn announcements_of_one_worker_push_out_none_of_another() {
        let query_ports = QueryPorts::default();
        query_ports.expect(5, 1);
        for port in 1000..60_000 {
            query_ports.expect(port, 2);
        }
        assert_eq!(query_ports.take(5), Some(1));
        assert_eq!((query_ports.take(1000), query_ports.take(59_999)), (None, Some(2)));
        let known = query_ports.0.lock().expect("unpoisoned");
        assert!(known.workers.len() <= KEPT && known.ports.len() == 1);
    }
}
