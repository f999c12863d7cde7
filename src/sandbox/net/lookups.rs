//! Asks the system's resolver: one query at a time for each name, however many callers wait for its answer.
//!
//! The system's resolver blocks for as long as a nameserver is silent. Only listed names are looked up, so the list
//! bounds the number of threads that can block.

use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The addresses, or none where the system had no answer.
pub(super) type Answer = Option<Vec<IpAddr>>;

#[derive(Debug, Default)]
pub(super) struct Lookups(Arc<Mutex<HashMap<String, Arc<Lookup>>>>);

#[derive(Debug, Default)]
struct Lookup {
    answer: Mutex<Option<Answer>>,
    answered: Condvar,
}

impl Lookups {
    /// Waits for the answer, and checks `wanted` at intervals; `None` when it is no longer wanted.
    pub(super) fn ask(&self, name: &str, every: Duration, wanted: impl FnMut() -> bool) -> Option<Answer> {
        self.ask_with(name, every, wanted, |name| {
            let found = (name, 0).to_socket_addrs().ok()?;
            Some(found.map(|address| address.ip().to_canonical()).collect())
        })
    }

    fn ask_with(
        &self,
        name: &str,
        every: Duration,
        mut wanted: impl FnMut() -> bool,
        system: impl FnOnce(&str) -> Answer + Send + 'static,
    ) -> Option<Answer> {
        let lookup = self.lookup(name, system);
        let mut answer = lookup.answer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(answer) = &*answer {
                return Some(answer.clone());
            }
            if !wanted() {
                return None;
            }
            let waited = lookup.answered.wait_timeout(answer, every);
            answer = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The running query for this name, or a new one.
    fn lookup(&self, name: &str, system: impl FnOnce(&str) -> Answer + Send + 'static) -> Arc<Lookup> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lookup) = asked.get(name) {
            return Arc::clone(lookup);
        }
        let lookup = Arc::new(Lookup::default());
        asked.insert(name.to_owned(), Arc::clone(&lookup));
        let (there, all, own) = (Arc::clone(&lookup), Arc::clone(&self.0), name.to_owned());
        let started = thread::Builder::new().name("toolwarden-dns".to_owned()).spawn(move || {
            let answer = system(&own);
            all.lock().unwrap_or_else(PoisonError::into_inner).remove(&own);
            there.tell(answer);
        });
        if started.is_err() {
            asked.remove(name);
            lookup.tell(None);
        }
        lookup
    }
}

impl Lookup {
    fn tell(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.answered.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const OFTEN: Duration = Duration::from_millis(1);

    #[test]
    fn only_one_lookup_of_a_name_runs_at_a_time() {
        let lookups = Lookups::default();
        let (answer, silent) = channel::<Answer>();
        let asking = move |_: &str| silent.recv().expect("an answer");
        // Nobody wants the answer any more, but the query goes on: the system's resolver cannot be interrupted.
        assert_eq!(lookups.ask_with("slow.test", OFTEN, || false, asking), None);
        let never = |_: &str| panic!("a second question");
        assert_eq!(lookups.ask_with("slow.test", OFTEN, || false, never), None);
        let other = lookups.ask_with("other.test", OFTEN, || true, |_| Some(Vec::new()));
        assert_eq!(other, Some(Some(Vec::new())));
        answer.send(None).expect("it still waits");
        let late = lookups.ask_with("slow.test", OFTEN, || true, |_| None);
        assert_eq!(late, Some(None));
    }
}
