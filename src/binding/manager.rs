//! A manager as JavaScript holds it.

use std::sync::Arc;

use napi::bindgen_prelude::{Either, Function};
use napi_derive::napi;

use super::outbox::{Outbox, Part};
use crate::error::{Code, Error};
use crate::manager::{Asked, Manager, Options};
use crate::observe::Observer;

const WANTS_LOGS: u32 = 1;
const WANTS_PROGRESS: u32 = 2;

/// A manager; every method returns at once.
#[napi]
pub struct NativeManager {
    inner: Option<Manager>,
    outbox: Arc<Outbox>,
}

/// Opens a manager; text is ErrorData. `wake` is called when `drain()` has something.
#[napi]
pub fn open(options: String, wake: Function<'_, (), ()>) -> napi::Result<Either<NativeManager, String>> {
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
        .and_then(|options| Manager::open(&options, Arc::clone(&outbox) as Arc<dyn Observer>));
    Ok(match opened {
        Ok(manager) => Either::A(NativeManager {
            inner: Some(manager),
            outbox,
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

    /// Takes a call. Text is the ErrorData that answers it; null: its answer comes through `drain()`.
    #[napi]
    #[allow(
        clippy::too_many_arguments,
        reason = "one crossing with plain values is several times cheaper than an object"
    )]
    pub fn submit(
        &self,
        call: u32,
        tool_id: String,
        tool_exec_id: Option<String>,
        input: Option<String>,
        config: Option<String>,
        env: Option<String>,
        timeout: Option<String>,
        retry: Option<String>,
        flags: u32,
    ) -> Option<String> {
        let manager = self.inner.as_ref()?;
        let asked = Asked {
            number: call,
            tool: &tool_id,
            exec: tool_exec_id.as_deref(),
            input,
            config,
            env: env.as_deref(),
            timeout: timeout.as_deref(),
            retry: retry.as_deref(),
            logs: flags & WANTS_LOGS != 0,
            progress: flags & WANTS_PROGRESS != 0,
        };
        manager.execute(asked).err().map(|error| error.to_json())
    }

    /// Sends the frames that `submit()` left pending.
    #[napi]
    pub fn flush(&self) {
        self.with(Manager::flush);
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

    /// Everything that happened since the last time, flat: kind, call, a, b.
    #[napi(ts_return_type = "Array<unknown>")]
    pub fn drain(&self) -> Vec<Part> {
        self.outbox.take()
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
