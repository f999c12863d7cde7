//! `TOOLWARDEN_TRACE=1`: each event and each effect of the engine as a line on stderr; see docs/debugging.md.
//!
//! Lines are formatted while the engine is locked, so that each event comes before its effects, and are written after that.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use crate::dispatch::engine::{Effects, Event};

/// Lines that were formatted and not written yet.
#[derive(Debug)]
pub(super) struct Trace {
    opened: Instant,
    lines: String,
}

impl Trace {
    pub(super) fn new(opened: Instant) -> Self {
        Self {
            opened,
            lines: String::new(),
        }
    }

    /// Adds an event that is about to be handled.
    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        self.line("event", event, now);
    }

    /// Adds the effects from this index on, which are those of the last event.
    pub(super) fn effects(&mut self, effects: &Effects, from: usize, now: Instant) {
        for effect in effects.since(from) {
            self.line("effect", effect, now);
        }
    }

    fn line(&mut self, kind: &str, what: &impl std::fmt::Display, now: Instant) {
        let since = now.saturating_duration_since(self.opened);
        let (seconds, micros) = (since.as_secs(), since.subsec_micros());
        // Writing to a `String` never fails.
        let _ = writeln!(self.lines, "toolwarden {seconds}.{micros:06} {kind} {what}");
    }

    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.lines)
    }
}

/// Writes the lines at once.
pub(super) fn write(lines: &str) {
    if !lines.is_empty() {
        // A closed stderr cannot be reported anywhere.
        let _ = std::io::stderr().write_all(lines.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_has_time_kind_and_numbers() {
        let opened = Instant::now();
        let mut trace = Trace::new(opened);
        trace.event(
            &Event::Cancel { call: 7, why: None },
            opened + Duration::from_micros(1_000_250),
        );
        assert_eq!(trace.take(), "toolwarden 1.000250 event Cancel call=7\n");
        assert_eq!(trace.take(), "");
    }
}
