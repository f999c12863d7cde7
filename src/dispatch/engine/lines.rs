//! Turns the bytes that a process prints into lines, each with the call that it belongs to.

use rustc_hash::FxHashMap;

use super::call::Call;
use super::effect::{Effects, LineEffect};
use super::pace::Pace;
use crate::pool::CallId;
use crate::spawn::{Captured, LineSplitter};
use crate::worker::frame::{Level, LogFrame, Stream};

/// Where raw bytes come from. Each source has its own unfinished line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum Source {
    /// The stdout pipe: what the tool's child processes print, and what is written to the descriptor.
    StdoutPipe,
    StderrPipe,
    /// What the worker reported of process.stdout.write.
    StdoutWrites,
    StderrWrites,
}

impl Source {
    const ALL: [Self; 4] = [
        Self::StdoutPipe,
        Self::StderrPipe,
        Self::StdoutWrites,
        Self::StderrWrites,
    ];

    fn stream(self) -> Stream {
        match self {
            Self::StdoutPipe | Self::StdoutWrites => Stream::Stdout,
            Self::StderrPipe | Self::StderrWrites => Stream::Stderr,
        }
    }
}

/// The unfinished lines of one process.
#[derive(Debug, Default)]
pub(super) struct Lines {
    splitters: [LineSplitter; 4],
    /// The call that the unfinished line belongs to.
    owner: [Option<CallId>; 4],
}

/// Everything that takes part in delivering a line of one process.
pub(super) struct Delivery<'a> {
    pub(super) calls: &'a mut FxHashMap<CallId, Call>,
    pub(super) lines: &'a mut Lines,
    pub(super) pace: &'a mut Pace,
    /// What the process printed to stderr outside of calls.
    pub(super) stderr: &'a mut Captured,
    pub(super) out: &'a mut Effects,
    /// Somebody listens to every line.
    pub(super) all_wanted: bool,
}

impl Delivery<'_> {
    /// Takes raw bytes.
    pub(super) fn raw(&mut self, source: Source, call: Option<CallId>, bytes: &[u8]) {
        if source.stream() == Stream::Stderr {
            self.capture(call, bytes);
        }
        let index = source as usize;
        if self.lines.owner[index] != call {
            self.finish(source);
            self.lines.owner[index] = call;
        }
        let mut splitter = std::mem::take(&mut self.lines.splitters[index]);
        splitter.push(bytes, |line| self.line(call, source.stream(), None, None, &line));
        self.lines.splitters[index] = splitter;
    }

    /// Takes a LOG frame. `calls` are those that its process serves.
    pub(super) fn frame(&mut self, calls: &[CallId], frame: &LogFrame<'_>) {
        let call = frame.call.filter(|number| calls.contains(number));
        let Some(level) = frame.level else {
            let source = match frame.stream {
                Stream::Stdout => Source::StdoutWrites,
                Stream::Stderr => Source::StderrWrites,
            };
            self.raw(source, call, frame.bytes);
            return;
        };
        if frame.stream == Stream::Stderr {
            self.capture(call, frame.bytes);
            self.capture(call, b"\n");
        }
        let time = frame.time.is_finite().then_some(frame.time);
        self.line(call, frame.stream, Some(level), time, &frame.text());
    }

    /// Delivers the unfinished lines of a call that is over.
    pub(super) fn finish_of(&mut self, call: CallId) {
        for source in Source::ALL {
            if self.lines.owner[source as usize] == Some(call) {
                self.finish(source);
            }
        }
    }

    /// Delivers the unfinished lines of a process that has ended.
    pub(super) fn finish_all(&mut self) {
        for source in Source::ALL {
            self.finish(source);
        }
    }

    fn finish(&mut self, source: Source) {
        let index = source as usize;
        let call = self.lines.owner[index];
        let mut splitter = std::mem::take(&mut self.lines.splitters[index]);
        splitter.flush(|line| self.line(call, source.stream(), None, None, &line));
        self.lines.splitters[index] = splitter;
    }

    fn capture(&mut self, call: Option<CallId>, bytes: &[u8]) {
        match call.and_then(|number| self.calls.get_mut(&number)) {
            Some(call) => call.stderr.push(bytes),
            None => self.stderr.push(bytes),
        }
    }

    /// Delivers a line to its listeners. A line without a listener costs the host nothing, so it does not count for the pace.
    fn line(&mut self, number: Option<CallId>, stream: Stream, level: Option<Level>, time: Option<f64>, text: &str) {
        let call = number.and_then(|number| self.calls.get(&number));
        let wanted = call.is_some_and(|call| call.request.logs);
        if wanted || self.all_wanted {
            self.pace.line(text.len());
            let line = LineEffect {
                call: number.filter(|_| wanted),
                stream,
                level,
                time,
                ids: None,
                text: 0,
            };
            let ids = call.map(|call| (call.request.tool.as_str(), call.request.exec.as_str()));
            self.out.line(line, ids, text);
        }
    }
}
