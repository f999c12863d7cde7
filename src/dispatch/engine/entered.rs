//! Decides whether a tool was entered, and what follows from that for a call whose process has ended. Nothing else decides it.
//!
//! A tool that was entered may have had effects. It is not entered a second time unless the caller's retry policy allows that.
//! So where nothing is known, the tool counts as entered.
//!
//! What is known:
//!
//! - Where the system tells what a process left unread, as Linux does, one with one call at a time does not announce its
//!   entries. Its call counts as entered once it is assigned, unless something that was sent to the process is still
//!   unread or unsent at its end: a call still in the channel cannot have entered its tool.
//! - Any other process notes each entry before it enters the tool, in its entry table where it has one and by an ENTERED frame
//!   elsewhere. A tool whose entry was not noted was not entered.
//!
//! A process can lie about both, but only about its own calls.
//!
//! The decisions behind it: docs/decisions.md#calls.

use crate::dispatch::facts::{End, TerminationReason};
use crate::spawn::Exit;

use super::retry::Failure;

/// What is known about the entry of one attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    /// It counts as entered, because an ENTERED frame came or because entries are not announced.
    assumed: bool,
    /// The slot of the entry table in which its process notes the entry.
    slot: Option<u32>,
}

/// What is known at the end of a process about the frames that it was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel<'a> {
    /// Processes announce the entry of each call.
    pub(super) announced: bool,
    /// Some of them were not read.
    pub(super) unread: bool,
    /// For each slot of the entry table the call that was entered last.
    pub(super) entry_table: &'a [u32],
}

impl Entry {
    /// The call is given to a process, which notes the entry in `slot` where it has an entry table.
    pub(super) fn assigned(announced: bool, slot: Option<u32>) -> Self {
        Self {
            assumed: !announced,
            slot,
        }
    }

    /// Whether the process must announce the entry by a frame.
    pub(super) fn needs_frame(self, announced: bool) -> bool {
        announced && self.slot.is_none()
    }

    pub(super) fn slot(self) -> Option<u32> {
        self.slot
    }

    /// An ENTERED frame came.
    pub(super) fn announced(&mut self) {
        self.assumed = true;
    }

    /// Whether the tool of this call may have been entered in a process that has ended.
    pub(super) fn was_entered(self, call: u32, channel: Channel<'_>) -> bool {
        let noted = self.slot.and_then(|slot| channel.entry_table.get(slot as usize)) == Some(&call);
        let read = channel.announced || !channel.unread;
        (self.assumed && read) || noted
    }
}

/// What is known about the end of a process that explains the end of its calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss<'a> {
    pub(super) exit: Exit,
    /// The reason why it was killed, if it was.
    pub(super) reason: Option<&'a TerminationReason>,
    /// The tool of another call ended it.
    pub(super) left_by_another: bool,
    /// Its end is explained by a kill or by a call that was entered.
    pub(super) blamed: bool,
}

/// What follows for one of the calls of the process.
#[derive(Debug)]
pub(super) enum AfterLoss {
    /// The tool was not entered, and another call or a kill explains the end of the process. The call is given to another
    /// process, which needs no permission by the retry policy.
    AnotherProcess,
    /// The attempt failed, and the retry policy decides whether another one follows.
    Failed(End, Option<Failure>),
}

/// Decides what follows for a call. `own` is the reason why the call itself was being ended, if it was.
pub(super) fn after_loss(entered: bool, own: Option<&TerminationReason>, loss: Loss<'_>) -> AfterLoss {
    use AfterLoss::{AnotherProcess, Failed};
    match (own, loss.reason) {
        (Some(TerminationReason::Timeout), _) => {
            Failed(End::Terminated(TerminationReason::Timeout), Some(Failure::Timeout))
        }
        (Some(own), _) => Failed(End::Terminated(own.clone()), None),
        (None, _) if !entered && loss.blamed => AnotherProcess,
        // No tool was entered at all. If the call were given to another process without an attempt being counted, a call that
        // ends every process would be tried for ever.
        (None, _) if !entered => Failed(End::Exited(loss.exit), Some(Failure::Unreached)),
        (None, Some(reason)) => Failed(End::Neighbour(reason.clone()), Some(Failure::Crash)),
        (None, None) if loss.left_by_another => Failed(End::Neighbour(TerminationReason::Left), Some(Failure::Crash)),
        (None, None) => Failed(End::Exited(loss.exit), Some(Failure::Crash)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: u32 = 7;

    fn channel(announced: bool, unread: bool, entry_table: &[u32]) -> Channel<'_> {
        Channel {
            announced,
            unread,
            entry_table,
        }
    }

    #[test]
    fn alone_in_its_process_a_call_is_entered_unless_it_was_not_read() {
        let entry = Entry::assigned(false, None);
        assert!(entry.was_entered(CALL, channel(false, false, &[])));
        assert!(!entry.was_entered(CALL, channel(false, true, &[])));
        let with_slot = Entry::assigned(false, Some(0));
        assert!(
            with_slot.was_entered(CALL, channel(false, true, &[CALL])),
            "its process noted the entry"
        );
        assert!(!with_slot.was_entered(CALL, channel(false, true, &[CALL + 1])));
    }

    #[test]
    fn in_a_shared_process_only_what_was_noted_is_entered() {
        let mut entry = Entry::assigned(true, None);
        assert!(entry.needs_frame(true));
        assert!(!entry.was_entered(CALL, channel(true, false, &[])));
        entry.announced();
        assert!(entry.was_entered(CALL, channel(true, true, &[])));
        let with_slot = Entry::assigned(true, Some(1));
        assert!(!with_slot.needs_frame(true));
        assert!(with_slot.was_entered(CALL, channel(true, true, &[0, CALL])));
        assert!(
            !with_slot.was_entered(CALL, channel(true, true, &[CALL])),
            "another call's slot"
        );
    }

    #[test]
    fn only_a_call_that_was_not_entered_goes_to_another_process() {
        let reason = TerminationReason::OutOfMemory;
        for entered in [false, true] {
            for killed in [None, Some(&reason)] {
                for own in [None, Some(&TerminationReason::Cancelled)] {
                    for blamed in [killed.is_some(), true] {
                        let loss = Loss {
                            exit: Exit::Code(1),
                            reason: killed,
                            left_by_another: false,
                            blamed,
                        };
                        let again = matches!(after_loss(entered, own, loss), AfterLoss::AnotherProcess);
                        assert_eq!(again, !entered && own.is_none() && blamed);
                    }
                }
            }
        }
    }
}
