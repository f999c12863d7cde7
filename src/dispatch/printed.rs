//! From bytes that a process printed to lines, each with the call it belongs to.

use std::time::{SystemTime, UNIX_EPOCH};

use rustc_hash::FxHashMap;

use super::call::Call;
use super::facts::Sink;
use super::pace::Pace;
use super::station::Station;
use crate::observe::Line;
use crate::spawn::LineSplitter;
use crate::worker::frame::{Level, LogFrame, Stream};

/// Where raw bytes come from. Each keeps its own unfinished line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The stdout pipe: children of the tool, writes by descriptor.
    StdoutPipe,
    StderrPipe,
    /// process.stdout.write, as the worker reported it.
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
pub(super) struct Printed {
    splitters: [LineSplitter; 4],
    /// Whose the unfinished line is.
    owner: [Option<u32>; 4],
}

/// Everything that takes part in delivering a line.
pub(super) struct Listeners<'a> {
    pub(super) calls: &'a mut FxHashMap<u32, Call>,
    pub(super) sink: &'a dyn Sink,
}

impl Listeners<'_> {
    /// Raw bytes.
    pub(super) fn raw(&mut self, station: &mut Station, source: Source, call: Option<u32>, bytes: &[u8]) {
        if source.stream() == Stream::Stderr {
            self.capture(station, call, bytes);
        }
        let index = source as usize;
        if station.printed.owner[index] != call {
            self.finish(station, source);
            station.printed.owner[index] = call;
        }
        let mut splitter = std::mem::take(&mut station.printed.splitters[index]);
        let time = now_ms();
        let pace = &mut station.pace;
        splitter.push(bytes, |line| self.line(pace, call, source.stream(), None, time, &line));
        station.printed.splitters[index] = splitter;
    }

    /// A LOG frame.
    pub(super) fn frame(&mut self, station: &mut Station, frame: &LogFrame<'_>) {
        let call = frame.call.filter(|number| station.calls.contains(number));
        let Some(level) = frame.level else {
            let source = match frame.stream {
                Stream::Stdout => Source::StdoutWrites,
                Stream::Stderr => Source::StderrWrites,
            };
            self.raw(station, source, call, frame.bytes);
            return;
        };
        if frame.stream == Stream::Stderr {
            self.capture(station, call, frame.bytes);
            self.capture(station, call, b"\n");
        }
        let time = if frame.time.is_finite() { frame.time } else { now_ms() };
        self.line(&mut station.pace, call, frame.stream, Some(level), time, &frame.text());
    }

    /// A call is over: its unfinished lines are lines.
    pub(super) fn finish_of(&mut self, station: &mut Station, call: u32) {
        for source in Source::ALL {
            if station.printed.owner[source as usize] == Some(call) {
                self.finish(station, source);
            }
        }
    }

    /// The process is gone: an unfinished line is a line.
    pub(super) fn finish_all(&mut self, station: &mut Station) {
        for source in Source::ALL {
            self.finish(station, source);
        }
    }

    fn finish(&mut self, station: &mut Station, source: Source) {
        let index = source as usize;
        let call = station.printed.owner[index];
        let pace = &mut station.pace;
        station.printed.splitters[index].flush(|line| self.line(pace, call, source.stream(), None, now_ms(), &line));
    }

    fn capture(&mut self, station: &mut Station, call: Option<u32>, bytes: &[u8]) {
        match call.and_then(|number| self.calls.get_mut(&number)) {
            Some(call) => call.stderr.push(bytes),
            None => station.stderr.push(bytes),
        }
    }

    /// Only what somebody is told counts for the pace.
    fn line(&self, pace: &mut Pace, number: Option<u32>, stream: Stream, level: Option<Level>, time: f64, text: &str) {
        let call = number.and_then(|number| self.calls.get(&number));
        let wanted = call.is_some_and(|call| call.request.logs);
        if wanted || self.sink.wants_logs() {
            pace.line(text.len());
            self.sink.line(&Line {
                call: number.filter(|_| wanted),
                tool: call.map(|call| (call.request.tool.as_str(), call.request.exec.as_str())),
                stream: stream.as_str(),
                level: level.map(Level::as_str),
                text,
                time,
            });
        }
    }
}

fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}
