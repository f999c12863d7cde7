//! The manager object that JavaScript uses.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Either, Function, Uint32ArraySlice};
use napi_derive::napi;

use super::calls::calls;
use super::event_loop::LoopWatch;
use super::outbox::Outbox;
use super::protocol::{CALL_FIELDS, wake_up_mode as mode};
use super::text::Text;
use crate::dispatch::HostReads;
use crate::error::{Code, Error};
use crate::manager::{Manager, Options};
use crate::observe::Observer;

/// A manager; every method returns at once.
#[napi]
pub struct NativeManager {
    inner: Option<Manager>,
    outbox: Arc<Outbox>,
    /// Set where the host's loop waits for answers itself.
    watch: Option<LoopWatch>,
}

/// Opens a manager; a text in return is ErrorData. `wake` is called when `drain()` has something. `wakeUpMode` tells
/// how the host can be woken when processes send something; 0: not at all.
#[napi]
pub fn open(
    env: Env,
    options: String,
    wake: Function<'_, (), ()>,
    wake_up_mode: u8,
) -> napi::Result<Either<NativeManager, String>> {
    let reads = match wake_up_mode {
        mode::EVENT_LOOP => HostReads::watched().ok(),
        mode::SOCKETS => Some(HostReads::doorbells()),
        _ => None,
    };
    // A host that is woken by sockets has no loop that could be watched: Bun before 1.4.4 ends at the attempt.
    let watch = reads
        .as_ref()
        .filter(|reads| !reads.are_doorbells())
        .and_then(|reads| LoopWatch::start(&env, reads, &wake));
    let wake = wake
        .build_threadsafe_function()
        .callee_handled::<false>()
        .weak::<true>()
        .build()?;
    let outbox = Arc::new(Outbox::default());
    outbox.connect(wake);
    let opened = serde_json::from_str::<Options>(&options)
        .map_err(|error| {
            Box::new(Error::new(Code::ConfigInvalid, "the manager's options cannot be read").source(error))
        })
        .and_then(|options| {
            Manager::open(
                &options,
                Arc::clone(&outbox) as Arc<dyn Observer>,
                reads.filter(|reads| watch.is_some() || reads.are_doorbells()),
            )
        });
    Ok(match opened {
        Ok(manager) => Either::A(NativeManager {
            inner: Some(manager),
            outbox,
            watch,
        }),
        Err(error) => Either::B(error.to_json()),
    })
}

#[napi]
impl NativeManager {
    /// Configuration, working directory, worker file and enforcement, as JSON text.
    #[napi]
    pub fn info(&self) -> String {
        self.with(Manager::info)
    }

    /// Takes calls, packed as [`calls`] reads them. Returns the JSON array of `[number, ErrorData]` of rejected calls;
    /// the results of the others come through `drain()`.
    #[napi]
    #[allow(clippy::needless_pass_by_value, reason = "what crosses is taken by value")]
    pub fn submit(&self, texts: Text, head: Uint32ArraySlice<'_>, count: u32) -> Option<String> {
        let manager = self.inner.as_ref()?;
        let head = head.get(..count as usize * CALL_FIELDS)?;
        let refused = manager.execute(calls(&texts.0, head));
        if refused.is_empty() {
            return None;
        }
        let refused: Vec<String> = refused
            .iter()
            .map(|(number, error)| format!("[{number},{}]", error.to_json()))
            .collect();
        Some(format!("[{}]", refused.join(",")))
    }

    /// Cancels a call; `why` becomes the reason of its tool's signal.
    #[napi]
    pub fn cancel(&self, call: u32, why: Option<String>) {
        self.with(|manager| manager.cancel(call, why));
    }

    /// Which observers exist. 1: lines; 2: records.
    #[napi]
    pub fn observe(&self, flags: u8) {
        self.outbox.observe(flags);
    }

    /// The events since the last call, as many as fit `head`; see [`Outbox::take`].
    #[napi(ts_return_type = "string")]
    pub fn drain(&self, mut head: Uint32ArraySlice<'_>) -> Text {
        if self.watch.as_ref().is_some_and(LoopWatch::take_readable) {
            self.outbox.while_host_takes(|| self.with(Manager::read));
        }
        // SAFETY: the array is the host's, and its thread is in this call: nobody else reads or writes it meanwhile.
        let text = self.outbox.take(unsafe { head.as_mut() });
        if self.outbox.is_over()
            && let Some(watch) = &self.watch
        {
            watch.stop();
        }
        Text(text)
    }

    /// A doorbell socket became readable, or, with `all`, has closed. The caller then calls `drain()`.
    #[napi]
    pub fn read(&self, all: bool) {
        let read = if all { Manager::read_all } else { Manager::read };
        self.outbox.while_host_takes(|| self.with(read));
    }

    /// Answered by an event of kind 5.
    #[napi]
    pub fn ready(&self, question: u32) {
        self.with(|manager| manager.ready(question));
    }

    /// Answered by an event of kind 8.
    #[napi]
    pub fn list_tools(&self, question: u32) {
        self.with(|manager| manager.list_tools(question));
    }

    /// Answered by an event of kind 7.
    #[napi]
    pub fn close(&self, force: bool) {
        self.with(|manager| manager.close(force));
    }

    /// `ManagerStats`, as JSON text.
    #[napi]
    pub fn stats(&self) -> String {
        self.with(Manager::stats)
    }

    /// `{ [toolId]: LearnedTool }` as JSON text; null where the manager does not learn.
    #[napi]
    pub fn learned(&self) -> Option<String> {
        self.with(Manager::learned)
    }

    /// Counters, gauges and histograms, as Prometheus text.
    #[napi]
    pub fn metrics(&self) -> String {
        self.with(Manager::metrics)
    }

    /// Kills every process and removes the worker file at once: the host is about to end.
    #[napi]
    pub fn abandon(&self) {
        self.with(Manager::abandon);
    }

    fn with<R: Default>(&self, ask: impl FnOnce(&Manager) -> R) -> R {
        self.inner.as_ref().map(ask).unwrap_or_default()
    }
}
