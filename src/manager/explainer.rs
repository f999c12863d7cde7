//! Looks at files that tools have named, on threads of its own.
//!
//! Whether an error comes from a refusal can only be told by a look at the file that the error names, and a tool writes whatever
//! name it likes into an error: one on a mount that hangs makes the look wait for as long as that hangs. So no look is taken on
//! the host's thread or the driver's. A look that takes too long is given up: what it was for is told without it, and its thread
//! is left to end when it can.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a look may take, its wait for a thread included. On a disk it takes some ten microseconds.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
/// How long a look waits for a thread that is busy before it gets another one.
const PATIENCE: Duration = Duration::from_millis(5);
/// Threads at the most. When all of them hang, nothing is looked at until one returns.
const MOST_THREADS: usize = 16;

/// Tells what was found.
type Tell = Box<dyn FnOnce() + Send>;

struct Job {
    /// Takes the look, and gives back what tells the result.
    look: Box<dyn FnOnce() -> Tell + Send>,
    /// Tells without a look.
    blind: Tell,
    since: Instant,
}

enum Message {
    Job(Job),
    /// The thread of this number has taken its look.
    Looked(usize, Tell),
    /// No job follows; the sender is dropped when all are told.
    Close(Sender<()>),
}

/// Where looks are asked for. Its thread is started with the first one.
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
    /// Has `look` taken on another thread; what it gives back is called there. Where that takes too long, `blind` is called
    /// instead. Returns at once.
    pub(super) fn explain(&self, look: impl FnOnce() -> Tell + Send + 'static, blind: impl FnOnce() + Send + 'static) {
        let job = Job {
            look: Box::new(look),
            blind: Box::new(blind),
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
        // Without a thread nothing is looked at.
        if let Some(Message::Job(job)) = unsent {
            (job.blind)();
        }
    }

    /// Waits until everything is told, which takes no longer than one look may.
    pub(super) fn close(&self) {
        let asking = {
            let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *asking, Asking::Closed)
        };
        if let Asking::Started(sender) = asking {
            let (done, told) = mpsc::channel();
            if sender.send(Message::Close(done)).is_ok() {
                // Nothing is ever sent: this returns when the other end is dropped.
                let _ = told.recv_timeout(2 * LIMIT);
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
            Looks {
                replies,
                threads: Vec::new(),
                waiting: VecDeque::new(),
            }
            .serve(&messages);
        })
        .ok()?;
    Some(sender)
}

/// One thread that takes looks.
struct Looker {
    jobs: Sender<Box<dyn FnOnce() -> Tell + Send>>,
    doing: Doing,
}

enum Doing {
    Nothing,
    /// A look that was asked for at this moment; what tells without it.
    Looking(Instant, Tell),
    /// A look that was given up and has not returned.
    Hanging,
}

struct Looks {
    replies: Sender<Message>,
    threads: Vec<Looker>,
    waiting: VecDeque<Job>,
}

impl Looks {
    fn serve(mut self, messages: &Receiver<Message>) {
        let mut closing = None;
        while closing.is_none() || self.is_busy() {
            let message = match self.next_moment() {
                Some(at) => messages.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(Message::Job(job)) => self.waiting.push_back(job),
                Ok(Message::Looked(thread, tell)) => self.looked(thread, tell),
                Ok(Message::Close(done)) => closing = Some(done),
                Err(_) => {}
            }
            self.give_up(Instant::now());
            self.hand_out(Instant::now());
        }
    }

    /// Something is still to be told.
    fn is_busy(&self) -> bool {
        let looking = |thread: &Looker| matches!(thread.doing, Doing::Looking(..));
        !self.waiting.is_empty() || self.threads.iter().any(looking)
    }

    /// When something is to be done although nobody says anything.
    fn next_moment(&self) -> Option<Instant> {
        let looking = self.threads.iter().filter_map(|thread| match &thread.doing {
            Doing::Looking(since, _) => Some(*since + LIMIT),
            Doing::Nothing | Doing::Hanging => None,
        });
        let full = self.threads.len() == MOST_THREADS;
        let patience = if full { LIMIT } else { PATIENCE };
        looking
            .chain(self.waiting.front().map(|job| job.since + patience))
            .min()
    }

    fn looked(&mut self, thread: usize, tell: Tell) {
        let Some(thread) = self.threads.get_mut(thread) else {
            return;
        };
        if let Doing::Looking(..) = std::mem::replace(&mut thread.doing, Doing::Nothing) {
            tell();
        }
    }

    /// What has waited too long is told without a look.
    fn give_up(&mut self, now: Instant) {
        for thread in &mut self.threads {
            if matches!(&thread.doing, Doing::Looking(since, _) if now >= *since + LIMIT)
                && let Doing::Looking(_, blind) = std::mem::replace(&mut thread.doing, Doing::Hanging)
            {
                blind();
            }
        }
        let all_hang = self.threads.len() == MOST_THREADS
            && self.threads.iter().all(|thread| matches!(thread.doing, Doing::Hanging));
        while let Some(job) = self.waiting.pop_front_if(|job| all_hang || now >= job.since + LIMIT) {
            (job.blind)();
        }
    }

    fn hand_out(&mut self, now: Instant) {
        while let Some(job) = self.waiting.front() {
            let idle = |thread: &Looker| matches!(thread.doing, Doing::Nothing);
            let patient = !self.threads.is_empty() && now < job.since + PATIENCE;
            let thread = match self.threads.iter().position(idle) {
                Some(thread) => thread,
                None if patient || self.threads.len() == MOST_THREADS => return,
                None => match self.add_thread() {
                    Some(thread) => thread,
                    None => return,
                },
            };
            if let Some(Job { look, blind, since }) = self.waiting.pop_front() {
                // Its thread ends with this sender, not before.
                let _ = self.threads[thread].jobs.send(look);
                self.threads[thread].doing = Doing::Looking(since, blind);
            }
        }
    }

    fn add_thread(&mut self) -> Option<usize> {
        let (jobs, looks) = mpsc::channel::<Box<dyn FnOnce() -> Tell + Send>>();
        let number = self.threads.len();
        let replies = self.replies.clone();
        let thread = thread::Builder::new().name("toolwarden-look".to_owned());
        thread
            .spawn(move || {
                while let Ok(look) = looks.recv() {
                    if replies.send(Message::Looked(number, look())).is_err() {
                        return;
                    }
                }
            })
            .ok()?;
        self.threads.push(Looker {
            jobs,
            doing: Doing::Nothing,
        });
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a hang reaches it.
    const HANG: Duration = Duration::from_secs(30);

    #[test]
    fn looks_that_hang_delay_no_other_and_are_given_up() {
        let explainer = Explainer::default();
        let (told, results) = mpsc::channel();
        let (release, hold) = mpsc::channel::<()>();
        let hold = std::sync::Arc::new(Mutex::new(hold));
        let ask = |name: &'static str, hangs: bool| {
            let (seeing, blind) = (told.clone(), told.clone());
            let hold = std::sync::Arc::clone(&hold);
            explainer.explain(
                move || {
                    if hangs {
                        let _ = hold.lock().map(|hold| hold.recv());
                    }
                    Box::new(move || seeing.send((name, true)).unwrap())
                },
                move || blind.send((name, false)).unwrap(),
            );
        };
        ask("hangs", true);
        ask("other", false);
        assert_eq!(results.recv_timeout(HANG), Ok(("other", true)));
        assert_eq!(results.recv_timeout(HANG), Ok(("hangs", false)));
        // Every thread hangs: whatever comes is told without a look.
        (1..MOST_THREADS).for_each(|_| ask("hangs", true));
        ask("late", false);
        for _ in 1..=MOST_THREADS {
            let (_, looked) = results.recv_timeout(HANG).unwrap();
            assert!(!looked);
        }
        // When the mount answers again, so does the explainer.
        drop(release);
        ask("again", false);
        explainer.close();
        assert_eq!(results.try_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["again"]);
        ask("after", false);
        assert_eq!(results.recv_timeout(HANG), Ok(("after", false)));
    }
}
