//! Recognises calls that are made again because a signal interrupted the wait for their answer.
//!
//! Before Linux 5.19 a signal ends a caller's wait at any time, and after its handler has run the kernel makes the call
//! again. The supervisor may have carried the call out already: a connection would then be made twice, and a send
//! repeated. An answer that did not reach its caller is therefore kept, and given to the same call when it comes again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::listener::{Answer, Call};

/// A call that is made again comes as soon as the signal's handler has run.
const KEPT: Duration = Duration::from_secs(1);
/// From this many entries on, those of threads that did not come again are removed.
const SWEPT_FROM: usize = 256;

/// The calls in progress, and the answers that did not arrive, by thread.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    /// `None` where a signal cannot interrupt a caller.
    threads: Option<Mutex<HashMap<u32, Entry>>>,
}

#[derive(Debug)]
struct Entry {
    /// As it came last.
    call: Call,
    state: State,
}

#[derive(Debug)]
enum State {
    InProgress,
    Unheard { answer: Answer, since: Instant },
}

/// What a call is when it arrives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It has to be carried out.
    New,
    /// It was carried out, and this is its answer.
    Answered(Answer),
    /// It is being carried out, and whoever does so answers it.
    InProgress,
}

impl Restarts {
    pub(super) fn new(interruptible: bool) -> Self {
        Restarts {
            threads: interruptible.then(Mutex::default),
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, HashMap<u32, Entry>>> {
        let threads = self.threads.as_ref()?;
        Some(threads.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn arrived(&self, call: &Call) -> Arrival {
        let Some(mut threads) = self.lock() else {
            return Arrival::New;
        };
        if let Some(entry) = threads.get_mut(&call.thread).filter(|entry| same(&entry.call, call)) {
            match entry.state {
                State::InProgress => {
                    entry.call = *call;
                    return Arrival::InProgress;
                }
                State::Unheard { answer, since } if since.elapsed() < KEPT => {
                    threads.remove(&call.thread);
                    return Arrival::Answered(answer);
                }
                State::Unheard { .. } => {}
            }
        }
        if threads.len() >= SWEPT_FROM {
            threads.retain(|_, entry| match entry.state {
                State::InProgress => true,
                State::Unheard { since, .. } => since.elapsed() < KEPT,
            });
        }
        let state = State::InProgress;
        threads.insert(call.thread, Entry { call: *call, state });
        Arrival::New
    }

    /// The id under which the caller waits at present.
    pub(super) fn current_id(&self, call: &Call) -> u64 {
        let Some(threads) = self.lock() else {
            return call.id;
        };
        let entry = threads.get(&call.thread).filter(|entry| same(&entry.call, call));
        entry.map_or(call.id, |entry| entry.call.id)
    }

    /// Gives the answer to a call that was carried out to the caller, by `send`, which tells whether it arrived. No
    /// answer means that nothing was done, because the caller did not wait any more. If it came again meanwhile, the
    /// call that has to be carried out now is returned.
    pub(super) fn finished(
        &self,
        call: &Call,
        answer: Option<Answer>,
        send: impl Fn(u64, Answer) -> bool,
    ) -> Option<Call> {
        let Some(mut threads) = self.lock() else {
            if let Some(answer) = answer {
                send(call.id, answer);
            }
            return None;
        };
        let Some(entry) = threads.get_mut(&call.thread).filter(|entry| same(&entry.call, call)) else {
            // The thread makes another call by now.
            return None;
        };
        let (now, answer) = (
            entry.call,
            match answer {
                None if entry.call.id != call.id => return Some(entry.call),
                None => {
                    threads.remove(&call.thread);
                    return None;
                }
                Some(answer) => answer,
            },
        );
        if send(now.id, answer) {
            threads.remove(&call.thread);
        } else {
            let since = Instant::now();
            entry.state = State::Unheard { answer, since };
        }
        None
    }
}

/// Whether it is the same call, made by the same instruction.
fn same(one: &Call, other: &Call) -> bool {
    (one.thread, one.number, one.args, one.instruction) == (other.thread, other.number, other.args, other.instruction)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn call(id: u64, number: u32) -> Call {
        Call {
            id,
            thread: 7,
            number,
            args: [3, 0, 0, 0, 0, 0],
            instruction: 0x1000,
        }
    }

    const DONE: Answer = Answer::Value(0);

    /// Finishes a call whose caller waits under the id `waiting`, and returns the ids that were tried.
    fn finish(restarts: &Restarts, of: &Call, answer: Option<Answer>, waiting: u64) -> (Vec<u64>, Option<u64>) {
        let tried = RefCell::new(Vec::new());
        let again = restarts.finished(of, answer, |id, _| {
            tried.borrow_mut().push(id);
            id == waiting
        });
        (tried.into_inner(), again.map(|call| call.id))
    }

    #[test]
    fn an_answer_that_did_not_arrive_is_given_once_when_the_call_comes_again() {
        let restarts = Restarts::new(true);
        assert_eq!(restarts.arrived(&call(1, 42)), Arrival::New);
        assert_eq!(finish(&restarts, &call(1, 42), Some(DONE), 0), (vec![1], None));
        assert_eq!(restarts.arrived(&call(2, 42)), Arrival::Answered(DONE));
        assert_eq!(restarts.arrived(&call(3, 42)), Arrival::New);
    }

    #[test]
    fn a_call_that_comes_again_while_it_is_carried_out_gets_that_answer() {
        let restarts = Restarts::new(true);
        assert_eq!(restarts.arrived(&call(1, 42)), Arrival::New);
        assert_eq!(restarts.arrived(&call(2, 42)), Arrival::InProgress);
        assert_eq!(restarts.current_id(&call(1, 42)), 2);
        assert_eq!(finish(&restarts, &call(1, 42), Some(DONE), 2), (vec![2], None));
        assert_eq!(restarts.arrived(&call(3, 42)), Arrival::New);
    }

    #[test]
    fn what_was_given_up_is_carried_out_when_the_caller_is_back() {
        let restarts = Restarts::new(true);
        restarts.arrived(&call(1, 42));
        assert_eq!(restarts.arrived(&call(2, 42)), Arrival::InProgress);
        assert_eq!(finish(&restarts, &call(1, 42), None, 2), (vec![], Some(2)));
        assert_eq!(finish(&restarts, &call(2, 42), None, 0), (vec![], None));
        assert_eq!(restarts.arrived(&call(3, 42)), Arrival::New);
    }

    #[test]
    fn another_call_of_the_thread_is_none_that_comes_again() {
        let restarts = Restarts::new(true);
        restarts.arrived(&call(1, 42));
        finish(&restarts, &call(1, 42), Some(DONE), 0);
        assert_eq!(restarts.arrived(&call(2, 49)), Arrival::New);
        let elsewhere = Call {
            instruction: 0x2000,
            ..call(3, 49)
        };
        assert_eq!(restarts.arrived(&elsewhere), Arrival::New);
        assert_eq!(finish(&restarts, &call(2, 49), Some(DONE), 2), (vec![], None));
    }

    #[test]
    fn nothing_is_kept_where_callers_are_not_interrupted() {
        let restarts = Restarts::default();
        restarts.arrived(&call(1, 42));
        assert_eq!(finish(&restarts, &call(1, 42), Some(DONE), 0), (vec![1], None));
        assert_eq!(restarts.arrived(&call(2, 42)), Arrival::New);
    }
}
