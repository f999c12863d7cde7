//! Serves one process from its first byte to its end: one loop that hears of every pipe in every phase.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::facts::StartFault;
use super::hub::Hub;
use super::inlet::{Ends, Inlet, Left};
use super::outgoing::Outgoing;
use super::station::Link;
use crate::error::descriptors::is_shortage;
use crate::pool::WorkerId;
use crate::spawn::{Account, Child, Exit, Process, UsageMeter};

/// How long reading pauses while the host has not taken what was read, and writing while nothing says that there is room.
const PAUSE: Duration = Duration::from_millis(2);
/// Longest wait for the last members of a killed group, or of a cgroup, to vanish.
const GROUP_LIMIT: Duration = Duration::from_secs(2);

/// Takes a child over until it is reaped.
pub(super) async fn run(hub: Arc<Hub>, worker: WorkerId, child: Child) {
    let temporary = child.temporary.map(Arc::new);
    let meter = UsageMeter::open(
        child.process.pid(),
        hub.settings.may_start_programs,
        temporary.clone(),
        Instant::now(),
    );
    if let Err(error) = &meter
        && let Some(errno) = error.raw_os_error().filter(|errno| is_shortage(*errno))
    {
        // Nothing would hold it to its limits. It ends with its handle.
        drop(child.process);
        let fault = StartFault::Spawn {
            step: "open",
            errno,
            retryable: true,
        };
        hub.batch(|state, hub| state.not_spawned(hub, worker, fault));
        return;
    }
    let process = Arc::new(child.process);
    let ends = Ends {
        channel: Arc::new(child.channel),
        stdout: Arc::new(child.stdout),
        stderr: Arc::new(child.stderr),
        ring: child.ring,
    };
    let channel = Arc::clone(&ends.channel);
    let ears = Ears {
        channel: watch(Arc::clone(&ends.channel), Interest::READABLE),
        stdout: watch(Arc::clone(&ends.stdout), Interest::READABLE),
        stderr: watch(Arc::clone(&ends.stderr), Interest::READABLE),
    };
    let inlet = Arc::new(Inlet::new(worker, ends, hub.settings.output_cap));
    let link = Link {
        usage: meter.ok().map(|meter| Arc::new(Mutex::new(meter))),
        process: Arc::clone(&process),
        inlet: Arc::clone(&inlet),
    };
    let board = child.entry_table;
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
    let writer = Writer {
        channel,
        outgoing: outgoing.unwrap_or_default(),
    };
    let (exit, account) = supervise(&hub, &inlet, ears, &writer, &process).await;
    // Nobody waits for the disk.
    if let Some(temporary) = temporary {
        temporary.discard();
    }
    hub.batch(|state, hub| {
        if let Some(account) = account {
            state.accounted(hub, worker, exit, account);
        }
        state.exited(hub, worker, exit);
    });
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
            // Where the host has no descriptor left for that, it is tried again and again.
            let channel = self.channel.try_clone().ok();
            let room = channel.and_then(|channel| watch(channel, Interest::WRITABLE));
            while !self.outgoing.send() {
                match &room {
                    Some(room) => match room.writable().await {
                        Ok(mut guard) => guard.clear_ready(),
                        Err(_) => break,
                    },
                    None => tokio::time::sleep(PAUSE).await,
                }
            }
        }
    }
}

/// How it ended, and what its cgroup said of that, where it had one.
async fn supervise(
    hub: &Arc<Hub>,
    inlet: &Arc<Inlet>,
    mut ears: Ears,
    writer: &Writer,
    process: &Process,
) -> (Exit, Option<Account>) {
    let Some(exited) = watch(process.pidfd(), Interest::READABLE) else {
        // Without a way to hear of its end the process can't be supervised.
        process.kill_group();
        return reap(process).await;
    };
    let writing = writer.run();
    tokio::pin!(writing);
    // What was left unread when its turn was over announces itself no more.
    let mut unread = false;
    let mut rests_until: Option<Instant> = None;
    loop {
        let resting = rests_until.is_some_and(|until| Instant::now() < until);
        let open = !resting && !hub.settings.sink.congested();
        let read = tokio::select! {
            _ = exited.readable() => break,
            () = &mut writing => false,
            () = tokio::task::yield_now(), if unread && open => true,
            () = ears.readable(), if open => true,
            () = tokio::time::sleep(rests_until.filter(|_| resting).map_or(PAUSE, |until| until.saturating_duration_since(Instant::now()))), if !open => false,
        };
        if read {
            let left = inlet.drain(hub);
            unread = left.more;
            rests_until = left.rests_until;
            ears.after(left, hub, inlet);
        }
    }
    if let Some(host_reads) = hub.host_reads() {
        host_reads.remove(inlet.worker());
    }
    // Everything it said before it ended is still in the pipes.
    drain_out(hub, inlet);
    let ended = reap(process).await;
    drain_out(hub, inlet);
    // A program that inherited the other end, and outlived the process, must not go on ringing a host that was given a bell.
    let _ = rustix::net::shutdown(&writer.channel, rustix::net::Shutdown::Both);
    ended
}

/// Reads until nothing is left; the process is gone, so that comes soon, and a bound keeps a surviving writer from holding
/// the end up.
fn drain_out(hub: &Arc<Hub>, inlet: &Inlet) {
    for _ in 0..64 {
        if !inlet.drain(hub).more {
            return;
        }
    }
}

/// Registers a descriptor with the runtime.
fn watch<T: AsRawFd + AsFd>(fd: T, interest: Interest) -> Option<AsyncFd<T>> {
    // SAFETY: every type passed here owns its descriptor, or borrows it from one that outlives the registration, and gives
    // the same one each time it is asked; none of them is closed before the AsyncFd is dropped.
    unsafe { AsyncFd::register_with_interest(fd, interest) }.ok()
}

async fn reap(process: &Process) -> (Exit, Option<Account>) {
    process.kill_group();
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
    let account = process.account();
    let left = async {
        while !process.leave_cgroup() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let _ = tokio::time::timeout(GROUP_LIMIT, left).await;
    (exit, account)
}

/// What tells the driver that there is something to read.
struct Ears {
    /// None once the host's thread listens to it, or nothing more can come.
    channel: Option<AsyncFd<Arc<OwnedFd>>>,
    stdout: Option<AsyncFd<Arc<OwnedFd>>>,
    stderr: Option<AsyncFd<Arc<OwnedFd>>>,
}

impl Ears {
    /// Resolves when one of them has something.
    async fn readable(&self) {
        tokio::select! {
            () = ready_to_read(self.channel.as_ref()) => {}
            () = ready_to_read(self.stdout.as_ref()) => {}
            () = ready_to_read(self.stderr.as_ref()) => {}
        }
    }

    /// The channel of a process that serves calls is the host's to read, where it can. Until then it is the driver's, so
    /// that processes come up however busy the host is.
    fn after(&mut self, left: Left, hub: &Hub, inlet: &Arc<Inlet>) {
        // The end of one is announced without end.
        if !left.channel_open {
            self.channel = None;
        }
        if !left.stdout_open {
            self.stdout = None;
        }
        if !left.stderr_open {
            self.stderr = None;
        }
        if left.ready
            && let Some(channel) = &self.channel
            && let Some(host_reads) = hub.host_reads()
            && host_reads.add(inlet, channel.get_ref(), left, &*hub.settings.sink)
        {
            self.channel = None;
            // The host may have been told that it is to listen now.
            hub.settings.sink.flush();
        }
    }
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
