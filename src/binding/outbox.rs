//! Events on their way to the host's thread.
//!
//! Events gather in one list; the host is woken once and takes all of it. The thread-safe function is weak: it never keeps
//! the host alive.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use napi::Status;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, sys};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

use crate::observe::{Event, Observer};

/// Calls the host's `wake` without arguments.
pub(super) type Wake = ThreadsafeFunction<(), (), (), Status, false, true, 0>;

/// Bytes of lines and progress values that may wait for the host before processes are not read any more.
const CONGESTED: usize = 16 * 1024 * 1024;

/// Listeners there are, as the host says.
pub(super) const OBSERVES_LOGS: u8 = 1;
pub(super) const OBSERVES_RECORDS: u8 = 2;

/// One element of what `drain()` returns.
pub enum Part {
    Number(u32),
    Text(String),
    Null,
}

impl ToNapiValue for Part {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> napi::Result<sys::napi_value> {
        // SAFETY: `env` is the one this function was called with; the conversions only pass it on.
        unsafe {
            match value {
                Self::Number(number) => u32::to_napi_value(env, number),
                Self::Text(text) => String::to_napi_value(env, text),
                Self::Null => napi::bindgen_prelude::Null::to_napi_value(env, napi::bindgen_prelude::Null),
            }
        }
    }
}

impl FromNapiValue for Part {
    unsafe fn from_napi_value(_: sys::napi_env, _: sys::napi_value) -> napi::Result<Self> {
        Err(napi::Error::from_reason("events go one way"))
    }
}

#[derive(Default)]
pub(super) struct Outbox {
    events: Mutex<Vec<Event>>,
    /// The host was woken and has not come yet.
    armed: AtomicBool,
    /// Of what processes can send without end.
    waiting_bytes: AtomicUsize,
    observes: AtomicU8,
    wake: OnceLock<Wake>,
}

impl Outbox {
    pub(super) fn connect(&self, wake: Wake) {
        let _ = self.wake.set(wake);
    }

    pub(super) fn observe(&self, flags: u8) {
        self.observes.store(flags, Ordering::Relaxed);
    }

    /// Everything that waits, flat: kind, call, a, b.
    pub(super) fn take(&self) -> Vec<Part> {
        self.armed.store(false, Ordering::SeqCst);
        let events = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        let mut parts = Vec::with_capacity(events.len() * 4);
        let mut events = events.into_iter().peekable();
        while let Some(event) = events.next() {
            if let Event::Progress { json, .. } = &event {
                self.waiting_bytes.fetch_sub(json.len(), Ordering::Relaxed);
            }
            if let Event::Log { call, json } = event {
                let more = std::iter::from_fn(|| match events.peek() {
                    Some(Event::Log { call: other, .. }) if *other == call => events.next(),
                    _ => None,
                });
                parts.extend(self.lines(call, json, more));
            } else {
                parts.extend(Self::parts(event));
            }
        }
        parts
    }

    /// Lines of one call that follow each other cross as one text.
    fn lines(&self, call: Option<u32>, first: String, more: impl Iterator<Item = Event>) -> [Part; 4] {
        let mut count = first.len();
        let mut text = String::with_capacity(first.len() + 2);
        text.push('[');
        text.push_str(&first);
        for event in more {
            if let Event::Log { json, .. } = event {
                count += json.len();
                text.push(',');
                text.push_str(&json);
            }
        }
        text.push(']');
        self.waiting_bytes.fetch_sub(count, Ordering::Relaxed);
        [
            Part::Number(2),
            call.map_or(Part::Null, Part::Number),
            Part::Text(text),
            Part::Null,
        ]
    }

    fn parts(event: Event) -> [Part; 4] {
        use Part::{Null, Number, Text};
        match event {
            Event::Value { call, json } => [Number(0), Number(call), json.map_or(Null, Text), Null],
            Event::Failed { call, error } => [Number(1), Number(call), Text(error.to_json()), Null],
            Event::Log { call, json } => [Number(2), call.map_or(Null, Number), Text(format!("[{json}]")), Null],
            Event::Progress { call, json } => [Number(3), Number(call), Text(json), Null],
            Event::Record { json } => [Number(4), Null, Text(json), Null],
            Event::Ready { ticket, result } => [
                Number(5),
                Number(ticket),
                result.err().map_or(Null, |error| Text(error.to_json())),
                Null,
            ],
            Event::Drain => [Number(6), Null, Null, Null],
            Event::Closed => [Number(7), Null, Null, Null],
            Event::Tools {
                ticket,
                result: Ok(json),
            } => [Number(8), Number(ticket), Text(json), Null],
            Event::Tools {
                ticket,
                result: Err(error),
            } => [Number(8), Number(ticket), Text(error.to_json()), Number(1)],
        }
    }
}

impl Observer for Outbox {
    fn notify(&self, event: Event) {
        if let Event::Log { json, .. } | Event::Progress { json, .. } = &event {
            self.waiting_bytes.fetch_add(json.len(), Ordering::Relaxed);
        }
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    fn flush(&self) {
        let waiting = !self.events.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if waiting
            && !self.armed.swap(true, Ordering::SeqCst)
            && let Some(wake) = self.wake.get()
        {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn congested(&self) -> bool {
        self.waiting_bytes.load(Ordering::Relaxed) > CONGESTED
    }

    fn wants_logs(&self) -> bool {
        self.observes.load(Ordering::Relaxed) & OBSERVES_LOGS != 0
    }

    fn wants_records(&self) -> bool {
        self.observes.load(Ordering::Relaxed) & OBSERVES_RECORDS != 0
    }
}
