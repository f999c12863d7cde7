//! Carries out effects while the engine is not locked.
//!
//! Nothing here waits: frames are sent as far as the channel takes them, a start is requested from the spawner's thread, and
//! the sink stores what it gets and wakes its reader.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use super::groups::{GroupProcesses, GroupTable};
use super::processes::Processes;
use super::send_queue::SendQueue;
use super::trace;
use crate::dispatch::engine::{Effect, Effects, LineEffect};
use crate::dispatch::sink::Sink;
use crate::observe::Line;
use crate::pool::{GroupId, WorkerId};
use crate::spawn::{Child, SpawnFailure};
use crate::worker::frame::Level;

/// The reply of the spawner.
pub(super) struct Spawned {
    pub(super) worker: WorkerId,
    /// `None` where the group exists no more; then no process was started.
    pub(super) group: Option<Arc<GroupProcesses>>,
    pub(super) result: Result<Child, SpawnFailure>,
}

/// How far the end of the driver thread has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It runs, and ends once it is notified that everything is over.
    Running,
    /// It has reported the end to the sink.
    Reported,
}

/// What effects are carried out with.
pub(super) struct Outside {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) processes: Processes,
    /// Empty once the manager is closed.
    pub(super) groups: GroupTable,
    pub(super) spawned: UnboundedSender<Spawned>,
    /// Wakes the clock.
    pub(super) clock: Notify,
    pub(super) ending: Mutex<Ending>,
}

/// Effects that are being carried out, by one thread at a time.
#[derive(Default)]
pub(super) struct Performer {
    pub(super) effects: Effects,
    pub(super) trace: String,
    /// Queues to which frames were appended that are not sent yet.
    unsent: Vec<Arc<SendQueue>>,
    /// Whether the sink has stored something since its reader was woken last.
    unflushed: bool,
}

impl Performer {
    /// Carries out all effects. Where the sink panics, the rest is kept for the next call.
    pub(super) fn run(&mut self, outside: &Outside) {
        if !self.trace.is_empty() {
            trace::write(&std::mem::take(&mut self.trace));
        }
        while let Some(effect) = self.effects.next() {
            self.carry_out(effect, outside);
        }
        self.flush(outside);
        for queue in self.unsent.drain(..) {
            queue.send();
        }
    }

    fn carry_out(&mut self, effect: Effect, outside: &Outside) {
        match effect {
            Effect::Start(worker, group) => {
                // The reader is woken first, so that an answer is delivered before the process that it freed is replaced.
                self.flush(outside);
                start(worker, group, outside);
            }
            Effect::Send { worker, bytes, .. } => {
                let frame = self.effects.take_frame(bytes);
                let Some(queue) = outside.processes.queue(worker) else {
                    return;
                };
                queue.append(frame);
                if !self.unsent.iter().any(|known| Arc::ptr_eq(known, &queue)) {
                    self.unsent.push(queue);
                }
            }
            Effect::Kill(worker, _) => {
                self.flush(outside);
                if let Some(process) = outside.processes.process(worker) {
                    process.kill_group();
                }
            }
            Effect::KillServed(worker) => {
                self.flush(outside);
                if let Some(process) = outside.processes.process(worker) {
                    process.kill_served();
                }
            }
            Effect::StandBack(worker) => {
                if let Some(process) = outside.processes.process(worker) {
                    process.stand_back();
                }
            }
            Effect::Imported(worker) => {
                if let Some((process, Some(denials))) = outside.processes.with_denials(worker) {
                    denials.imported(process.pid());
                }
            }
            Effect::Settle(..) => {
                if let Some(facts) = self.effects.facts.pop_front() {
                    self.unflushed = true;
                    outside.sink.settled(facts);
                }
            }
            Effect::Line(line) => self.line(&line, outside),
            Effect::Progress { call, json } => {
                let json = self.effects.take_text(json);
                self.unflushed = true;
                outside.sink.progress(call, self.effects.text(json));
            }
            Effect::Drained => {
                outside.sink.drained();
                outside.sink.flush();
            }
            Effect::Ready { question, failure } => {
                self.unflushed = true;
                outside.sink.ready(question, failure.as_deref().map_or(Ok(()), Err));
            }
            Effect::Tools { question, answer } => {
                self.unflushed = true;
                let answer = answer.as_ref().map(String::as_str).map_err(AsRef::as_ref);
                outside.sink.tools(question, answer);
            }
            Effect::Closed => self.closed(outside),
        }
    }

    fn line(&mut self, line: &LineEffect, outside: &Outside) {
        let ids = line
            .ids
            .map(|(tool, exec)| (self.effects.take_text(tool), self.effects.take_text(exec)));
        let text = self.effects.take_text(line.text);
        self.unflushed = true;
        let effects = &self.effects;
        outside.sink.line(&Line {
            call: line.call,
            tool: ids.map(|(tool, exec)| (effects.text(tool), effects.text(exec))),
            stream: line.stream.as_str(),
            level: line.level.map(Level::as_str),
            text: effects.text(text),
            time: line.time.unwrap_or_else(now_ms),
        });
    }

    fn flush(&mut self, outside: &Outside) {
        if std::mem::take(&mut self.unflushed) {
            outside.sink.flush();
        }
    }

    /// Wakes the driver, which closes what is left and then reports the end. Only the end after another `close()` that comes
    /// later is reported here.
    fn closed(&mut self, outside: &Outside) {
        let ending = *outside.ending.lock().unwrap_or_else(PoisonError::into_inner);
        match ending {
            Ending::Running => outside.clock.notify_one(),
            Ending::Reported => {
                self.unflushed = true;
                outside.sink.closed();
            }
        }
    }
}

fn start(worker: WorkerId, group: GroupId, outside: &Outside) {
    let replies = outside.spawned.clone();
    let Some(group) = outside.groups.get(group) else {
        // Its call was over before its process could be started, or the manager is closed.
        let result = Err(SpawnFailure::permanent("group"));
        let _ = replies.send(Spawned {
            worker,
            group: None,
            result,
        });
        return;
    };
    // The spawner's thread must not keep its own spawner, which would then be dropped on that thread.
    let of_worker = Arc::downgrade(&group);
    group.spawn(Arc::clone(&group.launch), move |result| {
        let group = of_worker.upgrade();
        // A driver that has ended takes no child, and a child that is dropped is killed.
        let _ = replies.send(Spawned { worker, group, result });
    });
}

fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}
