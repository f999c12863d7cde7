//! Reads what one process sends: its channel, the ring with what it prints, and its two pipes. Whichever thread is notified first
//! reads.
//!
//! The driver is notified of everything. Where the host's own thread can wait for channels it is notified of answers, which saves
//! the wake-up of a second thread; the driver reads when that thread is busy elsewhere.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::locked_engine::{Core, LockedEngine};
use crate::dispatch::engine::{Event, Source};
use crate::pool::WorkerId;
use crate::sandbox::Denials;
use crate::spawn::Ring;
use crate::worker::frame::{FrameReader, FromWorker, max_frame};

/// How many bytes are read from a descriptor at once.
const CHUNK: usize = 64 * 1024;
/// How many bytes of a pipe are handled at once, which is also the largest number of lines in them.
const PIECE: usize = 16 * 1024;
/// How many bytes are read from one pipe before the others are read.
const TURN: usize = 256 * 1024;

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The reading ends; none of them blocks.
pub(super) struct ReadEnds {
    pub(super) channel: Arc<OwnedFd>,
    pub(super) stdout: Arc<OwnedFd>,
    pub(super) stderr: Arc<OwnedFd>,
    /// `None` where everything comes through the channel.
    pub(super) ring: Option<Ring>,
}

/// Reads the outputs of one process.
pub(super) struct ProcessReader {
    worker: WorkerId,
    /// The process id.
    pid: u32,
    /// What the sandbox refuses to it; `None` without a sandbox.
    denials: Option<Denials>,
    sources: Mutex<Sources>,
    /// How often it has read.
    reads: AtomicU64,
}

struct Sources {
    channel: Option<Arc<OwnedFd>>,
    stdout: Option<Arc<OwnedFd>>,
    stderr: Option<Arc<OwnedFd>>,
    ring: Option<Ring>,
    /// The frames of the channel.
    reader: FrameReader,
    /// The frames of the ring.
    printed: FrameReader,
    chunk: Box<[u8]>,
}

/// The state of a process's outputs after a turn of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReadStatus {
    /// More is left than one turn reads.
    pub(super) more: bool,
    /// The process has sent more than its share and must not be read before this moment.
    pub(super) rests_until: Option<Instant>,
    /// The channel has not ended.
    pub(super) channel_open: bool,
    pub(super) stdout_open: bool,
    pub(super) stderr_open: bool,
    /// The process serves calls.
    pub(super) serves: bool,
    /// All its frames come through the ring.
    pub(super) all_in_ring: bool,
}

impl ProcessReader {
    pub(super) fn new(worker: WorkerId, pid: u32, ends: ReadEnds, denials: Option<Denials>, output_cap: u64) -> Self {
        Self {
            worker,
            pid,
            denials,
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

    /// Whether the channel or the ring, which the host's thread reads, have something to read.
    pub(super) fn is_waiting(&self) -> bool {
        if self.has_in_ring() {
            return true;
        }
        let channel = self.lock().channel.clone();
        channel.is_some_and(|channel| poll(&mut [PollFd::new(&channel, PollFlags::IN)], Some(&NOW)) != Ok(0))
    }

    /// Whether the ring contains something.
    pub(super) fn has_in_ring(&self) -> bool {
        self.lock().ring.as_ref().is_some_and(|ring| ring.waiting() > 0)
    }

    /// Reads what has arrived, up to one turn. The channel is read before the pipes and the ring, but what was printed is
    /// handled first. So what a tool printed before it answered is handled before the answer: it was in the pipe or the ring
    /// before the answer was in the channel.
    pub(super) fn drain(&self, engine: &LockedEngine) -> ReadStatus {
        // The lock is held until everything is handled and carried out, so that two threads that read keep the order.
        let sources = &mut *self.lock();
        self.reads.fetch_add(1, Ordering::Relaxed);
        let mut turn = Turn {
            worker: self.worker,
            pid: self.pid,
            denials: self.denials.as_ref(),
            eof: None,
            broken: false,
            printed: 0,
        };
        let mut more = sources.read_channel(&mut turn.eof);
        let printed = sources.read_printed(&mut more);
        sources.read_ring();
        loop {
            let reading = engine.batch(|core, now| {
                let over = turn.handle(core, now, sources, &printed);
                over.then(|| core.reading(self.worker, now))
            });
            let Some(reading) = reading else { continue };
            if turn.broken {
                (sources.channel, sources.ring) = (None, None);
            }
            return ReadStatus {
                more,
                rests_until: reading.rests_until,
                channel_open: sources.channel.is_some(),
                stdout_open: sources.stdout.is_some(),
                stderr_open: sources.stderr.is_some(),
                serves: reading.serves,
                all_in_ring: reading.all_in_ring,
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was read in one turn and is being handled. Where that leads to very many effects, they are carried out in between.
struct Turn<'a> {
    worker: WorkerId,
    pid: u32,
    denials: Option<&'a Denials>,
    /// Set once the channel has ended; true where the process had not read all frames that were sent to it.
    eof: Option<bool>,
    /// Whether bytes came that are not a frame.
    broken: bool,
    /// How many pieces of the pipes' bytes were handled.
    printed: usize,
}

impl Turn<'_> {
    /// Gives the engine what was read. Returns false where effects must be carried out before the rest.
    fn handle(&mut self, core: &mut Core, now: Instant, sources: &mut Sources, printed: &[(Source, Vec<u8>)]) -> bool {
        let worker = self.worker;
        let pieces = printed
            .iter()
            .flat_map(|(source, bytes)| bytes.chunks(PIECE).map(|piece| (*source, piece)));
        for (source, bytes) in pieces.skip(self.printed) {
            if core.is_full() {
                return false;
            }
            self.printed += 1;
            core.feed(Event::Printed { worker, source, bytes }, now);
        }
        loop {
            if core.is_full() {
                return false;
            }
            let Some(frame) = sources.printed.next().or_else(|| sources.reader.next()) else {
                break;
            };
            match frame {
                Ok(frame) => {
                    // This is noted at once, because the refusals of this call are taken when its answer is read.
                    match (&frame, self.denials) {
                        (FromWorker::Wants { place }, Some(denials)) => denials.wants(self.pid, place),
                        (FromWorker::Reads { name }, Some(denials)) => denials.reads_variable(self.pid, name),
                        _ => {}
                    }
                    if matches!(frame, FromWorker::Result(_)) {
                        core.feed_refused(now, worker, self.pid, self.denials);
                    }
                    core.feed(Event::Frame { worker, frame }, now);
                }
                Err(error) => {
                    self.broken = true;
                    core.feed(Event::BadFrame { worker, error }, now);
                }
            }
        }
        if let Some(unread) = self.eof.take() {
            core.feed(Event::Eof { worker, unread }, now);
        }
        true
    }
}

enum ReadResult {
    /// How many bytes were read, and how many would have fitted.
    Bytes(usize, usize),
    Nothing,
    End,
    /// The end of the descriptor, where the other side had not read everything that was sent to it.
    Reset,
}

fn read(fd: impl AsFd, chunk: &mut [u8]) -> ReadResult {
    loop {
        return match rustix::io::read(&fd, &mut *chunk) {
            Ok(0) => ReadResult::End,
            Ok(count) => ReadResult::Bytes(count, chunk.len()),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => ReadResult::Nothing,
            Err(Errno::CONNRESET) => ReadResult::Reset,
            Err(_) => ReadResult::End,
        };
    }
}

impl Sources {
    /// Reads the channel, and returns true where more is left. `eof` is set once it has ended, to true where the other side had
    /// not read everything that was sent to it.
    fn read_channel(&mut self, eof: &mut Option<bool>) -> bool {
        let Some(channel) = &self.channel else { return false };
        let mut taken = 0;
        while taken < TURN {
            match read(channel, self.reader.space(CHUNK)) {
                ReadResult::Bytes(count, room) => {
                    self.reader.filled(count);
                    taken += count;
                    if count < room {
                        return false;
                    }
                }
                ReadResult::Nothing => return false,
                over @ (ReadResult::End | ReadResult::Reset) => {
                    self.channel = None;
                    *eof = Some(matches!(over, ReadResult::Reset));
                    return false;
                }
            }
        }
        true
    }

    /// Drains the ring, asks for a wake-up, and drains again: writing before checking makes a lost wake-up impossible.
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

    /// Reads both pipes. Most of the time nothing was printed, which one system call finds out for both.
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
                    ReadResult::Bytes(count, _) => bytes.extend_from_slice(&self.chunk[..count]),
                    ReadResult::Nothing => break,
                    ReadResult::End | ReadResult::Reset => *pipe = None,
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

/// Whether one of the pipes has bytes or has ended.
fn has_bytes(stdout: Option<&OwnedFd>, stderr: Option<&OwnedFd>) -> bool {
    let asked = |fd| PollFd::new(fd, PollFlags::IN);
    let waits = |fds: &mut [PollFd<'_>]| poll(fds, Some(&NOW)) != Ok(0);
    // Where poll fails the pipes are read anyway, because they never block.
    match (stdout, stderr) {
        (Some(stdout), Some(stderr)) => waits(&mut [asked(stdout), asked(stderr)]),
        (Some(one), None) | (None, Some(one)) => waits(&mut [asked(one)]),
        (None, None) => false,
    }
}
