//! Events on their way to the host's thread.
//!
//! Events are gathered in one list; the host is woken once and takes them in portions of bounded size. The thread-safe
//! function is weak, so it never keeps the host alive.

use std::collections::VecDeque;
use std::os::fd::IntoRawFd;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use napi::Status;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

use super::lines::Lines;
use super::protocol::{EVENT_FIELDS, NO_TEXT, OBSERVES_LOGS, OBSERVES_RECORDS, event, event_field};
use super::text::units;
use crate::error::{Code, Error, hints};
use crate::observe::{Event, Line, Observer};

/// Calls the host's `wake` without arguments.
pub(super) type Wake = ThreadsafeFunction<(), (), (), Status, false, true, 0>;

/// Bytes of lines and progress values that may wait for the host before processes are no longer read.
const CONGESTED: usize = 16 * 1024 * 1024;

/// Bytes of text that cross in one string; a larger text crosses alone and uncopied.
const PORTION: usize = 256 * 1024;

/// V8's longest string in UTF-16 units; a text has at most as many units as bytes.
const LONGEST: usize = (1 << 29) - 24;

enum Item {
    Event(Event),
    Lines(Lines),
}

#[derive(Default)]
pub(super) struct Outbox {
    events: Mutex<VecDeque<Item>>,
    /// Taken by the host but not yet passed to JavaScript. Only its thread touches them.
    taken: Mutex<VecDeque<Item>>,
    /// The host was woken and has not come yet.
    armed: AtomicBool,
    /// The host is about to take events, so it need not be woken.
    taking: AtomicBool,
    /// The final event was taken.
    over: AtomicBool,
    /// Bytes of events that processes can send without end.
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

    /// Runs code that makes events on the host's own thread, which takes them next.
    pub(super) fn while_host_takes(&self, make: impl FnOnce()) {
        self.taking.store(true, Ordering::SeqCst);
        make();
        self.taking.store(false, Ordering::SeqCst);
    }

    /// Whether no event can follow.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// The waiting events, as many as fit: `head` gets the number of events and then kind, call and text length of each
    /// (in UTF-16 units, as the host counts; [`NO_TEXT`]: no text). Returns their texts, concatenated.
    pub(super) fn take(&self, head: &mut [u32]) -> String {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.is_empty() {
            self.armed.store(false, Ordering::SeqCst);
            std::mem::swap(&mut *taken, &mut *self.lock());
        }
        let [count, room @ ..] = head else { return String::new() };
        *count = 0;
        let mut texts = String::new();
        for fields in room.chunks_exact_mut(EVENT_FIELDS) {
            if texts.len() >= PORTION || (*count > 0 && taken.front().is_some_and(is_large)) {
                break;
            }
            let Some(item) = taken.pop_front() else { break };
            let (kind, number, text) = match item {
                Item::Event(event) => self.parts(event),
                Item::Lines(lines) => {
                    self.waiting_bytes.fetch_sub(lines.len(), Ordering::Relaxed);
                    (event::LOG, lines.call().unwrap_or(0), Some(lines.into_json()))
                }
            };
            let length = text.as_deref().map_or(NO_TEXT, units);
            fields[event_field::KIND] = kind;
            fields[event_field::NUMBER] = number;
            fields[event_field::TEXT] = length;
            *count += 1;
            match text {
                Some(text) if texts.is_empty() => texts = text,
                Some(text) => texts.push_str(&text),
                None => {}
            }
        }
        texts
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Item>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parts(&self, event: Event) -> (u32, u32, Option<String>) {
        match event {
            Event::Value { call, json: Some(json) } if json.len() > LONGEST => {
                let message = format!(
                    "the result has {} bytes of JSON, more than a string of the host can hold",
                    json.len()
                );
                let error = Error::new(Code::OutputTooLarge, message).hint(hints::RESULT_TOO_LONG);
                (event::ERROR, call, Some(error.to_json()))
            }
            Event::Value { call, json } => (event::RESULT, call, json),
            Event::Failed { call, error } => (event::ERROR, call, Some(error.to_json())),
            Event::Progress { call, json } => {
                self.waiting_bytes.fetch_sub(json.len(), Ordering::Relaxed);
                (event::PROGRESS, call, Some(json))
            }
            Event::Record { json } => (event::RECORD, 0, Some(json)),
            Event::Ready { question, result } => (event::READY, question, result.err().map(|error| error.to_json())),
            Event::Drain => (event::DRAIN, 0, None),
            // The descriptor belongs to the host from here on.
            Event::Listen { doorbell } => (event::LISTEN, u32::try_from(doorbell.into_raw_fd()).unwrap_or(0), None),
            Event::Closed => {
                self.over.store(true, Ordering::Relaxed);
                (event::CLOSED, 0, None)
            }
            Event::Tools {
                question,
                result: Ok(json),
            } => (event::TOOLS, question, Some(json)),
            Event::Tools {
                question,
                result: Err(error),
            } => (event::NO_TOOLS, question, Some(error.to_json())),
        }
    }
}

/// Such a text crosses alone: concatenated with others it would take twice the memory, or exceed the host's longest
/// string.
fn is_large(item: &Item) -> bool {
    matches!(item, Item::Event(Event::Value { json: Some(json), .. }) if json.len() > PORTION)
}

impl Observer for Outbox {
    fn notify(&self, event: Event) {
        if let Event::Progress { json, .. } = &event {
            if json.len() > LONGEST {
                // The host could not receive it. An oversized progress value is no reason to fail the call.
                return;
            }
            self.waiting_bytes.fetch_add(json.len(), Ordering::Relaxed);
        }
        self.lock().push_back(Item::Event(event));
    }

    fn line(&self, line: &Line<'_>) {
        let mut events = self.lock();
        let added = match events.back_mut() {
            Some(Item::Lines(lines)) => lines.add(line),
            _ => None,
        };
        let bytes = added.unwrap_or_else(|| {
            let lines = Lines::new(line);
            let bytes = lines.len();
            events.push_back(Item::Lines(lines));
            bytes
        });
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn flush(&self) {
        let waiting = !self.lock().is_empty();
        if waiting
            && !self.taking.load(Ordering::SeqCst)
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
