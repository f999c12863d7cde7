//! Inspects files that tools have named, on threads of its own.
//!
//! Whether the sandbox caused an error can only be decided by inspecting the file that the error names. A tool can write any
//! path into an error, and on a mount that hangs an inspection waits for as long as the mount hangs. So no file is inspected on
//! the host's thread or the driver's. An inspection that takes too long is given up: its result is reported without it, and its
//! thread ends when the system call returns.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long an inspection may take, including its wait for a thread. On a disk it takes some ten microseconds.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
/// How long an inspection waits for a busy thread before another thread is started for it.
const PATIENCE: Duration = Duration::from_millis(5);
/// The largest number of threads. While all of them hang, nothing is inspected.
const MOST_THREADS: usize = 16;

/// Reports a result.
type Report = Box<dyn FnOnce() + Send>;

struct Job {
    /// Inspects the file, and returns the function that reports the result.
    inspect: Box<dyn FnOnce() -> Report + Send>,
    /// Reports without an inspection.
    fallback: Report,
    since: Instant,
}

enum Message {
    Job(Job),
    /// The thread with this number has finished its inspection.
    Inspected(usize, Report),
    /// No job follows. The sender is dropped when everything is reported.
    Close(Sender<()>),
}

/// Takes requests for inspections. Its own thread is started with the first one.
#[derive(Default)]
pub(super) struct Explainer(Mutex<Asking>);

#[derive(Default)]
enum Asking {
    #[default]
    Idle,
    Started(Sender<Message>),
    Closed,
}

impl Explainer {
    /// Calls `inspect` on another thread, and then the function that it returns. Where that takes too long, `fallback` is
    /// called instead. Returns at once.
    pub(super) fn explain(
        &self,
        inspect: impl FnOnce() -> Report + Send + 'static,
        fallback: impl FnOnce() + Send + 'static,
    ) {
        let job = Job {
            inspect: Box::new(inspect),
            fallback: Box::new(fallback),
            since: Instant::now(),
        };
        let unsent = {
            let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*asking, Asking::Idle)
                && let Some(sender) = start()
            {
                *asking = Asking::Started(sender);
            }
            match &*asking {
                Asking::Started(sender) => sender.send(Message::Job(job)).err().map(|error| error.0),
                Asking::Idle | Asking::Closed => Some(Message::Job(job)),
            }
        };
        // Without a thread nothing can be inspected.
        if let Some(Message::Job(job)) = unsent {
            (job.fallback)();
        }
    }

    /// Waits until everything is reported, which takes no longer than one inspection may take.
    pub(super) fn close(&self) {
        let asking = {
            let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *asking, Asking::Closed)
        };
        if let Asking::Started(sender) = asking {
            let (done, closed) = mpsc::channel();
            if sender.send(Message::Close(done)).is_ok() {
                // Nothing is ever sent. This returns when the other end is dropped.
                let _ = closed.recv_timeout(2 * LIMIT);
            }
        }
    }
}

impl Drop for Explainer {
    fn drop(&mut self) {
        self.close();
    }
}

fn start() -> Option<Sender<Message>> {
    let (sender, messages) = mpsc::channel();
    let replies = sender.clone();
    let thread = thread::Builder::new().name("toolwarden-explain".to_owned());
    thread
        .spawn(move || {
            Inspections {
                replies,
                threads: Vec::new(),
                most_threads: MOST_THREADS,
                waiting: VecDeque::new(),
            }
            .serve(&messages);
        })
        .ok()?;
    Some(sender)
}

/// A thread that inspects files.
struct InspectionThread {
    jobs: Sender<Box<dyn FnOnce() -> Report + Send>>,
    doing: Doing,
}

enum Doing {
    Idle,
    /// It does an inspection that was requested at this moment, with the function that reports without it.
    Inspecting(Instant, Report),
    /// Its inspection was given up and has not returned.
    Hanging,
}

struct Inspections {
    replies: Sender<Message>,
    threads: Vec<InspectionThread>,
    /// How many threads there may be: fewer where the system had no more to give.
    most_threads: usize,
    waiting: VecDeque<Job>,
}

impl Inspections {
    fn serve(mut self, messages: &Receiver<Message>) {
        let mut closing = None;
        while closing.is_none() || self.is_busy() {
            let message = match self.next_moment() {
                Some(at) => messages.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(Message::Job(job)) => self.waiting.push_back(job),
                Ok(Message::Inspected(thread, report)) => self.inspected(thread, report),
                Ok(Message::Close(done)) => closing = Some(done),
                Err(_) => {}
            }
            self.give_up(Instant::now());
            self.hand_out(Instant::now());
        }
    }

    /// Whether something must still be reported.
    fn is_busy(&self) -> bool {
        let inspecting = |thread: &InspectionThread| matches!(thread.doing, Doing::Inspecting(..));
        !self.waiting.is_empty() || self.threads.iter().any(inspecting)
    }

    /// When something must be done although no message arrives.
    fn next_moment(&self) -> Option<Instant> {
        let inspecting = self.threads.iter().filter_map(|thread| match &thread.doing {
            Doing::Inspecting(since, _) => Some(*since + LIMIT),
            Doing::Idle | Doing::Hanging => None,
        });
        let patience = if self.is_full() { LIMIT } else { PATIENCE };
        inspecting
            .chain(self.waiting.front().map(|job| job.since + patience))
            .min()
    }

    fn inspected(&mut self, thread: usize, report: Report) {
        let Some(thread) = self.threads.get_mut(thread) else {
            return;
        };
        if let Doing::Inspecting(..) = std::mem::replace(&mut thread.doing, Doing::Idle) {
            report();
        }
    }

    /// Reports without an inspection what has waited too long.
    fn give_up(&mut self, now: Instant) {
        for thread in &mut self.threads {
            if matches!(&thread.doing, Doing::Inspecting(since, _) if now >= *since + LIMIT)
                && let Doing::Inspecting(_, fallback) = std::mem::replace(&mut thread.doing, Doing::Hanging)
            {
                fallback();
            }
        }
        let all_hang = self.is_full() && self.threads.iter().all(|thread| matches!(thread.doing, Doing::Hanging));
        while let Some(job) = self.waiting.pop_front_if(|job| all_hang || now >= job.since + LIMIT) {
            (job.fallback)();
        }
    }

    fn is_full(&self) -> bool {
        self.threads.len() >= self.most_threads
    }

    fn hand_out(&mut self, now: Instant) {
        while let Some(job) = self.waiting.front() {
            let idle = |thread: &InspectionThread| matches!(thread.doing, Doing::Idle);
            let patient = !self.threads.is_empty() && now < job.since + PATIENCE;
            let thread = match self.threads.iter().position(idle) {
                Some(thread) => thread,
                None if patient || self.is_full() => return,
                None => match self.add_thread() {
                    Some(thread) => thread,
                    // Without this the next moment would be now, again and again.
                    None => {
                        self.most_threads = self.threads.len();
                        return self.give_up(now);
                    }
                },
            };
            if let Some(Job {
                inspect,
                fallback,
                since,
            }) = self.waiting.pop_front()
            {
                // The thread ends when this sender is dropped, so it still receives.
                let _ = self.threads[thread].jobs.send(inspect);
                self.threads[thread].doing = Doing::Inspecting(since, fallback);
            }
        }
        // The system may have threads again.
        self.most_threads = MOST_THREADS;
    }

    fn add_thread(&mut self) -> Option<usize> {
        let (jobs, received) = mpsc::channel::<Box<dyn FnOnce() -> Report + Send>>();
        let number = self.threads.len();
        let replies = self.replies.clone();
        let thread = thread::Builder::new().name("toolwarden-look".to_owned());
        thread
            .spawn(move || {
                while let Ok(inspect) = received.recv() {
                    if replies.send(Message::Inspected(number, inspect())).is_err() {
                        return;
                    }
                }
            })
            .ok()?;
        self.threads.push(InspectionThread {
            jobs,
            doing: Doing::Idle,
        });
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bound that is only reached when the explainer hangs.
    const HANG: Duration = Duration::from_secs(30);

    #[test]
    fn inspections_that_hang_delay_no_other_and_are_given_up() {
        let explainer = Explainer::default();
        let (reported, results) = mpsc::channel();
        let (release, hold) = mpsc::channel::<()>();
        let hold = std::sync::Arc::new(Mutex::new(hold));
        let ask = |name: &'static str, hangs: bool| {
            let (seeing, fallback) = (reported.clone(), reported.clone());
            let hold = std::sync::Arc::clone(&hold);
            explainer.explain(
                move || {
                    if hangs {
                        let _ = hold.lock().map(|hold| hold.recv());
                    }
                    Box::new(move || seeing.send((name, true)).unwrap())
                },
                move || fallback.send((name, false)).unwrap(),
            );
        };
        ask("hangs", true);
        ask("other", false);
        assert_eq!(results.recv_timeout(HANG), Ok(("other", true)));
        assert_eq!(results.recv_timeout(HANG), Ok(("hangs", false)));
        // Every thread hangs, so further results are reported without an inspection.
        (1..MOST_THREADS).for_each(|_| ask("hangs", true));
        ask("late", false);
        for _ in 1..=MOST_THREADS {
            let (_, inspected) = results.recv_timeout(HANG).unwrap();
            assert!(!inspected);
        }
        // When the mount answers again, so does the explainer.
        drop(release);
        ask("again", false);
        explainer.close();
        assert_eq!(results.try_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["again"]);
        ask("after", false);
        assert_eq!(results.recv_timeout(HANG), Ok(("after", false)));
    }

    #[test]
    fn where_the_system_has_no_thread_left_results_are_reported_at_once() {
        let (replies, _messages) = mpsc::channel();
        let (reported, results) = mpsc::channel();
        let mut inspections = Inspections {
            replies,
            threads: Vec::new(),
            most_threads: 0,
            waiting: VecDeque::new(),
        };
        let fallback = reported.clone();
        let now = Instant::now();
        inspections.waiting.push_back(Job {
            inspect: Box::new(move || Box::new(move || reported.send(true).unwrap())),
            fallback: Box::new(move || fallback.send(false).unwrap()),
            since: now,
        });
        inspections.give_up(now);
        inspections.hand_out(now);
        assert_eq!(results.try_recv(), Ok(false));
        assert_eq!(inspections.next_moment(), None, "nothing is left to do");
        assert_eq!(inspections.most_threads, MOST_THREADS, "threads are tried again");
    }
}
