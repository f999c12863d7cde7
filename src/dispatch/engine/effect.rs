//! Everything that the engine can ask the shell to do.
//!
//! Effects are gathered in one [`Effects`], which is used again and again: text and frames lie end to end in two buffers and
//! each effect knows its length, so that neither a call nor a line costs an allocation here.

use std::collections::VecDeque;
use std::fmt;

use crate::dispatch::facts::{Facts, StartFailure};
use crate::pool::{CallId, GroupId, WorkerId};
use crate::worker::frame::{Level, Stream};

use super::call::Request;

/// Why a call was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The queue is full.
    QueueFull,
    /// The manager was closed.
    Closed,
}

/// What a frame that the host sends asks of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum FrameKind {
    /// Run this call.
    Call(CallId),
    /// Abort the signal of this call's tool, for this reason in one word.
    Abort(CallId, &'static str),
    /// Rehearse a call.
    Ping,
    /// Clean up and end.
    End,
}

/// A line that was printed, with the lengths of its texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::dispatch) struct LineEffect {
    /// The call whose own listener gets it.
    pub(in crate::dispatch) call: Option<CallId>,
    pub(in crate::dispatch) stream: Stream,
    pub(in crate::dispatch) level: Option<Level>,
    /// Unix time in milliseconds as the process gave it; `None`: the time of delivery.
    pub(in crate::dispatch) time: Option<f64>,
    /// Lengths of the ids of tool and execution, where the line belongs to a call.
    pub(in crate::dispatch) ids: Option<(u32, u32)>,
    pub(in crate::dispatch) text: u32,
}

/// One thing that the shell must do.
#[derive(Debug)]
pub(in crate::dispatch) enum Effect {
    /// Start a process of this group under this id.
    Start(WorkerId, GroupId),
    /// Send the next `bytes` of the frames to the process.
    Send {
        worker: WorkerId,
        what: FrameKind,
        bytes: u32,
    },
    /// Kill the process with its group, for this reason in one word.
    Kill(WorkerId, &'static str),
    /// The same for a process that has served its only call, and may live on for a moment.
    KillServed(WorkerId),
    /// Give the process and its programs the lowest priority. They have so many threads that these, and their end, would take
    /// the processors from other processes.
    StandBack(WorkerId),
    /// The process has imported the entrypoint, so refusals from now on concern its tools.
    Imported(WorkerId),
    /// Report that the call is over. The word says how, and its facts are the next ones.
    Settle(CallId, &'static str),
    Line(LineEffect),
    /// Report a progress value: the next `json` bytes of the text.
    Progress {
        call: CallId,
        json: u32,
    },
    /// Report that the queue has room again.
    Drained,
    /// Answer the question whether processes are ready.
    Ready {
        question: u32,
        failure: Option<Box<StartFailure>>,
    },
    /// Answer the question for the tools with JSON text.
    Tools {
        question: u32,
        answer: Result<String, Box<StartFailure>>,
    },
    /// Report the end: every process has exited and every call is over.
    Closed,
}

/// Effects in the order in which they are to be carried out.
#[derive(Debug, Default)]
pub(in crate::dispatch) struct Effects {
    list: VecDeque<Effect>,
    pub(in crate::dispatch) facts: VecDeque<Facts>,
    frames: Vec<u8>,
    frames_taken: usize,
    text: String,
    text_taken: usize,
    /// Calls that were not accepted. The code that submitted them takes them from here.
    pub(in crate::dispatch) refused: Vec<(Request, Refusal)>,
}

/// Above these sizes the memory that a burst needed is given back.
const KEPT_BYTES: usize = 256 * 1024;
const KEPT_EFFECTS: usize = 4096;

impl Effects {
    pub(super) fn push(&mut self, effect: Effect) {
        self.list.push_back(effect);
    }

    /// Adds a frame for the process, which `append` writes.
    pub(super) fn send(&mut self, worker: WorkerId, what: FrameKind, append: impl FnOnce(&mut Vec<u8>)) {
        let before = self.frames.len();
        append(&mut self.frames);
        let bytes = length(self.frames.len() - before);
        self.push(Effect::Send { worker, what, bytes });
    }

    pub(super) fn settle(&mut self, facts: Facts) {
        self.push(Effect::Settle(facts.call, facts.end.name()));
        self.facts.push_back(facts);
    }

    pub(super) fn progress(&mut self, call: CallId, json: &str) {
        self.text.push_str(json);
        let json = length(json.len());
        self.push(Effect::Progress { call, json });
    }

    /// `line` without its lengths.
    pub(super) fn line(&mut self, line: LineEffect, ids: Option<(&str, &str)>, text: &str) {
        if let Some((tool, exec)) = ids {
            self.text.push_str(tool);
            self.text.push_str(exec);
        }
        self.text.push_str(text);
        self.push(Effect::Line(LineEffect {
            ids: ids.map(|(tool, exec)| (length(tool.len()), length(exec.len()))),
            text: length(text.len()),
            ..line
        }));
    }

    pub(in crate::dispatch) fn len(&self) -> usize {
        self.list.len()
    }

    pub(in crate::dispatch) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The effects from this index on.
    pub(in crate::dispatch) fn since(&self, index: usize) -> impl Iterator<Item = &Effect> {
        self.list.range(index.min(self.list.len())..)
    }

    /// Takes the next effect. Its frame, text or facts must be taken before the effect that follows.
    pub(in crate::dispatch) fn next(&mut self) -> Option<Effect> {
        let next = self.list.pop_front();
        if next.is_none() {
            self.clear();
        }
        next
    }

    /// The next `bytes` of the frames.
    pub(in crate::dispatch) fn take_frame(&mut self, bytes: u32) -> &[u8] {
        let start = self.frames_taken;
        self.frames_taken += bytes as usize;
        &self.frames[start..self.frames_taken]
    }

    /// Where the next `bytes` of the text begin.
    pub(in crate::dispatch) fn take_text(&mut self, bytes: u32) -> std::ops::Range<usize> {
        let start = self.text_taken;
        self.text_taken += bytes as usize;
        start..self.text_taken
    }

    pub(in crate::dispatch) fn text(&self, range: std::ops::Range<usize>) -> &str {
        &self.text[range]
    }

    fn clear(&mut self) {
        self.frames.clear();
        self.frames.shrink_to(KEPT_BYTES);
        self.text.clear();
        self.text.shrink_to(KEPT_BYTES);
        self.list.shrink_to(KEPT_EFFECTS);
        self.facts.shrink_to(KEPT_EFFECTS);
        (self.frames_taken, self.text_taken) = (0, 0);
    }
}

/// Frames and texts are bounded far below 4 GiB: by `max_frame` and by what validation accepts.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The form that `TOOLWARDEN_TRACE` shows. It contains no data of a tool.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(worker, GroupId::OWN) => write!(f, "Start process={}", worker.0),
            Self::Start(worker, group) => write!(f, "Start process={} group={}", worker.0, group.base),
            Self::Send { worker, what, bytes } => {
                let process = worker.0;
                match what {
                    FrameKind::Call(call) => write!(f, "Send call={call} process={process} CALL bytes={bytes}"),
                    FrameKind::Abort(call, why) => write!(f, "Send call={call} process={process} ABORT {why}"),
                    FrameKind::Ping => write!(f, "Send process={process} PING"),
                    FrameKind::End => write!(f, "Send process={process} END"),
                }
            }
            Self::Kill(worker, why) => write!(f, "Kill process={} {why}", worker.0),
            Self::KillServed(worker) => write!(f, "Kill process={} served", worker.0),
            Self::StandBack(worker) => write!(f, "StandBack process={}", worker.0),
            Self::Imported(worker) => write!(f, "Imported process={}", worker.0),
            Self::Settle(call, how) => write!(f, "Settle call={call} {how}"),
            Self::Line(line) => match line.call {
                Some(call) => write!(f, "Line call={call} {} bytes={}", line.stream.as_str(), line.text),
                None => write!(f, "Line {} bytes={}", line.stream.as_str(), line.text),
            },
            Self::Progress { call, json } => write!(f, "Progress call={call} bytes={json}"),
            Self::Drained => f.write_str("Drained"),
            Self::Ready { question, failure } => {
                write!(
                    f,
                    "Ready question={question} {}",
                    if failure.is_some() { "failed" } else { "ok" }
                )
            }
            Self::Tools { question, answer } => {
                write!(
                    f,
                    "Tools question={question} {}",
                    if answer.is_err() { "failed" } else { "ok" }
                )
            }
            Self::Closed => f.write_str("Closed"),
        }
    }
}
