//! The one place where time passes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::facts::StartFault;
use super::hub::{Closing, Hub, State};
use super::phase::Phase;

/// Longest a process may take from its start until it can serve. Not counted in any call's timeout.
pub(super) const START_LIMIT: Duration = Duration::from_secs(30);

/// Runs until the manager is closed.
pub(super) async fn run(hub: Arc<Hub>) {
    loop {
        let next = {
            let mut state = hub.lock();
            if state.closing == Closing::Done {
                return;
            }
            state.armed = state.next_wake();
            state.armed
        };
        match next {
            Some(at) => {
                tokio::select! {
                    () = tokio::time::sleep_until(at.into()) => {}
                    () = hub.clock.notified() => continue,
                }
            }
            None => {
                hub.clock.notified().await;
                continue;
            }
        }
        hub.batch(State::tick);
    }
}

impl State {
    /// When the clock has something to do, if nothing else happens.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let stations = self.stations.values().flat_map(|station| {
            let calls = station
                .calls
                .iter()
                .filter_map(|number| self.calls.get(number))
                .filter_map(|call| call.phase.wake());
            let start = (!station.ready && !station.ending).then(|| station.started + START_LIMIT);
            calls.chain(start).chain(station.kill_at)
        });
        let resting = self
            .resting
            .iter()
            .filter_map(|number| self.calls.get(number))
            .filter_map(|call| call.phase.wake());
        stations
            .chain(resting)
            .chain(self.pool.next_wake())
            .chain(self.watch.next())
            .min()
    }

    fn tick(&mut self, hub: &Arc<Hub>) {
        let now = Instant::now();
        self.wake_resting(now);
        self.weigh(hub, now);
        let due: Vec<u32> = self
            .stations
            .values()
            .flat_map(|station| &station.calls)
            .copied()
            .filter(|number| {
                self.calls
                    .get(number)
                    .and_then(|call| call.phase.wake())
                    .is_some_and(|at| at <= now)
            })
            .collect();
        for number in due {
            self.step(hub, number, |phase| phase.elapsed(now, hub.settings.grace));
        }
        for station in self.stations.values_mut() {
            if !station.ready && !station.ending && now >= station.started + START_LIMIT {
                station.fault.get_or_insert(StartFault::TimedOut(START_LIMIT));
                station.kill();
            }
            if station.kill_at.is_some_and(|at| now >= at) {
                station.kill_at = None;
                station.kill();
            }
        }
        self.pool.tick(now, &mut self.actions);
    }

    fn wake_resting(&mut self, now: Instant) {
        let due: Vec<u32> = self
            .resting
            .iter()
            .copied()
            .filter(|number| {
                self.calls
                    .get(number)
                    .and_then(|call| call.phase.wake())
                    .is_none_or(|at| at <= now)
            })
            .collect();
        self.resting.retain(|number| !due.contains(number));
        for number in due {
            if let Some(call) = self.calls.get_mut(&number) {
                call.phase = Phase::Waiting;
                self.pool.resubmit(number, now, &mut self.actions);
            }
        }
    }
}
