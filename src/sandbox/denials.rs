//! What the sandbox refused: written by whoever refuses, read when a call ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// Refusals kept for one process; one that keeps trying must not fill the host's memory.
const KEPT: usize = 256;

/// One refused access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// "read", "write", "net" or "run".
    pub permission: &'static str,
    /// Absolute path, host:port or program.
    pub resource: String,
    /// The flag that would allow it.
    pub flag: String,
}

/// The refusals of all processes of a manager, by the process group's leader.
#[derive(Debug, Clone, Default)]
pub struct Denials(Arc<Mutex<HashMap<u32, Vec<Denial>>>>);

impl Denials {
    /// An access was refused to a process of the group that `leader` leads.
    pub fn record(&self, leader: u32, denial: Denial) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(leader).or_default();
        if kept.len() < KEPT && !kept.contains(&denial) {
            kept.push(denial);
        }
    }

    /// What was refused to this group since it was asked last.
    pub fn take(&self, leader: u32) -> Vec<Denial> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&leader)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(resource: &str) -> Denial {
        Denial {
            permission: "net",
            resource: resource.to_owned(),
            flag: format!("--allow-net={resource}"),
        }
    }

    #[test]
    fn each_group_gets_its_own_once() {
        let denials = Denials::default();
        denials.record(1, denial("a:1"));
        denials.record(2, denial("b:2"));
        denials.record(1, denial("a:1"));
        assert_eq!(denials.take(1), [denial("a:1")]);
        assert_eq!(denials.take(1), []);
        assert_eq!(denials.take(2), [denial("b:2")]);
    }

    #[test]
    fn a_process_that_keeps_trying_fills_nothing() {
        let denials = Denials::default();
        (0..10_000).for_each(|port| denials.record(1, denial(&format!("a:{port}"))));
        assert_eq!(denials.take(1).len(), KEPT);
    }
}
