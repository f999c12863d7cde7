//! Turns raw facts into what the outside understands.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::starts::Starts;
use crate::dispatch::{Facts, Sink, StartFailure};
use crate::observe::{Event, Line, Observer};
use crate::outcome::{self, InterpretContext, Metrics, interpret, start_error};

/// What the driver talks to.
pub(super) struct Told {
    pub(super) observer: Arc<dyn Observer>,
    pub(super) metrics: Metrics,
    /// Closed with the last process.
    pub(super) starts: Arc<Starts>,
    pub(super) meaning: InterpretContext,
}

impl Sink for Told {
    fn settled(&self, mut facts: Facts) -> bool {
        if let Some(compiled) = &self.starts.compiled {
            compiled.served();
        }
        let call = facts.call;
        let records = self.observer.wants_records();
        let result = interpret(&mut facts, &self.meaning);
        let error = result.as_ref().err().map(AsRef::as_ref);
        let succeeded = error.is_none();
        self.metrics.record(&facts, error);
        let record = records.then(|| outcome::record(&facts, error));
        self.observer.notify(match result {
            Ok(json) => Event::Value { call, json },
            Err(error) => Event::Failed { call, error },
        });
        if let Some(json) = record {
            self.observer.notify(Event::Record { json });
        }
        succeeded
    }

    fn line(&self, line: &Line<'_>) {
        self.observer.line(line);
    }

    fn wants_logs(&self) -> bool {
        self.observer.wants_logs()
    }

    fn progress(&self, call: u32, json: &str) {
        self.observer.notify(Event::Progress {
            call,
            json: json.to_owned(),
        });
    }

    fn drained(&self) {
        self.observer.notify(Event::Drain);
    }

    fn warmed(&self, question: u32, result: Result<(), &StartFailure>) {
        self.observer.notify(Event::Ready {
            question,
            result: result.map_err(|failure| Box::new(start_error(failure, &self.meaning))),
        });
    }

    fn tools(&self, question: u32, result: Result<&str, &StartFailure>) {
        let result = result
            .map(str::to_owned)
            .map_err(|failure| Box::new(start_error(failure, &self.meaning)));
        self.observer.notify(Event::Tools { question, result });
    }

    fn listen(&self, bell: OwnedFd) {
        self.observer.notify(Event::Listen { doorbell: bell });
    }

    fn closed(&self) {
        self.starts.close();
        self.observer.notify(Event::Closed);
    }

    fn flush(&self) {
        self.observer.flush();
    }

    fn congested(&self) -> bool {
        self.observer.congested()
    }
}
