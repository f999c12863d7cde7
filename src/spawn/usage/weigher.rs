//! Measures a temporary directory from time to time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::spawn::temporary::{DiskUsage, Temporary};

/// The minimum time between two measurements of a temporary directory, and the multiple of the duration of the last
/// one.
const WEIGH_EVERY: Duration = Duration::from_millis(500);
const WEIGH_SHARE: u32 = 30;
/// Measures the directory of one process.
#[derive(Debug)]
pub(in crate::spawn) struct Weigher {
    temporary: Option<Arc<Temporary>>,
    /// When it is measured next.
    next: Instant,
    last: DiskUsage,
}

impl Weigher {
    pub(in crate::spawn) fn new(temporary: Option<Arc<Temporary>>, now: Instant) -> Self {
        Self {
            temporary,
            next: now + WEIGH_EVERY,
            last: DiskUsage::default(),
        }
    }

    #[cfg(not(portable))]
    pub(super) fn path(&self) -> Option<&std::path::Path> {
        self.temporary.as_ref().map(|temporary| temporary.path())
    }

    /// The last result, renewed from time to time. Measuring many files takes long, so only a small share of the time
    /// is spent on it.
    pub(in crate::spawn) fn weigh(&mut self, now: Instant) -> DiskUsage {
        if let Some(temporary) = self.temporary.as_ref().filter(|_| now >= self.next) {
            self.last = temporary.disk_usage().unwrap_or(self.last);
            let done = Instant::now();
            self.next = done + WEIGH_EVERY.max(done.saturating_duration_since(now) * WEIGH_SHARE);
        }
        self.last
    }
}
