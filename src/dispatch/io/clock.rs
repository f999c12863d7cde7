//! Waits until something is due in the engine, and then gives it the time.
//!
//! The decisions behind it: docs/decisions.md#time.

use std::sync::Arc;
use std::time::Instant;

use super::dispatcher::Dispatcher;
use super::usage::measure;
use crate::dispatch::engine::Event;

/// Runs until the manager is closed.
pub(super) async fn run(dispatcher: Arc<Dispatcher>) {
    let clock = &dispatcher.engine.outside.clock;
    while !dispatcher.engine.is_over() {
        let next = {
            let mut core = dispatcher.engine.lock();
            core.armed = core.next_wake(Instant::now());
            core.armed
        };
        match next {
            Some(at) => {
                tokio::select! {
                    () = tokio::time::sleep_until(at.into()) => {}
                    () = clock.notified() => continue,
                }
            }
            None => {
                clock.notified().await;
                continue;
            }
        }
        let now = Instant::now();
        // An answer that was sent in time counts, even when the host was too busy to read it. So what was sent is read first.
        let deadline = dispatcher.engine.lock().engine.next_deadline();
        if deadline.is_some_and(|at| at <= now) {
            dispatcher.read_all();
        }
        dispatcher.read_neglected(now);
        dispatcher.read_rested(now);
        measure(&dispatcher.engine, now);
        // The time of the tick must not be later than the last reading.
        dispatcher.engine.handle_at(Event::Tick, now);
    }
}
