//! Where a call stands. Pure transitions; the hub carries out the effects.
//!
//! | phase    | event               | next     | effect                                   |
//! |----------|---------------------|----------|------------------------------------------|
//! | Waiting  | assigned            | Running  | (the frame is sent)                      |
//! | Waiting  | doomed              | Waiting  | Settle (it is taken out of the queue)    |
//! | Resting  | doomed              | Resting  | Settle                                   |
//! | Running  | doomed, no grace    | Ending   | Kill                                     |
//! | Running  | doomed, grace       | Aborting | Abort (the tool's signal)                |
//! | Aborting | it listens          | Graceful | none: it has until its grace is over     |
//! | Aborting | it does not listen  | Ending   | Kill                                     |
//! | Aborting | no word in 50 ms    | Ending   | Kill                                     |
//! | Graceful | its grace is over   | Ending   | Kill                                     |
//! | Aborting, Graceful | answered  | Ending   | Kill: what it leaves behind goes too     |
//! | Aborting, Graceful | doomed harder | Ending | Kill, the first cause stays             |
//! | Ending   | anything            | Ending   | none: the process's exit settles it      |

use std::time::{Duration, Instant};

use super::facts::Doom;
use crate::pool::WorkerId;

/// How long a process may take to say whether its tool listens to the abort.
const ACKNOWLEDGE: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// For a process.
    Waiting,
    /// Between two attempts.
    Resting {
        until: Instant,
    },
    Running {
        on: Served,
        deadline: Instant,
    },
    /// The abort was sent, nothing came back yet.
    Aborting {
        on: Served,
        doom: Doom,
        kill_at: Instant,
        grace_ends: Instant,
    },
    /// The tool listens and has time left.
    Graceful {
        on: Served,
        doom: Doom,
        kill_at: Instant,
    },
    /// The process group is being killed.
    Ending {
        on: Served,
        doom: Doom,
    },
}

/// By which process, since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) worker: WorkerId,
    pub(super) since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Effect {
    Nothing,
    /// The call is over: it had no process.
    Settle,
    /// Tell the tool's signal.
    Abort(WorkerId),
    /// Kill the process group.
    Kill(WorkerId),
}

impl Phase {
    pub(super) fn assigned(worker: WorkerId, now: Instant, timeout: Duration) -> Self {
        Self::Running {
            on: Served { worker, since: now },
            deadline: now + timeout,
        }
    }

    /// The process that serves the call.
    pub(super) fn served(&self) -> Option<Served> {
        match self {
            Self::Waiting | Self::Resting { .. } => None,
            Self::Running { on, .. }
            | Self::Aborting { on, .. }
            | Self::Graceful { on, .. }
            | Self::Ending { on, .. } => Some(*on),
        }
    }

    /// Why it is being ended, if it is.
    pub(super) fn doom(&self) -> Option<&Doom> {
        match self {
            Self::Waiting | Self::Resting { .. } | Self::Running { .. } => None,
            Self::Aborting { doom, .. } | Self::Graceful { doom, .. } | Self::Ending { doom, .. } => Some(doom),
        }
    }

    /// When time itself is the next event.
    pub(super) fn wake(&self) -> Option<Instant> {
        match self {
            Self::Waiting | Self::Ending { .. } => None,
            Self::Resting { until } => Some(*until),
            Self::Running { deadline, .. } => Some(*deadline),
            Self::Aborting { kill_at, .. } | Self::Graceful { kill_at, .. } => Some(*kill_at),
        }
    }

    /// Something ended the call before its tool answered. `grace`: what a listening tool gets; zero kills at once.
    pub(super) fn doomed(self, why: Doom, now: Instant, grace: Duration) -> (Self, Effect) {
        match self {
            Self::Waiting | Self::Resting { .. } => (self, Effect::Settle),
            Self::Running { on, .. } => {
                if grace.is_zero() || !matches!(why, Doom::Timeout | Doom::Cancelled) {
                    (Self::Ending { on, doom: why }, Effect::Kill(on.worker))
                } else {
                    let kill_at = now + grace.min(ACKNOWLEDGE);
                    (
                        Self::Aborting {
                            on,
                            doom: why,
                            kill_at,
                            grace_ends: now + grace,
                        },
                        Effect::Abort(on.worker),
                    )
                }
            }
            Self::Aborting { on, doom, .. } | Self::Graceful { on, doom, .. }
                if !matches!(why, Doom::Timeout | Doom::Cancelled) =>
            {
                (Self::Ending { on, doom }, Effect::Kill(on.worker))
            }
            other => (other, Effect::Nothing),
        }
    }

    /// The process said whether its tool listens to its signal.
    pub(super) fn acknowledged(self, listens: bool) -> (Self, Effect) {
        match self {
            Self::Aborting {
                on, doom, grace_ends, ..
            } if listens => (
                Self::Graceful {
                    on,
                    doom,
                    kill_at: grace_ends,
                },
                Effect::Nothing,
            ),
            Self::Aborting { on, doom, .. } => (Self::Ending { on, doom }, Effect::Kill(on.worker)),
            other => (other, Effect::Nothing),
        }
    }

    /// An answer came after the call was doomed: too late to count, but nothing more to wait for.
    pub(super) fn answered_late(self) -> (Self, Effect) {
        match self {
            Self::Aborting { on, doom, .. } | Self::Graceful { on, doom, .. } => {
                (Self::Ending { on, doom }, Effect::Kill(on.worker))
            }
            other => (other, Effect::Nothing),
        }
    }

    /// [`wake`](Self::wake) has come.
    pub(super) fn elapsed(self, now: Instant, grace: Duration) -> (Self, Effect) {
        if self.wake().is_none_or(|at| now < at) {
            return (self, Effect::Nothing);
        }
        match self {
            Self::Running { .. } => self.doomed(Doom::Timeout, now, grace),
            Self::Aborting { .. } | Self::Graceful { .. } => self.answered_late(),
            other => (other, Effect::Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(1);
    const WORKER: WorkerId = WorkerId(7);

    fn running(now: Instant) -> Phase {
        Phase::assigned(WORKER, now, Duration::from_secs(60))
    }

    #[test]
    fn a_timeout_gives_a_listening_tool_its_grace_and_no_other() {
        let now = Instant::now();
        let late = now + Duration::from_secs(60);
        let (aborting, effect) = running(now).elapsed(late, GRACE);
        assert_eq!(effect, Effect::Abort(WORKER));
        let (graceful, effect) = aborting.clone().acknowledged(true);
        assert_eq!((graceful.wake(), effect), (Some(late + GRACE), Effect::Nothing));
        let (ending, effect) = aborting.clone().acknowledged(false);
        assert_eq!((ending.doom(), effect), (Some(&Doom::Timeout), Effect::Kill(WORKER)));
        let (silent, effect) = aborting.elapsed(late + ACKNOWLEDGE, GRACE);
        assert_eq!((silent.doom(), effect), (Some(&Doom::Timeout), Effect::Kill(WORKER)));
        let (over, effect) = graceful.elapsed(late + GRACE, GRACE);
        assert_eq!((over.doom(), effect), (Some(&Doom::Timeout), Effect::Kill(WORKER)));
    }

    #[test]
    fn no_grace_kills_at_once() {
        let now = Instant::now();
        let (phase, effect) = running(now).doomed(Doom::Cancelled, now, Duration::ZERO);
        assert_eq!((phase.doom(), effect), (Some(&Doom::Cancelled), Effect::Kill(WORKER)));
    }

    #[test]
    fn the_first_cause_stays_and_a_harder_one_kills() {
        let now = Instant::now();
        let (aborting, _) = running(now).doomed(Doom::Cancelled, now, GRACE);
        let (same, effect) = aborting.clone().doomed(Doom::Timeout, now, GRACE);
        assert_eq!((same.doom(), effect), (Some(&Doom::Cancelled), Effect::Nothing));
        let (killed, effect) = aborting.doomed(Doom::Closed, now, GRACE);
        assert_eq!((killed.doom(), effect), (Some(&Doom::Cancelled), Effect::Kill(WORKER)));
        let (again, effect) = killed.doomed(Doom::OutOfMemory, now, GRACE);
        assert_eq!((again.doom(), effect), (Some(&Doom::Cancelled), Effect::Nothing));
    }

    #[test]
    fn a_call_without_a_process_is_over_at_once() {
        let now = Instant::now();
        assert_eq!(Phase::Waiting.doomed(Doom::Cancelled, now, GRACE).1, Effect::Settle);
        assert_eq!(
            Phase::Resting { until: now }.doomed(Doom::Closed, now, GRACE).1,
            Effect::Settle
        );
    }

    #[test]
    fn nothing_happens_before_its_time() {
        let now = Instant::now();
        let (phase, effect) = running(now).elapsed(now, GRACE);
        assert_eq!((phase, effect), (running(now), Effect::Nothing));
    }
}
