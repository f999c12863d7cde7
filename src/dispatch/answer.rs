//! What a process says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::facts::{Doom, End, StartFault};
use super::hub::{Closing, Hub, State};
use super::perform::mark;
use super::phase::Phase;
use super::printed::{Listeners, Source};
use super::retry::Failure;
use super::station::Station;
use crate::pool::WorkerId;
use crate::worker::frame::{self, FrameError, FromWorker, Ready, ResultFrame, Retry, Status};
use crate::worker::json::{self, MAX_DEPTH, is_too_deep};

/// How long a process may live on after its channel closed. It only decides which cause is reported: one that is ending
/// takes a few milliseconds from the one to the other.
const LAST_MOMENT: Duration = Duration::from_millis(250);

/// Variables that a worker lists, and bytes of a name; see `template/variables.mjs`.
const MOST_NAMES: usize = 64;
const LONGEST_NAME: usize = 128;

/// A `ToolInfo`. All of it must be there and of its type: callers are handed the text as it came.
#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "inputSchema")]
    _input_schema: IgnoredAny,
    #[serde(rename = "outputSchema")]
    _output_schema: IgnoredAny,
}

impl State {
    pub(super) fn heard(&mut self, hub: &Arc<Hub>, worker: WorkerId, frame: FromWorker<'_>) {
        match frame {
            FromWorker::Result(result) => self.answered(hub, worker, &result),
            FromWorker::Log(log) => {
                self.with_listeners(hub, worker, |listeners, station| listeners.frame(station, &log))
            }
            FromWorker::Progress { call, nonce, json } => {
                if self.speaks_for(worker, call, nonce)
                    && self.calls.get(&call).is_some_and(|call| call.request.progress)
                {
                    if is_too_deep(json) {
                        // The worker refuses such a value where it is reported: this one was written past it.
                        return self.doom_all(hub, worker, &Doom::Protocol(too_deep("a progress value")));
                    }
                    if let Some(station) = self.stations.get_mut(&worker) {
                        station.pace.progress(json.len());
                    }
                    hub.settings.sink.progress(call, json);
                }
            }
            FromWorker::Entered { call, nonce } => {
                if self.speaks_for(worker, call, nonce)
                    && let Some(call) = self.calls.get_mut(&call)
                {
                    call.entered = true;
                }
            }
            FromWorker::AbortAck { call, nonce, listens } => {
                if self.speaks_for(worker, call, nonce) {
                    self.step(hub, call, |phase| phase.acknowledged(listens));
                }
            }
            FromWorker::Leaving { call, nonce } => {
                if self.speaks_for(worker, call, nonce)
                    && let Some(station) = self.stations.get_mut(&worker)
                {
                    station.left_by = Some(call);
                }
            }
            FromWorker::Ready { json } => self.imported(hub, worker, json),
            FromWorker::Pong => self.warmed(worker),
            FromWorker::Missed { call, nonce, names } => {
                if self.speaks_for(worker, call, nonce)
                    && let Some(call) = self.calls.get_mut(&call)
                {
                    call.missed = variables(names);
                } else if call == 0
                    && let Some(station) = self.stations.get_mut(&worker)
                    && !station.ready
                {
                    station.missed = variables(names);
                }
            }
            // It woke the reader, who found them.
            FromWorker::Printed => {}
            FromWorker::LoadFailed { json } => {
                if let Some(station) = self.stations.get_mut(&worker)
                    && !station.ready
                {
                    station.fault = Some(StartFault::Load(json.to_owned()));
                    station.kill();
                }
            }
        }
    }

    /// Raw bytes of the pipes.
    pub(super) fn printed(&mut self, hub: &Hub, worker: WorkerId, source: Source, bytes: &[u8]) {
        self.with_listeners(hub, worker, |listeners, station| {
            let call = station.only_call();
            listeners.raw(station, source, call, bytes);
        });
    }

    /// Bytes that are no frame: nothing that follows can be believed.
    pub(super) fn garbled(&mut self, hub: &Hub, worker: WorkerId, error: FrameError) {
        let Some(station) = self.stations.get_mut(&worker) else {
            return;
        };
        if !station.ready {
            station.fault.get_or_insert(StartFault::Protocol(error.to_string()));
            station.kill();
            return;
        }
        let why = match error {
            FrameError::TooLarge { .. } => Doom::OutputTooLarge,
            other => Doom::Protocol(other.to_string()),
        };
        self.doom_all(hub, worker, &why);
    }

    /// Its end of the channel is closed. Most often it is ending, and soon its exit says how; one that goes on can
    /// neither be asked nor answer.
    pub(super) fn fell_silent(&mut self, worker: WorkerId, unread: bool) {
        let Some(station) = self.stations.get_mut(&worker) else {
            return;
        };
        station.unread |= unread;
        if !station.ending {
            let now = self.now;
            station.kill_at = Some(now + LAST_MOMENT);
            if station.ready {
                self.pool.condemn(worker, now, &mut self.actions);
            }
        }
    }

    /// It went on without its channel.
    pub(super) fn channel_closed(&mut self, hub: &Hub, worker: WorkerId) {
        match self.stations.get_mut(&worker) {
            Some(station) if !station.ready => {
                let what = "it closed the channel".to_owned();
                station.fault.get_or_insert(StartFault::Protocol(what));
                station.kill();
            }
            _ => self.doom_all(hub, worker, &Doom::ChannelClosed),
        }
    }

    fn with_listeners(&mut self, hub: &Hub, worker: WorkerId, work: impl FnOnce(&mut Listeners<'_>, &mut Station)) {
        if let Some(station) = self.stations.get_mut(&worker) {
            work(
                &mut Listeners {
                    calls: &mut self.calls,
                    sink: &*hub.settings.sink,
                },
                station,
            );
        }
    }

    /// The process serves this call, and knows its nonce.
    fn speaks_for(&self, worker: WorkerId, number: u32, nonce: [u8; 16]) -> bool {
        self.calls.get(&number).is_some_and(|call| {
            call.phase.served().is_some_and(|on| on.worker == worker)
                && call.nonce.is_some_and(|given| given.matches(&nonce))
        })
    }

    fn imported(&mut self, hub: &Hub, worker: WorkerId, json: &str) {
        let Some(station) = self.stations.get_mut(&worker) else {
            return;
        };
        // Said once. A tool that writes to the channel must not change what the manager offers.
        if station.imported || station.fault.is_some() {
            return;
        }
        let refused = |station: &mut Station, fault: StartFault| {
            station.fault.get_or_insert(fault);
            station.kill();
        };
        if is_too_deep(json) {
            return refused(station, StartFault::Protocol(too_deep("its list of tools")));
        }
        let Ready {
            tools,
            entry_table: board,
            ring,
            warmup,
        } = match Ready::parse(json) {
            Ok(ready) => ready,
            Err(why) => return refused(station, StartFault::not_ready(why)),
        };
        station.all_in_ring = ring;
        if board && station.board.is_some() {
            station.use_board(hub.settings.concurrent);
        }
        let tools = tools.map_or_else(|| "[]".to_owned(), |tools| tools.get().to_owned());
        // With a process for every call it is said for every call, and seldom anything new.
        if self.tools.as_ref() != Some(&tools) {
            let Some(listed) = json::read::<Vec<Listed>>(&tools) else {
                let what = "its list of tools cannot be read".to_owned();
                return refused(station, StartFault::Protocol(what));
            };
            self.tool_ids = listed.into_iter().map(|tool| tool.id).collect();
            self.tools = Some(tools);
        }
        station.imported = true;
        if let (Some(denials), Some(pid)) = (&hub.settings.denials, station.pid()) {
            denials.imported(pid);
        }
        if !warmup && self.pool.waiting().next().is_some() {
            // Somebody waits already: a rehearsal would only make them wait longer.
            return self.warmed(worker);
        }
        frame::append_ping(&mut station.outgoing.waiting());
        mark(&mut self.dirty, &station.outgoing);
    }

    fn warmed(&mut self, worker: WorkerId) {
        let Some(station) = self.stations.get_mut(&worker) else {
            return;
        };
        if station.ready || station.ending || !station.imported {
            return;
        }
        station.ready = true;
        self.last_failure = None;
        self.failed_starts = 0;
        self.pool.ready(worker, self.now, &mut self.actions);
    }

    fn answered(&mut self, hub: &Arc<Hub>, worker: WorkerId, result: &ResultFrame<'_>) {
        if !self.speaks_for(worker, result.call, result.nonce) {
            return;
        }
        let Some(call) = self.calls.get_mut(&result.call) else {
            return;
        };
        let Phase::Running { on, .. } = call.phase else {
            return self.step(hub, result.call, Phase::answered_late);
        };
        let now = self.now;
        if hub.settings.single_use {
            self.replacement.answered();
        }
        call.execution_time += now - on.since;
        let slot = call.slot.take();
        if std::mem::take(&mut self.delayed) {
            self.start_delays.reset();
        }
        self.with_listeners(hub, worker, |listeners, station| {
            listeners.finish_of(station, result.call);
        });
        if let Some(station) = self.stations.get_mut(&worker) {
            station.calls.retain(|number| *number != result.call);
            station.give_slot(slot);
        }
        self.take_denials(hub, worker, result.call);
        if result.status == Status::Threw && self.tries_again(hub, result, now) {
            self.pool.release(worker, now, &mut self.actions);
            return;
        }
        if let Some(call) = self.take_call(result.call) {
            self.settle(hub, call, end_of(result, hub.settings.output_cap));
        }
        self.pool.release(worker, now, &mut self.actions);
    }

    fn tries_again(&mut self, hub: &Hub, result: &ResultFrame<'_>, now: Instant) -> bool {
        let failure = Failure::Tool {
            retryable: match result.retry {
                Retry::Unsaid => None,
                Retry::Retryable => Some(true),
                Retry::NotRetryable => Some(false),
            },
            retry_after: result.retry_after_ms.map(|ms| Duration::from_millis(u64::from(ms))),
        };
        self.rest(hub, result.call, failure, now)
    }

    /// Puts the call to rest until its next attempt, if it has one.
    pub(super) fn rest(&mut self, hub: &Hub, number: u32, failure: Failure, now: Instant) -> bool {
        let forced = self.closing == Closing::Forced;
        let Some(call) = self.calls.get_mut(&number).filter(|call| !forced && !call.cancelled) else {
            return false;
        };
        let Some(until) = call
            .attempts
            .next(failure, &call.request.retry, &hub.settings.backoff, now)
        else {
            return false;
        };
        self.set_phase(number, Phase::Resting { until });
        true
    }
}

/// Names of variables as a worker lists them, no more than it lists itself.
fn variables(names: &str) -> Vec<String> {
    let names = names.lines().filter(|name| name.len() <= LONGEST_NAME);
    names.take(MOST_NAMES).map(str::to_owned).collect()
}

fn too_deep(what: &str) -> String {
    format!("{what} is nested deeper than {MAX_DEPTH} levels")
}

fn end_of(result: &ResultFrame<'_>, output_cap: u64) -> End {
    let text = || result.text.to_owned();
    match result.status {
        // The worker refuses such a result itself; one that was tampered with does not.
        Status::Value if result.text.len() as u64 > output_cap => End::OutputTooLarge(Some(result.text.len() as u64)),
        Status::Value if is_too_deep(result.text) => {
            End::OutputInvalid(serde_json::json!({ "message": too_deep("it") }).to_string())
        }
        Status::Value => End::Value(text()),
        Status::Undefined => End::Undefined,
        Status::Threw => End::Threw(text()),
        Status::NotFound => End::NotFound(text()),
        Status::InputInvalid => End::InputInvalid(text()),
        Status::OutputInvalid => End::OutputInvalid(text()),
        Status::OutputTooLarge => End::OutputTooLarge(result.text.parse().ok()),
    }
}
