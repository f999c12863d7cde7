//! A lock that spins for about ten microseconds before it blocks.
//!
//! Both locks of the shell are held for microseconds at a time. To sleep and be woken would cost both threads tens of them.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Looks at a lock that is taken before blocking on it.
const SPINS: u32 = 400;

#[derive(Debug, Default)]
pub(super) struct SpinLock<T>(Mutex<T>);

impl<T> SpinLock<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// The value, whatever became of a thread that had it: every step leaves it whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        for _ in 0..SPINS {
            match self.try_lock() {
                Some(guard) => return guard,
                None => std::hint::spin_loop(),
            }
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, where nobody else has it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
