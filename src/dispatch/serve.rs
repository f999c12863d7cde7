//! Serves one process from its first byte to its end: one loop that drains every pipe in every phase.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::hub::Hub;
use super::outgoing::Outgoing;
use super::printed::Source;
use super::station::Link;
use crate::pool::WorkerId;
use crate::spawn::{Child, Exit, Process, UsageMeter};
use crate::worker::frame::{FrameReader, max_frame};

/// Bytes read from a descriptor at once.
const CHUNK: usize = 64 * 1024;
/// Bytes taken from one pipe before the others get their turn.
const TURN: usize = 1024 * 1024;
/// How long reading pauses while the host has not taken what was read.
const PAUSE: Duration = Duration::from_millis(2);
/// Longest wait for the last members of a killed group to vanish.
const GROUP_LIMIT: Duration = Duration::from_secs(2);

struct Pipes {
    channel: Option<AsyncFd<Arc<OwnedFd>>>,
    stdout: Option<AsyncFd<OwnedFd>>,
    stderr: Option<AsyncFd<OwnedFd>>,
    reader: FrameReader,
    chunk: Box<[u8]>,
}

/// Takes a child over until it is reaped.
pub(super) async fn run(hub: Arc<Hub>, worker: WorkerId, child: Child) {
    let process = Arc::new(child.process);
    let channel = Arc::new(child.channel);
    let link = Link {
        usage: UsageMeter::open(process.pid(), hub.settings.may_start_programs, Instant::now()),
        process: Arc::clone(&process),
    };
    let board = child.board;
    let outgoing = hub.batch(|state, _| {
        state.watch.exists(Instant::now());
        let station = state.stations.get_mut(&worker)?;
        station.link = Some(link);
        station.board = board;
        station.outgoing.connect(Arc::clone(&channel));
        if station.ending {
            station.kill();
        }
        Some(Arc::clone(&station.outgoing))
    });
    let pipes = Pipes {
        channel: watch(Arc::clone(&channel), Interest::READABLE),
        stdout: watch(child.stdout, Interest::READABLE),
        stderr: watch(child.stderr, Interest::READABLE),
        reader: FrameReader::new(max_frame(hub.settings.output_cap)),
        chunk: vec![0; CHUNK].into_boxed_slice(),
    };
    let writer = Writer {
        channel,
        outgoing: outgoing.unwrap_or_default(),
    };
    let exit = supervise(&hub, worker, pipes, &writer, &process).await;
    hub.batch(|state, hub| state.exited(hub, worker, exit));
}

/// Sends what the channel did not take at once.
struct Writer {
    channel: Arc<OwnedFd>,
    outgoing: Arc<Outgoing>,
}

impl Writer {
    /// Waits until something is left to send, and sends it. The channel is watched for room only meanwhile: it has some each
    /// time the process reads a frame, and each time would wake the driver.
    async fn run(&self) {
        loop {
            self.outgoing.blocked().await;
            let Ok(channel) = self.channel.try_clone() else {
                continue;
            };
            let Some(room) = watch(channel, Interest::WRITABLE) else {
                continue;
            };
            while !self.outgoing.send() {
                match room.writable().await {
                    Ok(mut guard) => guard.clear_ready(),
                    Err(_) => break,
                }
            }
        }
    }
}

async fn supervise(hub: &Arc<Hub>, worker: WorkerId, mut pipes: Pipes, writer: &Writer, process: &Process) -> Exit {
    let Some(exited) = watch(process.pidfd(), Interest::READABLE) else {
        // Without a way to hear of its end the process can't be supervised.
        process.kill_group();
        return reap(hub, process).await;
    };
    let writing = writer.run();
    tokio::pin!(writing);
    // What was left unread when its turn was over announces itself no more.
    let mut unread = false;
    loop {
        let open = !hub.settings.sink.congested();
        unread = tokio::select! {
            _ = exited.readable() => break,
            () = &mut writing => unread,
            () = tokio::task::yield_now(), if unread && open => pipes.drain(hub, worker),
            () = pipes.readable(), if open => pipes.drain(hub, worker),
            () = tokio::time::sleep(PAUSE), if !open => unread,
        };
    }
    // Everything it said before it ended is still in the pipes.
    pipes.drain_out(hub, worker);
    let exit = reap(hub, process).await;
    pipes.drain_out(hub, worker);
    exit
}

/// Registers a descriptor with the runtime.
fn watch<T: AsRawFd + AsFd>(fd: T, interest: Interest) -> Option<AsyncFd<T>> {
    // SAFETY: every type passed here owns its descriptor, or borrows it from one that outlives the registration, and gives
    // the same one each time it is asked; none of them is closed before the AsyncFd is dropped.
    unsafe { AsyncFd::register_with_interest(fd, interest) }.ok()
}

async fn reap(hub: &Hub, process: &Process) -> Exit {
    // The group is killed while its number is still held; only then may the guardian forget it.
    process.kill_group();
    let guardian = hub.lock().guardian.clone();
    if let Some(guardian) = guardian {
        guardian.forget(process.pid());
    }
    let exit = loop {
        match process.try_reap() {
            Some(exit) => break exit,
            // Its end was announced, so this is the exception; the process is being killed.
            None => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    let gone = async {
        while !process.group_gone() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let _ = tokio::time::timeout(GROUP_LIMIT, gone).await;
    exit
}

async fn ready_to_read<T: AsRawFd>(fd: Option<&AsyncFd<T>>) {
    match fd {
        Some(fd) => match fd.readable().await {
            // Readiness is taken as consumed: reading goes on until the descriptor says that nothing is left.
            Ok(mut guard) => guard.clear_ready(),
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
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

impl Pipes {
    /// Resolves when one of them has something.
    async fn readable(&self) {
        tokio::select! {
            () = ready_to_read(self.channel.as_ref()) => {}
            () = ready_to_read(self.stdout.as_ref()) => {}
            () = ready_to_read(self.stderr.as_ref()) => {}
        }
    }

    /// Reads what is there, up to a turn's share; true when something is left. The channel first, the printed bytes
    /// second, but those are handled first: what a tool printed before it answered is in the pipe before the answer is in
    /// the channel.
    fn drain(&mut self, hub: &Arc<Hub>, worker: WorkerId) -> bool {
        let mut silent = None;
        let mut more = self.read_channel(&mut silent);
        let printed = self.read_printed(&mut more);
        let mut garbled = false;
        hub.batch(|state, hub| {
            for (source, bytes) in &printed {
                state.printed(hub, worker, *source, bytes);
            }
            while let Some(frame) = self.reader.next() {
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
        });
        if garbled {
            self.channel = None;
        }
        more
    }

    /// `silent`: it has ended, true where the other side had not read everything.
    fn read_channel(&mut self, silent: &mut Option<bool>) -> bool {
        let Some(channel) = &self.channel else { return false };
        let mut taken = 0;
        while taken < TURN {
            match read(channel.get_ref(), self.reader.space(CHUNK)) {
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

    /// Most of the time nothing was printed, and one system call tells so of both pipes.
    fn read_printed(&mut self, more: &mut bool) -> Vec<(Source, Vec<u8>)> {
        let mut printed = Vec::new();
        if !has_bytes(self.stdout.as_ref(), self.stderr.as_ref()) {
            return printed;
        }
        for (source, pipe) in [
            (Source::StdoutPipe, &mut self.stdout),
            (Source::StderrPipe, &mut self.stderr),
        ] {
            let mut bytes = Vec::new();
            while let Some(fd) = pipe {
                match read(fd.get_ref(), &mut self.chunk) {
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

    /// Reads until nothing is left; the process is gone, so that comes soon, and a bound keeps a surviving writer from
    /// holding the end up.
    fn drain_out(&mut self, hub: &Arc<Hub>, worker: WorkerId) {
        for _ in 0..64 {
            if !self.drain(hub, worker) {
                return;
            }
        }
    }
}

/// Whether one of the pipes has bytes, or has ended.
fn has_bytes(stdout: Option<&AsyncFd<OwnedFd>>, stderr: Option<&AsyncFd<OwnedFd>>) -> bool {
    let mut fds: Vec<PollFd<'_>> = [stdout, stderr]
        .into_iter()
        .flatten()
        .map(|fd| PollFd::new(fd.get_ref(), PollFlags::IN))
        .collect();
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Asked in vain, the pipes are read: that never blocks either.
    !fds.is_empty() && poll(&mut fds, Some(&now)) != Ok(0)
}
