//! The one place where time passes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::facts::StartFault;
use super::hub::{Closing, Hub, State};
use super::phase::Phase;

/// Longest a process may take from its start until it can serve. Not counted in any call's timeout.
pub(super) const START_LIMIT: Duration = Duration::from_secs(30);

/// Between two looks at channels that a busy host leaves lying.
const CLOSER: Duration = Duration::from_millis(1);

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
        let now = Instant::now();
        // What a process has said already is not too late, however busy the host is that should have heard it.
        if hub.lock().alarms.next().is_some_and(|at| at <= now) {
            hub.read_all();
        }
        hub.read_neglected(now);
        hub.read_rested(now);
        hub.weigh(now);
        hub.batch(|state, hub| state.tick(hub, now));
    }
}

impl State {
    /// When the clock has something to do, if nothing else happens.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let stations = self.stations.values().flat_map(|station| {
            let start = (!station.ready && !station.ending).then(|| station.started + START_LIMIT);
            start.into_iter().chain(station.kill_at)
        });
        stations
            .chain(self.alarms.next())
            .chain(self.pool.next_wake())
            .chain(self.watch.next())
            .chain(self.replacement.due())
            .chain(self.closer_look())
            .chain(self.rests_end)
            .min()
    }

    /// Soon again, while the host is busy elsewhere.
    fn closer_look(&self) -> Option<Instant> {
        let busy = self.host_busy_until.is_some_and(|until| self.now < until);
        busy.then(|| self.now + CLOSER)
    }

    /// `now`: no later than the last look at what processes said.
    fn tick(&mut self, hub: &Arc<Hub>, now: Instant) {
        // The latest first: each that goes back to the queue goes before the others.
        for number in self.alarms.due(now).into_iter().rev() {
            match self.calls.get(&number).map(|call| &call.phase) {
                Some(Phase::Resting { .. }) => {
                    self.set_phase(number, Phase::Waiting);
                    self.pool.resubmit(number, now, &mut self.actions);
                }
                _ => self.step(hub, number, |phase| phase.elapsed(now, hub.settings.grace)),
            }
        }
        let mut silent = Vec::new();
        for station in self.stations.values_mut() {
            if !station.ready && !station.ending && now >= station.started + START_LIMIT {
                station.fault.get_or_insert(StartFault::TimedOut(START_LIMIT));
                station.kill();
            }
            if station.kill_at.is_some_and(|at| now >= at) {
                station.kill_at = None;
                if station.ending {
                    station.kill();
                } else {
                    silent.push(station.id);
                }
            }
        }
        for worker in silent {
            self.channel_closed(hub, worker);
        }
        self.pool.tick(now, &mut self.actions);
    }
}
