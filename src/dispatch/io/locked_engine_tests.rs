//! Tests of the order of effects and of what a sink may do.

use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;

use super::super::groups::GroupTable;
use super::super::perform::Outside;
use super::super::processes::Processes;
use super::*;
use crate::config::{BackoffLimits, Count, RetryPolicy};
use crate::dispatch::engine::EngineSettings;
use crate::dispatch::facts::{Facts, StartFailure};
use crate::dispatch::sink::Sink;
use crate::observe::Line;
use crate::pool::{GroupId, Limits, Pool};
use crate::validate::{CallEnv, ExecId, InputText, ToolId};
use crate::worker::Nonce;

/// Remembers the calls that are over, and locks the engine meanwhile. If the engine were locked already, this would never
/// return.
#[derive(Default)]
struct Remembers {
    engine: OnceLock<Weak<LockedEngine>>,
    settled: Mutex<Vec<u32>>,
    drained: Mutex<usize>,
    panics: AtomicBool,
}

impl Sink for Remembers {
    fn settled(&self, facts: Facts) {
        let engine = self.engine.get().and_then(Weak::upgrade).expect("the engine lives");
        assert!(engine.lock().engine.counters().failed > 0);
        assert!(!self.panics.swap(false, Ordering::SeqCst), "a fault for the test");
        self.settled.lock().unwrap().push(facts.call);
    }
    fn line(&self, _: &Line<'_>) {}
    fn wants_logs(&self) -> bool {
        false
    }
    fn progress(&self, _: u32, _: &str) {}
    fn drained(&self) {
        *self.drained.lock().unwrap() += 1;
    }
    fn ready(&self, _: u32, _: Result<(), &StartFailure>) {}
    fn tools(&self, _: u32, _: Result<&str, &StartFailure>) {}
    fn listen(&self, _: OwnedFd) {}
    fn closed(&self) {}
    fn flush(&self) {}
    fn congested(&self) -> bool {
        false
    }
}

fn locked() -> (Arc<LockedEngine>, Arc<Remembers>) {
    let sink = Arc::new(Remembers::default());
    let limits = Limits {
        min: 0,
        max: 1,
        queue: Count::Infinite,
        idle: Duration::from_secs(60),
        calls_per_worker: Count::Infinite,
        concurrent: 1,
        single_use: false,
        starts_at_once: 1,
    };
    let backoff = BackoffLimits {
        initial: Duration::from_millis(1),
        max: Duration::from_millis(1),
        max_elapsed: Duration::from_secs(1),
    };
    let settings = EngineSettings {
        grace: Duration::ZERO,
        backoff,
        stderr_cap: 0,
        output_cap: 0,
        memory_mb: Vec::new(),
        tools: Arc::default(),
        single_use: false,
        announced: false,
        concurrent: 1,
        nonce: || Nonce::generate().ok(),
    };
    let outside = Outside {
        sink: Arc::clone(&sink) as Arc<dyn Sink>,
        processes: Processes::default(),
        groups: GroupTable::default(),
        spawned: unbounded_channel().0,
        clock: Notify::new(),
        ending: Mutex::new(Ending::Running),
    };
    let pool = Pool::new(limits, backoff.max_elapsed);
    let engine = Arc::new(LockedEngine::new(
        Engine::new(settings, pool, Instant::now()),
        outside,
        false,
    ));
    sink.engine.set(Arc::downgrade(&engine)).expect("set once");
    (engine, sink)
}

fn submit(engine: &LockedEngine, number: u32) {
    let request = Request {
        number,
        tool: ToolId::parse("tool").unwrap(),
        exec: ExecId::generate(),
        input: InputText::from_host("input", None).unwrap(),
        config: InputText::from_host("config", None).unwrap(),
        env: CallEnv::default(),
        timeout: Duration::from_secs(1),
        group: GroupId::OWN,
        grace: Duration::ZERO,
        output_cap: 0,
        retry: RetryPolicy::default(),
        logs: false,
        progress: false,
        attempt: None,
        idempotency_key: InputText::from_host("idempotencyKey", None).unwrap(),
    };
    engine.handle(Event::Submit(request));
}

#[test]
fn effects_are_carried_out_once_in_order_and_without_the_lock() {
    const THREADS: u32 = 4;
    const CALLS: u32 = 500;
    let (engine, sink) = locked();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let engine = &engine;
            scope.spawn(move || {
                for number in (0..CALLS).map(|call| call * THREADS + thread) {
                    submit(engine, number);
                    engine.handle(Event::Cancel {
                        call: number,
                        why: None,
                    });
                }
            });
        }
    });
    let settled = sink.settled.lock().unwrap();
    let mut sorted = settled.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..THREADS * CALLS).collect::<Vec<_>>());
    for thread in 0..THREADS {
        let own: Vec<u32> = settled
            .iter()
            .copied()
            .filter(|number| number % THREADS == thread)
            .collect();
        assert!(
            own.is_sorted(),
            "each thread's calls are told in the order in which they ended"
        );
    }
}

#[test]
fn a_sink_that_panics_loses_what_it_was_told_and_nothing_else() {
    let (engine, sink) = locked();
    (1..=3).for_each(|number| submit(&engine, number));
    sink.panics.store(true, Ordering::SeqCst);
    let ends = catch_unwind(AssertUnwindSafe(|| engine.handle(Event::Close { force: true })));
    assert!(ends.is_err(), "the caller hears of it");
    engine.handle(Event::Tick);
    assert_eq!(sink.settled.lock().unwrap().len(), 2);
}
