//! Decides when processes that served their only call are replaced.
//!
//! Ending one process and starting another takes the CPU for most of a millisecond, while the caller waits for the answer. So
//! both are delayed a little, unless a call waits for a process.
//!
//! The decisions behind it: docs/decisions.md#pool.

use std::time::{Duration, Instant};

use crate::pool::Action;

/// How long both are delayed. The host receives an answer in a tenth of this time.
const AFTER_ANSWER: Duration = Duration::from_millis(1);

/// The starts and ends of processes that are delayed.
#[derive(Debug, Default)]
pub(super) struct Replacement {
    actions: Vec<Action>,
    due: Option<Instant>,
    /// A call was answered in this batch.
    answered: bool,
}

impl Replacement {
    /// Notes that a call was answered whose process serves no other one.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// When the delayed actions are due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether [`sort`](Self::sort) must be called although the pool asks for nothing, because actions are delayed or a call
    /// was answered.
    pub(super) fn has_work(&self) -> bool {
        self.answered || self.due.is_some()
    }

    /// The processes whose start was decided and is delayed.
    #[cfg(test)]
    pub(super) fn put_off_starts(&self) -> impl Iterator<Item = crate::pool::WorkerId> {
        self.actions.iter().filter_map(|action| match action {
            Action::Start(id, _) => Some(*id),
            _ => None,
        })
    }

    /// Moves the actions that must be carried out now from `wanted`, which the pool asks for, to `ready`. `urgent`: a call
    /// waits for a process, or the manager closes. Calls are assigned first; starts and ends keep their order.
    pub(super) fn sort(&mut self, wanted: &mut Vec<Action>, urgent: bool, now: Instant, ready: &mut Vec<Action>) {
        let is_of_process = |action: &Action| !matches!(action, Action::Assign(..) | Action::Drain);
        let answered = std::mem::take(&mut self.answered);
        ready.extend(wanted.iter().filter(|action| !is_of_process(action)));
        wanted.retain(is_of_process);
        if answered && !urgent && !wanted.is_empty() {
            self.due.get_or_insert(now + AFTER_ANSWER);
            self.actions.append(wanted);
            return;
        }
        if urgent || !wanted.is_empty() || self.due.is_some_and(|due| due <= now) {
            self.due = None;
            ready.append(&mut self.actions);
        }
        ready.append(wanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{GroupId, WorkerId};

    const START: Action = Action::Start(WorkerId(2), GroupId::OWN);
    const END: Action = Action::End(WorkerId(1));
    const ASSIGN: Action = Action::Assign(7, WorkerId(3));

    fn sort(replacement: &mut Replacement, mut wanted: Vec<Action>, urgent: bool, now: Instant) -> Vec<Action> {
        let mut ready = Vec::new();
        replacement.sort(&mut wanted, urgent, now, &mut ready);
        assert!(wanted.is_empty());
        ready
    }

    fn put_off(now: Instant) -> Replacement {
        let mut replacement = Replacement::default();
        replacement.answered();
        assert_eq!(sort(&mut replacement, vec![END, START, ASSIGN], false, now), [ASSIGN]);
        replacement
    }

    #[test]
    fn after_an_answer_processes_wait_and_calls_do_not() {
        let now = Instant::now();
        let mut replacement = put_off(now);
        assert_eq!(replacement.due(), Some(now + AFTER_ANSWER));
        assert_eq!(sort(&mut replacement, vec![ASSIGN], false, now), [ASSIGN]);
        assert_eq!(
            sort(&mut replacement, Vec::new(), false, now + AFTER_ANSWER),
            [END, START]
        );
        assert_eq!(replacement.due(), None);
    }

    #[test]
    fn a_call_that_waits_for_a_process_ends_the_wait() {
        let now = Instant::now();
        assert_eq!(sort(&mut put_off(now), Vec::new(), true, now), [END, START]);
    }

    #[test]
    fn what_else_happens_to_processes_comes_after_what_was_put_off() {
        let now = Instant::now();
        let other = Action::End(WorkerId(2));
        assert_eq!(sort(&mut put_off(now), vec![other], false, now), [END, START, other]);
    }

    #[test]
    fn without_an_answer_nothing_waits() {
        let now = Instant::now();
        let mut replacement = Replacement::default();
        assert_eq!(sort(&mut replacement, vec![START, ASSIGN], false, now), [ASSIGN, START]);
    }
}
