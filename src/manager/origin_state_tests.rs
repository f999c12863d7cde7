use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const IDLE: Duration = Duration::from_secs(30);

/// An origin as a test wants it.
#[derive(Default)]
struct Fake {
    pid: u32,
    forked: AtomicU64,
    broken: Mutex<Option<String>>,
}

impl Serves for Fake {
    fn pid(&self) -> u32 {
        self.pid
    }

    fn forked(&self) -> u64 {
        self.forked.load(Ordering::Relaxed)
    }

    fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap().clone()
    }
}

type TestState = State<Fake>;

/// Has an origin with this id serve from this moment on.
fn serve(state: &mut TestState, pid: u32, now: Instant) -> Arc<Fake> {
    let origin = Arc::new(Fake { pid, ..Fake::default() });
    state.serves(Serving::new(Arc::clone(&origin), Vec::new(), now));
    origin
}

/// The id of the origin for the next process.
fn chosen(state: &mut TestState, now: Instant) -> Option<u32> {
    state.choose(now).map(|choice| choice.origin.pid)
}

/// The ids of the origins that have to end now.
fn ends(state: &mut TestState, now: Instant) -> Vec<u32> {
    match state.next(now) {
        Next::Job(Job::End(origins)) => origins.iter().map(|origin| origin.pid).collect(),
        _ => Vec::new(),
    }
}

fn starts(state: &mut TestState, now: Instant) -> bool {
    matches!(state.next(now), Next::Job(Job::Start))
}

#[test]
fn an_origin_is_started_after_a_few_calls() {
    let (mut state, now) = (TestState::new(IDLE, false), Instant::now());
    for _ in 1..CALLS_BEFORE {
        assert!(!state.served(now) && !starts(&mut state, now));
    }
    assert!(state.served(now));
    assert_eq!(state.report().state, "waiting");
    assert!(starts(&mut state, now));
    assert_eq!(state.report().state, "starting");
    assert!(!starts(&mut state, now));
}

#[test]
fn one_that_is_demanded_is_started_at_once() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
}

#[test]
fn after_a_failure_it_waits_for_a_call_and_ever_longer() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
    let mut pauses = Vec::new();
    for _ in 0..16 {
        state.failed("no".to_owned(), now);
        assert!(matches!(state.next(now), Next::Wait(None)), "no call came");
        assert!(state.served(now) && !state.served(now));
        let Next::Wait(Some(pause)) = state.next(now) else {
            panic!("a pause");
        };
        assert!(starts(&mut state, now + pause));
        pauses.push(pause);
    }
    assert_eq!(pauses[..3], [1, 2, 4].map(Duration::from_secs));
    assert_eq!(pauses.last(), Some(&LONGEST_PAUSE));
}

#[test]
fn whoever_asks_is_told_when_it_is_known() {
    use std::sync::mpsc::channel;
    let (mut state, now) = (TestState::new(IDLE, false), Instant::now());
    let (sender, told) = channel();
    state.ask(Box::new(move |result| sender.send(result).expect("somebody listens")));
    assert!(starts(&mut state, now), "asking demands one");
    assert!(state.take_answers().is_empty());
    // That files changed is no reason.
    state.moving(now);
    assert!(state.take_answers().is_empty());
    assert!(starts(&mut state, now + MOVING));
    state.unfit("it has threads".to_owned(), false, now);
    for (answer, result) in state.take_answers() {
        answer(result);
    }
    assert_eq!(told.try_recv(), Ok(Err("it has threads".to_owned())));
    assert_eq!(state.report().reason.as_deref(), Some("it has threads"));
}

#[test]
fn a_failed_import_is_left_to_the_processes_to_tell() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
    state.ask(Box::new(|result| assert_eq!(result, Ok(()))));
    state.unfit("the entrypoint could not be imported".to_owned(), true, now);
    let answers = state.take_answers();
    assert_eq!(answers.len(), 1);
    for (answer, result) in answers {
        answer(result);
    }
}

#[test]
fn a_closed_one_starts_nothing_and_answers_everybody() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    state.ask(Box::new(|result| assert_eq!(result, Ok(()))));
    assert!(state.close().is_empty());
    assert_eq!(state.take_answers().len(), 1);
    assert!(matches!(state.next(now), Next::Job(Job::Stop)));
}

#[test]
fn one_that_gave_enough_children_serves_until_its_successor_does() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
    let old = serve(&mut state, 1, now);
    old.forked.store(MOST_FORKS - 1, Ordering::Relaxed);
    assert_eq!(chosen(&mut state, now), Some(1));
    assert!(!state.needs_keeper(now));
    assert!(!starts(&mut state, now));
    old.forked.store(MOST_FORKS, Ordering::Relaxed);
    assert_eq!(chosen(&mut state, now), Some(1));
    assert!(state.needs_keeper(now));
    assert!(starts(&mut state, now));
    assert!(!starts(&mut state, now), "a second successor");
    assert_eq!(chosen(&mut state, now), Some(1), "meanwhile");
    serve(&mut state, 2, now);
    assert_eq!(chosen(&mut state, now), Some(2));
    assert!(state.needs_keeper(now), "the former one has to end");
    assert_eq!(ends(&mut state, now), [1]);
    assert_eq!(state.report().forked, MOST_FORKS);
    assert!(!starts(&mut state, now));
}

#[test]
fn one_that_is_used_is_replaced_after_a_time_and_one_that_is_not_ends() {
    let (mut state, mut now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
    serve(&mut state, 1, now);
    let old = now + MOST_TIME;
    while now + IDLE / 2 < old {
        now += IDLE / 2;
        assert_eq!(chosen(&mut state, now), Some(1));
        assert!(!starts(&mut state, now));
    }
    assert_eq!(chosen(&mut state, old), Some(1));
    assert!(starts(&mut state, old));
    serve(&mut state, 2, old);
    assert_eq!(ends(&mut state, old), [1]);
    assert_eq!(ends(&mut state, old + IDLE), [2]);
    assert_eq!(state.report().state, "waiting");
    assert!(!starts(&mut state, old + IDLE));
}

#[test]
fn one_that_broke_is_given_up_and_another_one_follows() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
    let origin = serve(&mut state, 1, now);
    *origin.broken.lock().unwrap() = Some("a fork failed".to_owned());
    assert_eq!(chosen(&mut state, now), None);
    assert!(state.needs_keeper(now));
    assert_eq!(state.report().reason.as_deref(), Some("a fork failed"));
    assert_eq!(ends(&mut state, now), [1]);
    assert!(starts(&mut state, now + FIRST_PAUSE));
}

#[test]
fn one_whose_files_changed_is_given_up_at_once() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
    let origin = serve(&mut state, 1, now);
    assert!(state.choose(now).is_some_and(|choice| choice.to_check.is_none()));
    assert!(
        state
            .choose(now + CHECK)
            .is_some_and(|choice| choice.to_check.is_some())
    );
    state.outdated(&origin);
    assert_eq!(chosen(&mut state, now), None);
    assert_eq!(ends(&mut state, now), [1]);
    assert!(starts(&mut state, now), "no call is waited for");
    serve(&mut state, 2, now);
    state.outdated(&origin);
    assert_eq!(chosen(&mut state, now), Some(2), "only the one that was looked at");
}

#[test]
fn one_whose_successor_fails_serves_on() {
    let (mut state, now) = (TestState::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
    let old = serve(&mut state, 1, now);
    old.forked.store(MOST_FORKS, Ordering::Relaxed);
    assert!(starts(&mut state, now));
    state.unfit("it has threads".to_owned(), false, now);
    assert_eq!(chosen(&mut state, now), Some(1));
    assert_eq!(state.report().state, "serving");
    let pause = FIRST_PAUSE * (1 << UNFIT);
    assert!(!starts(&mut state, now + pause / 2));
    assert_eq!(chosen(&mut state, now + pause), Some(1));
    assert!(starts(&mut state, now + pause));
    *old.broken.lock().unwrap() = Some("a fork failed".to_owned());
    state.unfit("it has threads".to_owned(), false, now + pause);
    assert_eq!(chosen(&mut state, now + pause), None);
}
