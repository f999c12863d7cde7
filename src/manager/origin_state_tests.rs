use super::*;

const IDLE: Duration = Duration::from_secs(30);

fn starts(state: &mut State, now: Instant) -> bool {
    matches!(state.next(now), Next::Job(Job::Start))
}

#[test]
fn an_origin_is_started_after_a_few_calls() {
    let (mut state, now) = (State::new(IDLE, false), Instant::now());
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
    let (mut state, now) = (State::new(IDLE, true), Instant::now());
    assert!(starts(&mut state, now));
}

#[test]
fn after_a_failure_it_waits_for_a_call_and_ever_longer() {
    let (mut state, now) = (State::new(IDLE, true), Instant::now());
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
    let (mut state, now) = (State::new(IDLE, false), Instant::now());
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
    let (mut state, now) = (State::new(IDLE, true), Instant::now());
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
    let (mut state, now) = (State::new(IDLE, true), Instant::now());
    state.ask(Box::new(|result| assert_eq!(result, Ok(()))));
    assert!(state.close().is_empty());
    assert_eq!(state.take_answers().len(), 1);
    assert!(matches!(state.next(now), Next::Job(Job::Stop)));
}
