//! The one thread that starts a manager's processes.
//!
//! PR_SET_PDEATHSIG follows the *thread* that spawned the process, so processes are started by a thread that lives as
//! long as the manager, and never by a pool's thread. When this thread ends, the kernel kills every process of it that
//! still runs.

use std::cell::Cell;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;

use rustix::process::Pid;

use super::child::Starter;
use super::entry_table::EntryTable;
use super::failure::SpawnFailure;
#[cfg(portable)]
use super::guardian::Guardian;
use super::host_ends;
use super::launch::Launch;
use super::not_started::{not_started, unavailable, without_null};
use super::origin::Origin;
#[cfg(not(portable))]
use super::origin::fork;
use super::plan::Plan;
use super::process::Process;
use super::resources::{cgroup, memory, room_failed, temporary};
use super::ring::Ring;
use super::temporary::Temporary;
use crate::error::Result;
use crate::error::descriptors::DescriptorReservation;
use crate::sandbox::{ChildSetup, InChild};
use crate::worker::protocol::MEMORY_FD;

/// Descriptors that a start opens between the last one of the plan and the end of `execve`.
const WHILE_STARTING: usize = 3;

/// How long dropping the spawner waits for its thread, which may be in a start that the disk delays.
const DROP_WAIT: Duration = Duration::from_secs(1);

/// A running process with the host's ends of its channel and output, all O_NONBLOCK and CLOEXEC.
#[derive(Debug)]
pub struct Child {
    /// The host's end of the worker's fd 3.
    pub channel: OwnedFd,
    /// What the process writes to fd 1.
    pub stdout: OwnedFd,
    /// What the process writes to fd 2.
    pub stderr: OwnedFd,
    /// The table of entered calls, where the launch asked for shared memory.
    pub entry_table: Option<EntryTable>,
    /// The ring of printed output, likewise.
    pub ring: Option<Ring>,
    /// It was forked from an origin.
    pub forked: bool,
    /// The process itself.
    pub process: Process,
    /// Its temporary directory, where the launch gives it one. The last field, because it is dropped after the process.
    pub temporary: Option<Temporary>,
}

/// A running process that uses descriptors of the host as its standard ones and has no channel.
#[derive(Debug)]
pub struct Unconnected {
    /// The process itself.
    pub process: Process,
    /// Its temporary directory, where the launch gives it one. The last field, because it is dropped after the process.
    pub temporary: Option<Temporary>,
}

type Started<T> = std::result::Result<T, SpawnFailure>;

/// Decides how a process is started, just before it is. Called on the spawner's thread.
pub trait LaunchSource: Send + Sync {
    /// The launch to use, or why no process can be started.
    fn choose(self: Arc<Self>) -> std::result::Result<Arc<Launch>, SpawnFailure>;

    /// The origin to fork the process from, with the launch that says what it gets. After a failed fork, and where there
    /// is none, the process is started as a program.
    fn origin(&self) -> Option<(Arc<Origin>, Arc<Launch>)> {
        None
    }
}

impl LaunchSource for Launch {
    fn choose(self: Arc<Self>) -> std::result::Result<Arc<Launch>, SpawnFailure> {
        Ok(self)
    }
}

/// Called with the thread's state, or with why nothing can be started.
type Request = Box<dyn FnOnce(Started<&mut SpawnerThread>) + Send>;

/// Starts processes on a thread of its own. Dropping it rejects queued requests, ends the thread, and so kills every
/// running process that was started with `die_with_parent`.
pub struct Spawner {
    requests: Option<Sender<Request>>,
    closing: Arc<AtomicBool>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
    thread: JoinHandle<()>,
    /// Whether dropping it waits for the thread.
    waits: bool,
}

impl Spawner {
    /// The same, whose drop does not wait for its thread: that ends by itself.
    pub fn without_waiting(mut self) -> Self {
        self.waits = false;
        self
    }

    /// Starts the thread and lets the sandbox prepare it.
    pub fn start(sandbox: Option<Box<dyn ChildSetup>>) -> Result<Self> {
        let (requests, queue) = channel();
        let (ready_sender, ready) = channel();
        let (ended_sender, ended) = channel::<()>();
        let closing = Arc::new(AtomicBool::new(false));
        let closing_there = Arc::clone(&closing);
        let thread = thread::Builder::new()
            .name("toolwarden-spawn".to_owned())
            .spawn(move || {
                let _ended = ended_sender;
                match SpawnerThread::new(sandbox) {
                    Ok(worker) => {
                        let _ = ready_sender.send(Ok(()));
                        worker.serve(&queue, &closing_there);
                    }
                    Err(error) => drop(ready_sender.send(Err(error))),
                }
            })
            .map_err(|error| not_started("its thread could not be created").source(error))?;
        ready.recv().map_err(|_| not_started("its thread ended"))??;
        Ok(Self {
            requests: Some(requests),
            closing,
            ended,
            thread,
            waits: true,
        })
    }

    /// Requests a process and returns at once; `reply` is called on the spawner's thread, exactly once.
    pub fn spawn(
        &self,
        launch: Arc<impl LaunchSource + ?Sized + 'static>,
        reply: impl FnOnce(Started<Child>) + Send + 'static,
    ) {
        let start = move |thread: &mut SpawnerThread| {
            #[cfg(not(portable))]
            if let Some((origin, launch)) = launch.origin()
                && let Ok(child) = thread.fork(&launch, &origin)
            {
                return Ok(child);
            }
            thread.start(&*launch.choose()?)
        };
        self.request(start, reply);
    }

    /// The same for a program that is no worker: it gets these descriptors as 0, 1 and 2, and no channel.
    pub fn spawn_unconnected(
        &self,
        launch: Launch,
        standard: [OwnedFd; 3],
        reply: impl FnOnce(Started<Unconnected>) + Send + 'static,
    ) {
        self.request(move |thread| thread.start_unconnected(&launch, standard), reply);
    }

    fn request<T: 'static>(
        &self,
        start: impl FnOnce(&mut SpawnerThread) -> Started<T> + Send + 'static,
        reply: impl FnOnce(Started<T>) + Send + 'static,
    ) {
        let request: Request = Box::new(move |thread| {
            // A panic would end the thread, and with it every process it started.
            let started = thread.and_then(|thread| {
                catch_unwind(AssertUnwindSafe(|| start(thread)))
                    .unwrap_or_else(|_| Err(SpawnFailure::permanent("spawn")))
            });
            let _ = catch_unwind(AssertUnwindSafe(|| reply(started)));
        });
        let unsent = match &self.requests {
            Some(requests) => requests.send(request).err().map(|error| error.0),
            None => Some(request),
        };
        if let Some(request) = unsent {
            request(Err(SpawnFailure::closed()));
        }
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        drop(self.requests.take());
        // `reply` may own the last handle, so this may be the spawner's thread, which cannot wait for itself.
        if self.waits && !is_current(self.thread.thread().id()) {
            // Nothing is ever sent: this returns when the thread ends or the time is over.
            let _ = self.ended.recv_timeout(DROP_WAIT);
        }
    }
}

fn is_current(thread: ThreadId) -> bool {
    thread::current().id() == thread
}

/// What the thread owns.
struct SpawnerThread {
    sandbox: Option<Box<dyn ChildSetup>>,
    starter: Starter,
    null: Arc<OwnedFd>,
    /// Kept until the thread ends. `None` where it could not be started.
    #[cfg(portable)]
    guardian: Option<Guardian>,
}

impl SpawnerThread {
    fn new(mut sandbox: Option<Box<dyn ChildSetup>>) -> Result<Self> {
        if let Some(sandbox) = &mut sandbox {
            sandbox
                .on_spawner_thread()
                .map_err(|failure| unavailable(SpawnFailure::from(failure)))?;
        }
        let starter = Starter::new().map_err(|failure| not_started(&failure.to_string()))?;
        let null = host_ends::null().map_err(without_null)?;
        Ok(Self {
            sandbox,
            #[cfg(portable)]
            guardian: Guardian::of_this_host(&starter, &null).ok(),
            starter,
            null,
        })
    }

    fn serve(mut self, queue: &Receiver<Request>, closing: &AtomicBool) {
        while let Ok(request) = queue.recv() {
            request(if closing.load(Ordering::Acquire) {
                Err(SpawnFailure::closed())
            } else {
                Ok(&mut self)
            });
        }
    }

    fn start(&mut self, launch: &Launch) -> Started<Child> {
        let (host, child) = host_ends::open()?;
        let (memory, memory_fd) = memory(launch)?.unzip();
        // The ring is initialised before the process runs, because the process reads its header.
        let ring = memory.clone().map(Ring::new);
        let given = Given {
            standard: [
                self.null.as_raw_fd(),
                child.stdout.as_raw_fd(),
                child.stderr.as_raw_fd(),
            ],
            channel: Some(child.channel.as_raw_fd()),
            memory: memory_fd.as_ref().map(AsRawFd::as_raw_fd),
        };
        let Unconnected { process, temporary } = self.start_with(launch, &given)?;
        Ok(Child {
            channel: host.channel,
            stdout: host.stdout,
            stderr: host.stderr,
            entry_table: memory.map(EntryTable::new),
            ring,
            forked: false,
            process,
            temporary,
        })
    }

    fn start_unconnected(&mut self, launch: &Launch, standard: [OwnedFd; 3]) -> Started<Unconnected> {
        let [stdin, stdout, stderr] = standard.map(host_ends::above_fixed);
        let (stdin, stdout, stderr) = (stdin?, stdout?, stderr?);
        let given = Given {
            standard: [stdin.as_raw_fd(), stdout.as_raw_fd(), stderr.as_raw_fd()],
            channel: None,
            memory: None,
        };
        self.start_with(launch, &given)
    }

    fn start_with(&mut self, launch: &Launch, given: &Given) -> Started<Unconnected> {
        let temporary = temporary(launch)?;
        let in_child = match &mut self.sandbox {
            Some(sandbox) => Some(usable(sandbox.per_spawn(temporary.as_ref().map(Temporary::fd))?)?),
            None => None,
        };
        let environment = launch.environment(temporary.as_ref().map(Temporary::path))?;
        let (cgroup, door) = cgroup(launch).unzip();
        let [stdin, stdout, stderr] = given.standard;
        let limits = launch.limits();
        let plan = Plan {
            program: launch.program(),
            argv: launch.argv(),
            envp: environment.as_ptr(),
            cwd: launch.cwd(),
            stdin,
            stdout,
            stderr,
            channel: given.channel,
            memory: given.memory,
            door: door.as_ref().map(AsRawFd::as_raw_fd),
            limits: &limits,
            open_files: launch.open_files(),
            die_with: launch
                .die_with_parent()
                .then(|| rustix::process::getpid().as_raw_nonzero().get()),
            sandbox: in_child.as_deref(),
            failure: Cell::new(None),
        };
        // The process's own descriptors, and those that the supervisor opens for it. Failing here is clearer than there.
        let room = DescriptorReservation::new(WHILE_STARTING).map_err(|error| room_failed("clone", &error))?;
        drop(room);
        let (pid, pidfd) = self.starter.start(&plan)?;
        let pid = Pid::from_raw(pid).ok_or_else(|| SpawnFailure::permanent("clone"))?;
        let number = pid.as_raw_nonzero().get().unsigned_abs();
        #[cfg(not(portable))]
        let guardian = self.sandbox.as_mut().and_then(|sandbox| match launch.is_origin() {
            true => sandbox.origin_spawned(number),
            false => sandbox.spawned(number),
        });
        #[cfg(portable)]
        let guardian = launch.die_with_parent().then(|| self.guard(number)).flatten();
        let process = Process::new(pid, pidfd, cgroup, guardian);
        Ok(Unconnected { process, temporary })
    }

    /// Has the guardian watch a group. `None` where there is none: a killed host leaves the group then.
    #[cfg(portable)]
    fn guard(&mut self, group: u32) -> Option<Guardian> {
        let guardian = Guardian::of_this_host(&self.starter, &self.null).ok();
        self.guardian.clone_from(&guardian);
        guardian.inspect(|guardian| guardian.watch(group))
    }

    /// Has an origin fork itself. Once it was asked, every failure ends it.
    #[cfg(not(portable))]
    fn fork(&mut self, launch: &Launch, origin: &Arc<Origin>) -> Started<Child> {
        let Some(sandbox) = &mut self.sandbox else {
            return Err(SpawnFailure::permanent("fork"));
        };
        let temporary = origin.temporary().ok().flatten();
        let rules = sandbox.per_fork(temporary.as_ref().map(Temporary::fd))?;
        let (host, child) = host_ends::open()?;
        let (memory, memory_fd) = memory(launch)?.ok_or_else(|| SpawnFailure::permanent("fork: memory"))?;
        let ring = Ring::new(Arc::clone(&memory));
        let cgroup = cgroup(launch);
        drop(DescriptorReservation::new(WHILE_STARTING).map_err(|error| room_failed("fork", &error))?);
        sandbox.grant_fork(origin.pid())?;
        let asked = origin.ask(&child, &rules, &memory_fd);
        sandbox.revoke_fork();
        let taken = asked.and_then(|pid| fork::take_in(&mut **sandbox, origin, pid, cgroup));
        let let_go =
            taken.and_then(|(pid, process)| fork::go(&host.channel, pid, temporary.as_ref()).map(|()| process));
        match let_go {
            Ok(process) => {
                origin.count();
                Ok(Child {
                    channel: host.channel,
                    stdout: host.stdout,
                    stderr: host.stderr,
                    entry_table: Some(EntryTable::new(memory)),
                    ring: Some(ring),
                    forked: true,
                    process,
                    temporary,
                })
            }
            Err(failure) => {
                origin.end(&format!("a fork failed: {failure}"));
                Err(failure)
            }
        }
    }
}

/// The descriptors of one process, above the numbers that they get in it.
struct Given {
    standard: [RawFd; 3],
    channel: Option<RawFd>,
    memory: Option<RawFd>,
}

/// The child's fixed descriptor numbers would replace a descriptor that the sandbox still needs.
fn usable(in_child: Box<dyn InChild>) -> std::result::Result<Box<dyn InChild>, SpawnFailure> {
    if in_child.keep_fds().iter().any(|&fd| fd <= MEMORY_FD) {
        return Err(SpawnFailure::system("keep_fds", libc::EBADF));
    }
    Ok(in_child)
}
