//! From a started process to an origin that serves. Blocks, with a bound; never on the spawner's thread.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{retry_on_intr, write};

use super::answer::{read_number, take};
use super::first_calls::FirstCalls;
use super::fork::Origin;
use super::inspect::{inspect, resident, threads, too_many_threads};
use super::smaps::Region;
use super::wire::SERVES;
use crate::spawn::origin_outcome::{BeginFailure, OriginLimits};
use crate::spawn::output::Captured;
use crate::spawn::process::Process;
use crate::spawn::spawner::Child;
use crate::spawn::temporary::Temporary;
use crate::worker::frame::{FrameReader, FromWorker, LogFrame, OriginReady, append_ping};

/// How often the process is looked at from outside.
const LOOK: Duration = Duration::from_millis(20);
/// How long the process may take to answer the Setup, which takes microseconds.
const ANSWER: Duration = Duration::from_secs(1);
/// Bytes of stderr that are kept for the reason.
const STDERR: usize = 2048;

/// A process that is becoming an origin.
struct Beginner {
    channel: OwnedFd,
    /// Standard output and error, until they are closed.
    printed: [Option<OwnedFd>; 2],
    stderr: Captured,
    process: Arc<Process>,
    limits: OriginLimits,
    deadline: Instant,
}

impl Origin {
    /// Has a started process become an origin. Gives the files that it has loaded, too. `process`: shared, so that somebody
    /// else can end it; `log` gets what the entrypoint prints.
    pub fn begin(
        child: Child,
        limits: OriginLimits,
        share: impl FnOnce(&Arc<Process>),
        log: impl FnMut(&LogFrame<'_>),
    ) -> Result<(Self, Vec<PathBuf>), BeginFailure> {
        let process = Arc::new(child.process);
        share(&process);
        let mut beginner = Beginner {
            channel: child.channel,
            printed: [Some(child.stdout), Some(child.stderr)],
            stderr: Captured::new(STDERR),
            process,
            limits,
            deadline: Instant::now() + limits.time,
        };
        let ready = beginner.ready(log)?;
        if let Some(reason) = ready.objection {
            return Err(BeginFailure::Unfit(reason));
        }
        if child.temporary.as_ref().is_some_and(holds_something) {
            let reason = "it made files in its temporary directory, which no other process may read".to_owned();
            return Err(BeginFailure::Unfit(reason));
        }
        if child
            .temporary
            .as_ref()
            .is_some_and(|temporary| temporary.hide().is_err())
        {
            let reason = "its temporary directory cannot be hidden from its children".to_owned();
            return Err(BeginFailure::Unfit(reason));
        }
        beginner.one_thread()?;
        let first_calls = FirstCalls::new(beginner.set_up()?);
        let Beginner {
            channel,
            printed,
            process,
            ..
        } = beginner;
        let files = ready.files.into_iter().map(PathBuf::from).collect();
        Ok((
            Origin::new(channel, printed, process, child.temporary, first_calls),
            files,
        ))
    }
}

impl Beginner {
    /// Reads frames up to READY.
    fn ready(&mut self, mut log: impl FnMut(&LogFrame<'_>)) -> Result<OriginReady, BeginFailure> {
        let mut frames = FrameReader::new(self.limits.frame);
        let mut chunk = vec![0; 64 * 1024];
        loop {
            while let Some(frame) = frames.next() {
                match frame {
                    Ok(FromWorker::Ready { json }) => {
                        return OriginReady::parse(json).ok_or_else(|| self.unfit("its first message cannot be read"));
                    }
                    Ok(FromWorker::LoadFailed { .. }) => return Err(BeginFailure::Load),
                    Ok(FromWorker::Log(line)) => log(&line),
                    Ok(FromWorker::Pong) => self.ping()?,
                    Ok(_) => {}
                    Err(error) => return Err(self.unfit(&format!("it sent {error}"))),
                }
            }
            self.wait("importing the entrypoint")?;
            match take(&self.channel, &mut chunk) {
                Ok(Some(0)) | Err(_) => return Err(self.unfit("it ended while it imported the entrypoint")),
                Ok(Some(count)) => frames.push(&chunk[..count]),
                Ok(None) => {}
            }
        }
    }

    /// Answers a process that rehearses receiving frames. A few bytes always fit into a socket that is read.
    fn ping(&mut self) -> Result<(), BeginFailure> {
        let mut frame = Vec::new();
        append_ping(&mut frame);
        match retry_on_intr(|| write(&self.channel, &frame)) {
            Ok(count) if count == frame.len() => Ok(()),
            _ => Err(self.unfit("it cannot be written to")),
        }
    }

    /// Waits until the runtime has ended the threads that it needed for the import.
    fn one_thread(&mut self) -> Result<(), BeginFailure> {
        let mut names = threads(self.process.pid());
        while names.len() > 1 {
            let deadline = self.deadline;
            if Instant::now() + LOOK >= deadline {
                return Err(BeginFailure::Unfit(too_many_threads(&names)));
            }
            self.wait("ending its threads")?;
            std::thread::sleep(LOOK);
            names = threads(self.process.pid());
        }
        Ok(())
    }

    /// Tells it what its children must know; gives the regions of its memory.
    fn set_up(&mut self) -> Result<Vec<Region>, BeginFailure> {
        let pid = self.process.pid();
        let (setup, memory) = inspect(pid).map_err(BeginFailure::Unfit)?;
        // The longest Setup is a quarter of what an empty socket takes.
        let bytes = setup.encode();
        match retry_on_intr(|| write(&self.channel, &bytes)) {
            Ok(count) if count == bytes.len() => {}
            _ => return Err(self.unfit("it cannot be written to")),
        }
        match read_number(&self.channel, Instant::now() + ANSWER) {
            Ok(SERVES) => {}
            Ok(_) => return Err(self.unfit("it gave an answer that has no meaning")),
            Err(_) => return Err(self.unfit("it did not begin to serve")),
        }
        let names = threads(pid);
        if names.len() != 1 {
            return Err(BeginFailure::Unfit(too_many_threads(&names)));
        }
        Ok(memory)
    }

    /// Waits a moment for something on the channel, and reads what was printed past the frames, which would block the
    /// process otherwise.
    fn wait(&mut self, doing: &str) -> Result<(), BeginFailure> {
        if Instant::now() >= self.deadline {
            return Err(self.unfit(&format!("{doing} took longer than {} s", self.limits.time.as_secs())));
        }
        if self
            .limits
            .memory
            .is_some_and(|most| resident(self.process.pid()) > most)
        {
            return Err(self.unfit("it uses more memory than `maxMemoryMb` allows"));
        }
        let look = Timespec::try_from(LOOK).ok();
        let pipes = self.printed.iter().flatten().map(AsFd::as_fd);
        let mut watched: Vec<_> = [self.channel.as_fd()]
            .into_iter()
            .chain(pipes)
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let _ = poll(&mut watched, look.as_ref());
        drop(watched);
        self.drain();
        Ok(())
    }

    fn drain(&mut self) {
        let mut chunk = [0; 8192];
        for (index, pipe) in self.printed.iter_mut().enumerate() {
            let Some(fd) = pipe else { continue };
            match take(fd, &mut chunk) {
                Ok(Some(0)) | Err(_) => *pipe = None,
                Ok(Some(count)) if index == 1 => self.stderr.push(&chunk[..count]),
                Ok(_) => {}
            }
        }
    }

    /// A reason, with the last that the process printed to stderr.
    fn unfit(&mut self, reason: &str) -> BeginFailure {
        self.drain();
        let printed = self.stderr.redacted::<&str>(&[]);
        let last = printed.lines().rfind(|line| !line.trim().is_empty());
        BeginFailure::Unfit(match last {
            Some(line) => format!("{reason}; it printed: {}", line.trim()),
            None => reason.to_owned(),
        })
    }
}

/// Whether a temporary directory has any entry.
fn holds_something(temporary: &Temporary) -> bool {
    std::fs::read_dir(temporary.path()).is_ok_and(|mut entries| entries.next().is_some())
}
