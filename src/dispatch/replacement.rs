//! When processes that served their one call are replaced.
//!
//! To end one process and start another takes the CPU for most of a millisecond, and it is the answer that is waited for. So
//! both come a little later, unless a call waits for a process.

use std::time::{Duration, Instant};

use crate::pool::Action;

/// The host hears of an answer in a tenth of this.
const AFTER_ANSWER: Duration = Duration::from_millis(1);

/// Starts and ends of processes that are put off.
#[derive(Debug, Default)]
pub(super) struct Replacement {
    actions: Vec<Action>,
    due: Option<Instant>,
    /// A call was answered in this batch.
    answered: bool,
}

impl Replacement {
    /// A call was answered, and its process serves no other.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// When something is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Of what the pool wants now, what is to be done now. `urgent`: a process is waited for, or the manager closes. Starts and
    /// ends keep their order.
    pub(super) fn sort(&mut self, wanted: Vec<Action>, urgent: bool, now: Instant) -> Vec<Action> {
        let answered = std::mem::take(&mut self.answered);
        let (processes, calls): (Vec<_>, Vec<_>) = wanted
            .into_iter()
            .partition(|action| matches!(action, Action::Start(_) | Action::End(_)));
        if answered && !urgent && !processes.is_empty() {
            self.due.get_or_insert(now + AFTER_ANSWER);
            self.actions.extend(processes);
            return calls;
        }
        let mut all = calls;
        if urgent || !processes.is_empty() || self.due.is_some_and(|due| due <= now) {
            self.due = None;
            all.append(&mut self.actions);
        }
        all.extend(processes);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::WorkerId;

    const START: Action = Action::Start(WorkerId(2));
    const END: Action = Action::End(WorkerId(1));
    const ASSIGN: Action = Action::Assign(7, WorkerId(3));

    fn put_off(now: Instant) -> Replacement {
        let mut replacement = Replacement::default();
        replacement.answered();
        assert_eq!(replacement.sort(vec![END, START, ASSIGN], false, now), [ASSIGN]);
        replacement
    }

    #[test]
    fn after_an_answer_processes_wait_and_calls_do_not() {
        let now = Instant::now();
        let mut replacement = put_off(now);
        assert_eq!(replacement.due(), Some(now + AFTER_ANSWER));
        assert_eq!(replacement.sort(vec![ASSIGN], false, now), [ASSIGN]);
        assert_eq!(replacement.sort(Vec::new(), false, now + AFTER_ANSWER), [END, START]);
        assert_eq!(replacement.due(), None);
    }

    #[test]
    fn a_call_that_waits_for_a_process_ends_the_wait() {
        let now = Instant::now();
        assert_eq!(put_off(now).sort(Vec::new(), true, now), [END, START]);
    }

    #[test]
    fn what_else_happens_to_processes_comes_after_what_was_put_off() {
        let now = Instant::now();
        let other = Action::End(WorkerId(2));
        assert_eq!(put_off(now).sort(vec![other], false, now), [END, START, other]);
    }

    #[test]
    fn without_an_answer_nothing_waits() {
        let now = Instant::now();
        let mut replacement = Replacement::default();
        assert_eq!(replacement.sort(vec![START, ASSIGN], false, now), [ASSIGN, START]);
    }
}
