//! Serves one process from its first byte to its end, in one loop that waits for all its pipes in every phase.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::dispatcher::Dispatcher;
use super::groups::GroupProcesses;
use super::processes::RunningProcess;
use super::reader::{ProcessReader, ReadEnds, ReadStatus};
use super::send_queue::SendQueue;
use crate::dispatch::engine::{Ended, Event};
use crate::dispatch::facts::StartFault;
use crate::error::descriptors::is_shortage;
use crate::pool::WorkerId;
use crate::spawn::{Account, Child, EntryTable, Exit, Measured, Process, UsageMeter};

/// How long reading pauses while the host has not taken what was read, and writing where no notification of room is available.
const PAUSE: Duration = Duration::from_millis(2);
/// The longest wait for the last processes of a killed group or cgroup to end.
const GROUP_LIMIT: Duration = Duration::from_secs(2);

/// Serves a child from its start until it is reaped.
pub(super) async fn run(
    dispatcher: Arc<Dispatcher>,
    worker: WorkerId,
    child: Child,
    group: Arc<GroupProcesses>,
    settings: Settings,
) {
    let engine = &dispatcher.engine;
    let temporary = child.temporary.map(Arc::new);
    let pid = child.process.pid();
    let channel = Arc::new(child.channel);
    let measured = Measured {
        may_start_programs: group.may_start_programs,
        temporary: temporary.clone(),
        connections: group.connections.clone(),
        channel: Some(Arc::clone(&channel)),
    };
    let meter = UsageMeter::open(pid, measured, Instant::now());
    if let Err(error) = &meter
        && let Some(errno) = error.raw_os_error().filter(|errno| is_shortage(*errno))
    {
        // The process could not be measured, so its limits would not hold. Dropping the handle kills it.
        drop(child.process);
        let fault = StartFault::Spawn {
            step: "open",
            errno,
            retryable: true,
        };
        return engine.handle(Event::StartFailed { worker, fault });
    }
    let process = Arc::new(child.process);
    let queue = Arc::new(SendQueue::new(channel));
    let ends = ReadEnds {
        channel: Arc::clone(queue.channel()),
        stdout: Arc::new(child.stdout),
        stderr: Arc::new(child.stderr),
        ring: child.ring,
    };
    let readiness = Readiness {
        channel: watch(Arc::clone(&ends.channel), Interest::READABLE),
        stdout: watch(Arc::clone(&ends.stdout), Interest::READABLE),
        stderr: watch(Arc::clone(&ends.stderr), Interest::READABLE),
    };
    let reader = Arc::new(ProcessReader::new(
        worker,
        pid,
        ends,
        group.denials.clone(),
        settings.output_cap,
    ));
    dispatcher.readers().insert(worker, Arc::clone(&reader));
    let running = RunningProcess {
        process: Arc::clone(&process),
        queue: Arc::clone(&queue),
        meter: meter.ok().map(|meter| Arc::new(Mutex::new(meter))),
        denials: group.denials.clone(),
    };
    engine.outside.processes.insert(worker, running);
    let (entry_table, forked) = (child.entry_table, child.forked);
    engine.handle(Event::Started {
        worker,
        pid,
        entry_table: entry_table.is_some(),
        forked,
    });
    let (exit, account) = supervise(&dispatcher, &reader, readiness, &queue, &process).await;
    // The files are removed on another thread, so that this one does not wait for the disk.
    if let Some(temporary) = temporary {
        temporary.discard();
    }
    let ended = Ended {
        exit,
        unsent: queue.has_unsent(),
        entry_table: entry_table
            .map(|entry_table| entries(&entry_table, settings.slots))
            .unwrap_or_default(),
        out_of_memory: account.filter(|account| account.was_out_of_memory && exit == Exit::Signal(libc::SIGKILL)),
    };
    dispatcher.readers().remove(&worker);
    // Once the engine knows of the exit it asks for nothing that concerns this process, so it is removed from the list after
    // that.
    engine.batch(|core, now| {
        core.feed_refused(now, worker, pid, group.denials.as_ref());
        core.feed(Event::Exited { worker, ended }, now);
    });
    drop(engine.outside.processes.remove(worker));
}

/// The settings that are the same for every process of a manager.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// The largest result of any tool, in bytes.
    pub(super) output_cap: u64,
    /// The number of slots of an entry table.
    pub(super) slots: usize,
}

/// For each slot of the entry table the call that was entered last.
fn entries(entry_table: &EntryTable, slots: usize) -> Vec<u32> {
    (0..u32::try_from(slots).unwrap_or(u32::MAX))
        .map(|slot| entry_table.read(slot))
        .collect()
}

/// Sends what the channel did not take at once, whenever something is left. The channel is watched for room only while
/// something is left, because otherwise the driver would be woken each time the process reads a frame.
async fn send_blocked(queue: &SendQueue) {
    loop {
        queue.blocked().await;
        // Where the host has no descriptor left for watching, sending is tried again after a pause.
        let channel = queue.channel().try_clone().ok();
        let room = channel.and_then(|channel| watch(channel, Interest::WRITABLE));
        while !queue.send() {
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

/// Serves the process until it has ended and is reaped. Returns how it ended, and what its cgroup has counted where it had one.
async fn supervise(
    dispatcher: &Dispatcher,
    reader: &Arc<ProcessReader>,
    mut readiness: Readiness,
    queue: &SendQueue,
    process: &Process,
) -> (Exit, Option<Account>) {
    let Some(exited) = watch(process.end(), Interest::READABLE) else {
        // A process whose end is not notified cannot be supervised.
        process.kill_group();
        return reap(process).await;
    };
    let writing = send_blocked(queue);
    tokio::pin!(writing);
    // Readiness was cleared with bytes left, so they must be read without another notification.
    let mut unread = false;
    let mut rests_until: Option<Instant> = None;
    loop {
        let resting = rests_until.is_some_and(|until| Instant::now() < until);
        let open = !resting && !dispatcher.engine.outside.sink.congested();
        let read = tokio::select! {
            _ = exited.readable() => break,
            () = &mut writing => false,
            () = tokio::task::yield_now(), if unread && open => true,
            () = readiness.readable(), if open => true,
            () = tokio::time::sleep(rests_until.filter(|_| resting).map_or(PAUSE, |until| until.saturating_duration_since(Instant::now()))), if !open => false,
        };
        if read {
            let status = reader.drain(&dispatcher.engine);
            unread = status.more;
            rests_until = status.rests_until;
            readiness.after(status, dispatcher, reader);
        }
    }
    if let Some(host_reads) = dispatcher.host_reads() {
        host_reads.remove(reader.worker());
    }
    // What it sent before it ended may still be in the pipes.
    drain_out(dispatcher, reader);
    let ended = reap(process).await;
    drain_out(dispatcher, reader);
    // A program that inherited the other end and outlived the process must not wake a host through its doorbell any more.
    queue.shutdown();
    ended
}

/// Reads until nothing is left, which is soon because the process has ended. A bound prevents a surviving writer from delaying
/// the end.
fn drain_out(dispatcher: &Dispatcher, reader: &ProcessReader) {
    for _ in 0..64 {
        if !reader.drain(&dispatcher.engine).more {
            return;
        }
    }
}

/// Registers a descriptor with the runtime.
fn watch<T: AsRawFd + AsFd>(fd: T, interest: Interest) -> Option<AsyncFd<T>> {
    // SAFETY: every type passed here owns its descriptor, or borrows it from one that outlives the registration, and always
    // returns the same one; none of them is closed before the AsyncFd is dropped.
    unsafe { AsyncFd::register_with_interest(fd, interest) }.ok()
}

async fn reap(process: &Process) -> (Exit, Option<Account>) {
    process.kill_group();
    let exit = loop {
        match process.try_reap() {
            Some(exit) => break exit,
            // Its end was notified, so waiting rarely fails here. The process is being killed.
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

/// Waits until one of the descriptors of a process is readable.
struct Readiness {
    /// `None` once the host's thread watches the channel, or once it has ended.
    channel: Option<AsyncFd<Arc<OwnedFd>>>,
    stdout: Option<AsyncFd<Arc<OwnedFd>>>,
    stderr: Option<AsyncFd<Arc<OwnedFd>>>,
}

impl Readiness {
    /// Resolves when one of them is readable.
    async fn readable(&self) {
        tokio::select! {
            () = ready_to_read(self.channel.as_ref()) => {}
            () = ready_to_read(self.stdout.as_ref()) => {}
            () = ready_to_read(self.stderr.as_ref()) => {}
        }
    }

    /// Hands the channel of a process that serves calls to the host's thread, where that can watch it. Before that the driver
    /// reads it, so that processes become ready however busy the host is.
    fn after(&mut self, status: ReadStatus, dispatcher: &Dispatcher, reader: &Arc<ProcessReader>) {
        // A descriptor stays readable after its end, so one that has ended is no longer watched.
        if !status.channel_open {
            self.channel = None;
        }
        if !status.stdout_open {
            self.stdout = None;
        }
        if !status.stderr_open {
            self.stderr = None;
        }
        if status.serves
            && let Some(channel) = &self.channel
            && let Some(host_reads) = dispatcher.host_reads()
            && host_reads.add(reader, channel.get_ref(), status, &*dispatcher.engine.outside.sink)
        {
            self.channel = None;
            // The sink may have stored a request to listen to this channel, so its reader must be woken.
            dispatcher.engine.outside.sink.flush();
        }
    }
}

async fn ready_to_read<T: AsRawFd>(fd: Option<&AsyncFd<T>>) {
    match fd {
        Some(fd) => match fd.readable().await {
            // Readiness is cleared, because reading goes on until nothing is left in the descriptor.
            Ok(mut guard) => guard.clear_ready(),
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}
