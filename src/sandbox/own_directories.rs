//! Which temporary directory belongs to which worker. Recorded when a worker is started, looked up when one of its
//! calls is reported.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::place::Place;

/// From this many workers on, entries of ended workers are dropped.
const WORKERS: usize = 64;

#[derive(Debug, Clone, Default)]
pub(super) struct OwnDirectories(Arc<Mutex<HashMap<u32, Place>>>);

impl OwnDirectories {
    pub(super) fn add(&self, worker: u32, directory: Place) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= WORKERS {
            all.retain(|_, place| place.stands());
        }
        all.insert(worker, directory);
    }

    pub(super) fn of(&self, worker: u32) -> Option<Place> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&worker).cloned()
    }
}
