//! A lock that spins for about ten microseconds before it blocks.
//!
//! Both locks of the shell are held for microseconds at a time. To sleep and be woken would take tens of microseconds of both
//! threads.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// How often a locked mutex is tried before the thread blocks on it. This takes about ten microseconds.
const SPINS: u32 = 400;

#[derive(Debug, Default)]
pub(super) struct SpinLock<T>(Mutex<T>);

impl<T> SpinLock<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Locks the value. A panic of a thread that had it locked is ignored, because every step leaves the value valid.
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        for _ in 0..SPINS {
            match self.try_lock() {
                Some(guard) => return guard,
                None => std::hint::spin_loop(),
            }
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the value if no other thread has locked it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
