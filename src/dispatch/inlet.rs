//! What one process sends: its channel, the ring of what it prints, and its two pipes, read by whoever hears of it first.
//!
//! The driver hears of everything. Where the host's own thread can wait for channels it hears of answers, which saves the
//! wake-up of a second thread; the driver steps in when that thread is busy elsewhere.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::hub::Hub;
use super::printed::Source;
use crate::pool::WorkerId;
use crate::spawn::Ring;
use crate::worker::frame::{FrameReader, max_frame};

/// Bytes read from a descriptor at once.
const CHUNK: usize = 64 * 1024;
/// Bytes taken from one pipe before the others get their turn.
const TURN: usize = 256 * 1024;

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The reading ends; none of them blocks.
pub(super) struct Ends {
    pub(super) channel: Arc<OwnedFd>,
    pub(super) stdout: Arc<OwnedFd>,
    pub(super) stderr: Arc<OwnedFd>,
    /// None where everything comes through the channel.
    pub(super) ring: Option<Ring>,
}

/// One process's outputs.
pub(super) struct Inlet {
    worker: WorkerId,
    sources: Mutex<Sources>,
    /// How often it was read.
    reads: AtomicU64,
}

struct Sources {
    channel: Option<Arc<OwnedFd>>,
    stdout: Option<Arc<OwnedFd>>,
    stderr: Option<Arc<OwnedFd>>,
    ring: Option<Ring>,
    /// Of the channel.
    reader: FrameReader,
    /// Of the ring.
    printed: FrameReader,
    chunk: Box<[u8]>,
}

/// What a turn of reading left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// There is more than one turn's share.
    pub(super) more: bool,
    /// It has said more than its share, and is not to be read before then.
    pub(super) rests_until: Option<Instant>,
    /// The channel can still say something.
    pub(super) channel_open: bool,
    pub(super) stdout_open: bool,
    pub(super) stderr_open: bool,
    /// The process serves calls.
    pub(super) ready: bool,
    /// All its frames come through the ring.
    pub(super) all_in_ring: bool,
}

impl Inlet {
    pub(super) fn new(worker: WorkerId, ends: Ends, output_cap: u64) -> Self {
        Self {
            worker,
            sources: Mutex::new(Sources {
                channel: Some(ends.channel),
                stdout: Some(ends.stdout),
                stderr: Some(ends.stderr),
                ring: ends.ring,
                reader: FrameReader::new(max_frame(output_cap)),
                printed: FrameReader::new(max_frame(output_cap)),
                chunk: vec![0; CHUNK].into_boxed_slice(),
            }),
            reads: AtomicU64::new(0),
        }
    }

    pub(super) fn worker(&self) -> WorkerId {
        self.worker
    }

    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Whether it has something to be read now, of what the host's thread reads.
    pub(super) fn is_waiting(&self) -> bool {
        if self.has_in_ring() {
            return true;
        }
        let channel = self.lock().channel.clone();
        channel.is_some_and(|channel| poll(&mut [PollFd::new(&channel, PollFlags::IN)], Some(&NOW)) != Ok(0))
    }

    /// Whether there is something in its ring.
    pub(super) fn has_in_ring(&self) -> bool {
        self.lock().ring.as_ref().is_some_and(|ring| ring.waiting() > 0)
    }

    /// Reads what is there, up to a turn's share. The channel first, what was printed second, but that is handled first: what a
    /// tool printed before it answered is in the pipe or the ring before the answer is in the channel.
    pub(super) fn drain(&self, hub: &Arc<Hub>) -> Left {
        // Held until everything is handled, so that two readers keep the order.
        let sources = &mut *self.lock();
        self.reads.fetch_add(1, Ordering::Relaxed);
        let mut silent = None;
        let mut more = sources.read_channel(&mut silent);
        let printed = sources.read_printed(&mut more);
        sources.read_ring();
        let mut garbled = false;
        let worker = self.worker;
        let (ready, all_in_ring, rests_until) = hub.batch(|state, hub| {
            for (source, bytes) in &printed {
                state.printed(hub, worker, *source, bytes);
            }
            while let Some(frame) = sources.printed.next().or_else(|| sources.reader.next()) {
                match frame {
                    Ok(frame) => state.heard(hub, worker, frame),
                    Err(error) => {
                        garbled = true;
                        state.garbled(hub, worker, error);
                    }
                }
            }
            if let Some(reset) = silent {
                state.fell_silent(worker, reset);
            }
            let now = state.now;
            let Some(station) = state.stations.get_mut(&worker) else {
                return (false, false, None);
            };
            let rests_until = station.pace.rest(now).map(|rest| now + rest);
            let told = (station.ready, station.all_in_ring, rests_until);
            state.rests_end = state.rests_end.into_iter().chain(rests_until).min();
            told
        });
        if garbled {
            (sources.channel, sources.ring) = (None, None);
        }
        Left {
            more,
            rests_until,
            channel_open: sources.channel.is_some(),
            stdout_open: sources.stdout.is_some(),
            stderr_open: sources.stderr.is_some(),
            ready,
            all_in_ring,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Got {
    /// So many, where so many would have fitted.
    Bytes(usize, usize),
    Nothing,
    End,
    /// The end; the other side had not read everything that was sent to it.
    Reset,
}

fn read(fd: impl AsFd, chunk: &mut [u8]) -> Got {
    loop {
        return match rustix::io::read(&fd, &mut *chunk) {
            Ok(0) => Got::End,
            Ok(count) => Got::Bytes(count, chunk.len()),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Got::Nothing,
            Err(Errno::CONNRESET) => Got::Reset,
            Err(_) => Got::End,
        };
    }
}

impl Sources {
    /// `silent`: it has ended, true where the other side had not read everything.
    fn read_channel(&mut self, silent: &mut Option<bool>) -> bool {
        let Some(channel) = &self.channel else { return false };
        let mut taken = 0;
        while taken < TURN {
            match read(channel, self.reader.space(CHUNK)) {
                Got::Bytes(count, room) => {
                    self.reader.filled(count);
                    taken += count;
                    if count < room {
                        return false;
                    }
                }
                Got::Nothing => return false,
                over @ (Got::End | Got::Reset) => {
                    self.channel = None;
                    *silent = Some(matches!(over, Got::Reset));
                    return false;
                }
            }
        }
        true
    }

    /// Everything that was in it, and what comes until the process knows that it is to tell: at most twice what it holds.
    fn read_ring(&mut self) {
        let Some(ring) = &mut self.ring else { return };
        for last in [false, true] {
            let waiting = ring.waiting();
            if waiting > 0 {
                let count = ring.read(&mut self.printed.space(waiting)[..waiting]);
                self.printed.filled(count);
            }
            if !last {
                ring.want();
            }
        }
    }

    /// Most of the time nothing was printed, and one system call tells so of both pipes.
    fn read_printed(&mut self, more: &mut bool) -> Vec<(Source, Vec<u8>)> {
        let mut printed = Vec::new();
        if !has_bytes(self.stdout.as_deref(), self.stderr.as_deref()) {
            return printed;
        }
        for (source, pipe) in [
            (Source::StdoutPipe, &mut self.stdout),
            (Source::StderrPipe, &mut self.stderr),
        ] {
            let mut bytes = Vec::new();
            while let Some(fd) = pipe {
                match read(fd, &mut self.chunk) {
                    Got::Bytes(count, _) => bytes.extend_from_slice(&self.chunk[..count]),
                    Got::Nothing => break,
                    Got::End | Got::Reset => *pipe = None,
                }
                if bytes.len() >= TURN {
                    *more = true;
                    break;
                }
            }
            if !bytes.is_empty() {
                printed.push((source, bytes));
            }
        }
        printed
    }
}

/// Whether one of the pipes has bytes, or has ended.
fn has_bytes(stdout: Option<&OwnedFd>, stderr: Option<&OwnedFd>) -> bool {
    let asked = |fd| PollFd::new(fd, PollFlags::IN);
    let waits = |fds: &mut [PollFd<'_>]| poll(fds, Some(&NOW)) != Ok(0);
    // Asked in vain, the pipes are read: that never blocks either.
    match (stdout, stderr) {
        (Some(stdout), Some(stderr)) => waits(&mut [asked(stdout), asked(stderr)]),
        (Some(one), None) | (None, Some(one)) => waits(&mut [asked(one)]),
        (None, None) => false,
    }
}
