//! Leader and followers: one thread at a time, the leader, waits at the listener, and a leader that is stuck is
//! replaced.
//!
//! Handing the leadership on for each call wakes a second thread each time, which costs more than most answers take.
//! Quick calls are therefore answered by the leader itself. Reading a caller's memory is quick unless that memory is a
//! file on a mount that hangs. So one follower watches a leader that is busy, and takes over when the leader has been
//! at the same call for too long.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the leader may work on one call before a follower takes over.
const TAKEOVER_AFTER: Duration = Duration::from_millis(20);

/// A follower has taken over.
const REPLACED: u64 = 1 << 63;

#[derive(Debug, Default)]
pub(super) struct Leadership {
    holder: Mutex<Option<Arc<Holder>>>,
    changed: Condvar,
    /// A follower that waits looks again only when it is notified.
    unwatched: AtomicBool,
}

#[derive(Debug, Default)]
struct Holder {
    /// The number of quick calls begun and ended, so it is odd during one, and [`REPLACED`]. Both are in one number so
    /// that a follower takes over from this very call or not at all.
    quick: AtomicU64,
}

/// The leadership, until this is dropped.
#[derive(Debug)]
pub(super) struct Leader<'a> {
    leadership: &'a Leadership,
    holder: Arc<Holder>,
    /// It was taken over from a thread that is stuck.
    pub(super) taken_over: bool,
}

impl Leadership {
    /// Waits to become the leader.
    pub(super) fn wait(&self) -> Leader<'_> {
        let mut current = self.lock();
        let mut seen = None;
        loop {
            let Some(holder) = &*current else {
                return self.hold(current, false);
            };
            let quick = holder.quick.load(Ordering::SeqCst);
            let now = (Arc::as_ptr(holder), quick);
            let same = seen.replace(now) == Some(now);
            if same && quick % 2 == 1 {
                let taken = quick | REPLACED;
                let order = Ordering::SeqCst;
                if holder.quick.compare_exchange(quick, taken, order, order).is_ok() {
                    return self.hold(current, true);
                }
                continue;
            }
            if same {
                self.unwatched.store(true, Ordering::SeqCst);
                // The leader reads this after it has begun a call, so one of the two sees the other.
                if holder.quick.load(Ordering::SeqCst) == quick {
                    current = self.changed.wait(current).unwrap_or_else(PoisonError::into_inner);
                }
                seen = None;
                continue;
            }
            current = match self.changed.wait_timeout(current, TAKEOVER_AFTER) {
                Ok((current, _)) => current,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn hold(&self, mut current: MutexGuard<'_, Option<Arc<Holder>>>, taken_over: bool) -> Leader<'_> {
        let holder = Arc::new(Holder::default());
        *current = Some(Arc::clone(&holder));
        Leader {
            leadership: self,
            holder,
            taken_over,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Holder>>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leader<'_> {
    /// Runs quick work as the leader. False when it was not quick and another thread has taken over.
    pub(super) fn quickly(&self, work: impl FnOnce()) -> bool {
        self.holder.quick.fetch_add(1, Ordering::SeqCst);
        if self.leadership.unwatched.swap(false, Ordering::SeqCst) {
            // Taken under the lock, so that a follower that is about to wait is already waiting.
            let _current = self.leadership.lock();
            self.leadership.changed.notify_one();
        }
        work();
        self.holder.quick.fetch_add(1, Ordering::SeqCst) & REPLACED == 0
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        let mut current = self.leadership.lock();
        if current.as_ref().is_some_and(|holder| Arc::ptr_eq(holder, &self.holder)) {
            *current = None;
            self.leadership.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    const BOUND: Duration = Duration::from_secs(20);

    #[test]
    fn a_blocked_leader_is_replaced_and_notices_it() {
        let leadership = Arc::new(Leadership::default());
        let (took_over, other) = channel();
        let first = leadership.wait();
        let there = Arc::clone(&leadership);
        let second = thread::spawn(move || {
            let leader = there.wait();
            took_over.send(leader.taken_over).expect("the test listens");
        });
        let mut taken_over = None;
        let still_first = first.quickly(|| taken_over = other.recv_timeout(BOUND).ok());
        assert_eq!(taken_over, Some(true), "the second thread took the lead over");
        assert!(!still_first);
        second.join().expect("no panic");
        drop(first);
        assert!(!leadership.wait().taken_over, "the place is free again");
    }

    #[test]
    fn a_leader_that_blocks_after_a_long_idle_time_is_replaced_too() {
        let leadership = Arc::new(Leadership::default());
        let (took_over, other) = channel();
        let first = leadership.wait();
        let there = Arc::clone(&leadership);
        let second = thread::spawn(move || took_over.send(there.wait().taken_over).expect("the test listens"));
        let until_unwatched = std::time::Instant::now() + BOUND;
        while !leadership.unwatched.load(Ordering::SeqCst) && std::time::Instant::now() < until_unwatched {
            thread::yield_now();
        }
        assert!(!first.quickly(|| assert_eq!(other.recv_timeout(BOUND), Ok(true))));
        second.join().expect("no panic");
    }

    #[test]
    fn only_one_has_it_at_a_time() {
        let leadership = Leadership::default();
        let inside = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2000 {
                        let leader = leadership.wait();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(leader);
                    }
                });
            }
        });
    }
}
