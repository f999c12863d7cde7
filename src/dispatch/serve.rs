//! Serves one process from its first byte to its end: one loop that drains every pipe in every phase.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

use super::hub::Hub;
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
    let blocked = Arc::new(Notify::new());
    let link = Link {
        channel: Arc::clone(&channel),
        usage: UsageMeter::open(process.pid(), hub.settings.may_start_programs, Instant::now()),
        process: Arc::clone(&process),
        blocked: Arc::clone(&blocked),
    };
    hub.batch(|state, _| {
        if let Some(station) = state.stations.get_mut(&worker) {
            station.link = Some(link);
            state.watch.exists(Instant::now());
            if station.ending {
                station.kill();
            }
        }
    });
    let pipes = Pipes {
        channel: watch(channel),
        stdout: watch(child.stdout),
        stderr: watch(child.stderr),
        reader: FrameReader::new(max_frame(hub.settings.output_cap)),
        chunk: vec![0; CHUNK].into_boxed_slice(),
    };
    let exit = supervise(&hub, worker, pipes, &process, &blocked).await;
    hub.batch(|state, hub| state.exited(hub, worker, exit));
}

async fn supervise(hub: &Arc<Hub>, worker: WorkerId, mut pipes: Pipes, process: &Process, blocked: &Notify) -> Exit {
    let Some(exited) = watch(process.pidfd()) else {
        // Without a way to hear of its end the process can't be supervised.
        process.kill_group();
        return reap(hub, process).await;
    };
    let mut sending = false;
    loop {
        let congested = hub.settings.sink.congested();
        tokio::select! {
            _ = exited.readable() => break,
            () = blocked.notified() => sending = true,
            () = ready_to_send(pipes.channel.as_ref()), if sending => sending = send(hub, worker),
            () = ready_to_read(pipes.channel.as_ref()), if pipes.channel.is_some() && !congested => pipes.drain(hub, worker),
            () = ready_to_read(pipes.stdout.as_ref()), if pipes.stdout.is_some() && !congested => pipes.drain(hub, worker),
            () = ready_to_read(pipes.stderr.as_ref()), if pipes.stderr.is_some() && !congested => pipes.drain(hub, worker),
            () = tokio::time::sleep(PAUSE), if congested => {}
        }
    }
    // Everything it said before it ended is still in the pipes.
    pipes.drain_out(hub, worker);
    let exit = reap(hub, process).await;
    pipes.drain_out(hub, worker);
    exit
}

/// Registers a descriptor with the runtime.
fn watch<T: AsRawFd + AsFd>(fd: T) -> Option<AsyncFd<T>> {
    // SAFETY: every type passed here owns its descriptor, or borrows it from one that outlives the registration, and gives
    // the same one each time it is asked; none of them is closed before the AsyncFd is dropped.
    unsafe { AsyncFd::register(fd) }.ok()
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

async fn ready_to_send(fd: Option<&AsyncFd<Arc<OwnedFd>>>) {
    match fd {
        Some(fd) => match fd.writable().await {
            Ok(mut guard) => guard.clear_ready(),
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Sends more of what waits; true while something is left.
fn send(hub: &Hub, worker: WorkerId) -> bool {
    let mut state = hub.lock();
    let Some(station) = state.stations.get_mut(&worker) else {
        return false;
    };
    station.send();
    station.has_output()
}

enum Got {
    Bytes(usize),
    Nothing,
    End,
}

fn read(fd: impl AsFd, chunk: &mut [u8]) -> Got {
    loop {
        return match rustix::io::read(&fd, &mut *chunk) {
            Ok(0) => Got::End,
            Ok(count) => Got::Bytes(count),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Got::Nothing,
            Err(_) => Got::End,
        };
    }
}

impl Pipes {
    /// Reads what is there. The channel first, the printed bytes second, but those are handled first: what a tool printed
    /// before it answered is in the pipe before the answer is in the channel.
    fn drain(&mut self, hub: &Arc<Hub>, worker: WorkerId) {
        let mut garbled = None;
        if let Some(channel) = &self.channel {
            let mut taken = 0;
            let over = loop {
                match read(channel.get_ref(), &mut self.chunk) {
                    Got::Bytes(count) => {
                        self.reader.push(&self.chunk[..count]);
                        taken += count;
                        if count < self.chunk.len() {
                            break false;
                        }
                        if taken >= TURN {
                            break false;
                        }
                    }
                    Got::Nothing => break false,
                    Got::End => break true,
                }
            };
            if over {
                self.channel = None;
            }
        }
        hub.batch(|state, hub| {
            for source in [Source::StdoutPipe, Source::StderrPipe] {
                let pipe = if source == Source::StdoutPipe {
                    &mut self.stdout
                } else {
                    &mut self.stderr
                };
                let mut taken = 0;
                while let Some(fd) = pipe
                    && taken < TURN
                {
                    match read(fd.get_ref(), &mut self.chunk) {
                        Got::Bytes(count) => {
                            taken += count;
                            state.printed(hub, worker, source, &self.chunk[..count]);
                        }
                        Got::Nothing => break,
                        Got::End => *pipe = None,
                    }
                }
            }
            loop {
                match self.reader.next() {
                    Some(Ok(frame)) => state.heard(hub, worker, frame),
                    Some(Err(error)) => {
                        garbled = Some(error);
                        break;
                    }
                    None => break,
                }
            }
            if let Some(error) = garbled {
                state.garbled(hub, worker, error);
            }
        });
        if garbled.is_some() {
            self.channel = None;
        }
    }

    /// Reads until nothing is left; the process is gone, so that comes soon, and a bound keeps a surviving writer from
    /// holding the end up.
    fn drain_out(&mut self, hub: &Arc<Hub>, worker: WorkerId) {
        for _ in 0..64 {
            self.drain(hub, worker);
            if self.channel.is_none() && self.stdout.is_none() && self.stderr.is_none() {
                return;
            }
        }
    }
}
