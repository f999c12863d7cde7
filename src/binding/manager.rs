//! A manager as JavaScript holds it.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Either, Function, Uint32ArraySlice};
use napi_derive::napi;

use super::calls::calls;
use super::event_loop::LoopWatch;
use super::outbox::Outbox;
use super::protocol::{CALL_FIELDS, readiness};
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
    /// The host's loop waits for answers itself.
    watch: Option<LoopWatch>,
}

/// Opens a manager; text is ErrorData. `wake` is called when `drain()` has something. `hears`: how the host can hear of what
/// processes say, 0 where it can't.
#[napi]
pub fn open(
    env: Env,
    options: String,
    wake: Function<'_, (), ()>,
    hears: u8,
) -> napi::Result<Either<NativeManager, String>> {
    let reads = match hears {
        readiness::EVENT_LOOP => HostReads::watched().ok(),
        readiness::SOCKETS => Some(HostReads::bells()),
        _ => None,
    };
    let watch = reads.as_ref().and_then(|reads| LoopWatch::start(&env, reads, &wake));
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
                reads.filter(|reads| watch.is_some() || reads.are_bells()),
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

    /// Takes calls, packed as [`calls`] reads them. Text: the JSON array of `[number, ErrorData]` of those it answers; the
    /// others' answers come through `drain()`.
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

    /// Cancels a call.
    #[napi]
    pub fn cancel(&self, call: u32) {
        self.with(|manager| manager.cancel(call));
    }

    /// 1: lines are listened to; 2: records are.
    #[napi]
    pub fn observe(&self, flags: u8) {
        self.outbox.observe(flags);
    }

    /// What happened since the last time, as much as there is room for in `head`; see [`Outbox::take`].
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

    /// A bell rang, or, `all`, fell silent. `drain()` is to follow.
    #[napi]
    pub fn read(&self, all: bool) {
        let read = if all { Manager::read_all } else { Manager::read };
        self.outbox.while_host_takes(|| self.with(read));
    }

    /// Answered by an event of kind 5.
    #[napi]
    pub fn ready(&self, ticket: u32) {
        self.with(|manager| manager.ready(ticket));
    }

    /// Answered by an event of kind 8.
    #[napi]
    pub fn list_tools(&self, ticket: u32) {
        self.with(|manager| manager.list_tools(ticket));
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
