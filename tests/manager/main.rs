//! The core without Node-API: a manager over real processes, which reports everything to an Observer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "tests write the projects they use")]

mod bench;
mod host_reads;

use std::time::{Duration, Instant};

use bench::{Bench, Outcome, call, fake};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use toolwarden::manager::RawCall;

pub(crate) const TOOLS: &str = r#"
export default {
  echo: (input) => input,
  pid: () => process.pid,
  hoards: () => { (globalThis.hoard ??= []).push(Buffer.alloc(300 << 20, 1)); return process.pid },
  'prints': () => { console.log('printed') ; return new Promise(() => {}) },
  'answers-and-exits': (input) => { setImmediate(() => process.exit(0)); return input },
  'hears-abort': (input, config, { signal, attempt }) => {
    signal.addEventListener('abort', () => console.log(`abort was heard by ${process.pid} in attempt ${attempt}`))
    return new Promise(() => {})
  },
}
"#;

pub(crate) fn value(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Value(Some(text)) => text,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn code(outcome: &Outcome) -> (&'static str, u32) {
    match outcome {
        Outcome::Failed(error) => (error.code.as_str(), error.context.attempts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_that_its_process_never_read_goes_to_another() {
    let bench = Bench::new(TOOLS, &json!({ "isolation": "worker", "maxWorkers": 1 }));
    for round in 0..10 {
        bench.execute(call(2 * round + 1, "answers-and-exits")).unwrap();
        bench.execute(call(2 * round + 2, "echo")).unwrap();
        assert_eq!(value(&bench.outcome(2 * round + 1)), "1");
        assert_eq!(value(&bench.outcome(2 * round + 2)), "1");
    }
}

#[test]
fn a_process_that_ends_whenever_it_is_given_a_call_is_tried_again_as_often_as_the_call_and_the_settings_allow() {
    let runtime = fake("ready '{}'; pong");
    let tried_until = |longest: &str| {
        let settings = json!({
            "minWorkers": 0, "backoffInitialInterval": 1, "backoffMaxInterval": 1, "backoffMaxElapsedTime": longest,
        });
        Bench::with_runtime(&runtime, &settings)
    };
    let with_retry = |number, retry| RawCall {
        retry: Some(retry),
        ..call(number, "any")
    };
    let bench = tried_until("1h");
    bench.execute(with_retry(1, r#"{"maxAttempts":4}"#)).unwrap();
    assert_eq!(code(&bench.outcome(1)), ("ERR_TOOL_EXITED", 4));
    bench.execute(with_retry(2, r#"{"on":[]}"#)).unwrap();
    assert_eq!(code(&bench.outcome(2)), ("ERR_TOOL_EXITED", 1));
    // Nothing but the time ends this one.
    let bench = tried_until("1ms");
    bench.execute(call(3, "any")).unwrap();
    assert_eq!(code(&bench.outcome(3)).0, "ERR_TOOL_EXITED");
}

#[test]
fn a_process_that_ends_as_soon_as_it_is_ready_is_not_replaced_at_once() {
    let runtime = fake("echo >> starts; ready '{}'; pong");
    let mut bench = Bench::with_runtime(
        &runtime,
        &json!({ "minWorkers": 1, "maxWorkers": 1, "backoffInitialInterval": "1h", "backoffMaxInterval": "1h" }),
    );
    bench.manager().ready(1);
    bench.until("ready", |told| told.ready.pop()).unwrap();
    // The delay that follows is at least half an hour: a manager that is idle now has no process.
    bench.until_stats(|stats| stats["workerExits"] == 1 && stats["workers"]["starting"] == 0);
    assert_eq!(bench.read("starts"), "\n");
    bench.drop_manager();
    bench.closed();
}

#[test]
fn a_call_handed_to_a_process_in_the_batch_that_condemned_it_goes_to_another() {
    // Answers its first call and, in the same write, sends bytes that are not a frame.
    let script = r#"
const { readSync, writeSync } = require('fs')
const frame = (kind, body) => { const head = Buffer.alloc(5); head.writeUInt32LE(body.length + 1); head[4] = kind; return Buffer.concat([head, body]) }
writeSync(3, Buffer.concat([frame(0x81, Buffer.from('{}')), frame(0x88, Buffer.alloc(0))]))
let bytes = Buffer.alloc(0)
const part = Buffer.alloc(65536)
for (;;) {
  try { bytes = Buffer.concat([bytes, part.subarray(0, readSync(3, part))]) } catch (error) { if (error.code !== 'EAGAIN') throw error; Bun.sleepSync(1); continue }
  while (bytes.length >= 5 && bytes.length >= 4 + bytes.readUInt32LE(0)) {
    const body = bytes.subarray(5, 4 + bytes.readUInt32LE(0))
    const kind = bytes[4]
    bytes = bytes.subarray(5 + body.length)
    if (kind !== 1) continue
    const { c, n } = JSON.parse(body)
    const fields = Buffer.alloc(4); fields.writeUInt32LE(c)
    const answer = frame(0x84, Buffer.concat([fields, Buffer.from(n), Buffer.from([0, 0, 255, 255, 255, 255]), Buffer.from('"' + process.pid + '"')]))
    writeSync(3, Buffer.concat([answer, Buffer.alloc(4)]))
    setInterval(() => {}, 1e6)
    Bun.sleepSync(1e8)
  }
}
"#;
    let runtime = format!(
        "#!/bin/sh\nexec {} -e \"$(cat <<'END'\n{script}\nEND\n)\"\n",
        bench::bun().display()
    );
    let bench = Bench::with_runtime(
        &runtime,
        &json!({ "isolation": "worker", "maxWorkers": 1, "minWorkers": 0 }),
    );
    for number in 1..=3 {
        bench.execute(call(number, "any")).unwrap();
    }
    let answers: std::collections::BTreeSet<String> =
        (1..=3).map(|number| value(&bench.outcome(number)).to_owned()).collect();
    assert_eq!(answers.len(), 3, "each from a process of its own: {answers:?}");
}

#[test]
fn a_process_that_closes_its_channel_is_ended() {
    let bench = Bench::with_runtime(
        &fake("ready '{}'; pong; exec 3>&-; exec sleep 1000"),
        &json!({ "minWorkers": 0, "toolExecutionTimeout": "1h" }),
    );
    bench.execute(call(1, "any")).unwrap();
    assert_eq!(code(&bench.outcome(1)).0, "ERR_TOOL_KILLED");
}

#[test]
fn a_process_that_closes_its_channel_before_it_is_ready_has_failed_to_start() {
    let bench = Bench::with_runtime(
        &fake("exec 3>&-; exec sleep 1000"),
        &json!({ "minWorkers": 0, "backoffMaxElapsedTime": 1 , "backoffInitialInterval": 1, "backoffMaxInterval": 1 }),
    );
    bench.execute(call(1, "any")).unwrap();
    assert_eq!(code(&bench.outcome(1)), ("ERR_WORKER_START", 1));
}

#[test]
fn the_tools_are_reported_once() {
    let bench = Bench::with_runtime(
        &fake("ready '{\"tools\":[]}'; pong; ready '{\"tools\":[{\"id\":\"forged\"}]}'; pong; exec sleep 1000"),
        &json!({}),
    );
    bench.manager().ready(1);
    bench.until("ready", |told| told.ready.pop()).unwrap();
    bench
        .execute(RawCall {
            timeout: Some("300"),
            ..call(1, "any")
        })
        .unwrap();
    assert_eq!(code(&bench.outcome(1)).0, "ERR_TOOL_TIMEOUT");
    bench.manager().list_tools(2);
    assert_eq!(bench.until("tools", |told| told.tools.pop()).unwrap(), "[]");
}

#[test]
fn pong_alone_makes_no_process_ready() {
    let bench = Bench::with_runtime(
        &fake("pong; exit 3"),
        &json!({ "minWorkers": 0, "backoffMaxElapsedTime": 1, "backoffInitialInterval": 1, "backoffMaxInterval": 1 }),
    );
    bench.execute(call(1, "any")).unwrap();
    assert_eq!(code(&bench.outcome(1)).0, "ERR_WORKER_START");
}

/// A call that timed out, would be tried again, and is in its grace period, which does not end by itself. Returns the process and the
/// attempt too: on a busy machine the time of an attempt may be over before its tool listens.
fn in_grace() -> (Bench, Pid, u32) {
    let bench = Bench::new(
        TOOLS,
        &json!({ "gracePeriod": "1h", "backoffInitialInterval": 1, "backoffMaxInterval": 1 }),
    );
    let asked = RawCall {
        timeout: Some("200"),
        retry: Some(r#"{"on":["timeout"]}"#),
        ..call(1, "hears-abort")
    };
    bench.execute(asked).unwrap();
    let line = bench.line("abort was heard");
    let numbers: Vec<i32> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [process, attempt] = numbers[..] else {
        panic!("{line}")
    };
    (bench, Pid::from_raw(process).unwrap(), attempt.unsigned_abs())
}

#[test]
fn a_call_cancelled_in_the_grace_of_its_timeout_is_not_tried_again() {
    let (bench, process, attempt) = in_grace();
    bench.manager().cancel(1, None);
    kill_process(process, Signal::KILL).unwrap();
    assert_eq!(code(&bench.outcome(1)), ("ERR_TOOL_TIMEOUT", attempt));
}

#[test]
fn a_forced_close_in_the_grace_of_a_timeout_is_the_end() {
    let (bench, _, attempt) = in_grace();
    bench.manager().close(true);
    bench.closed();
    assert_eq!(code(&bench.outcome(1)), ("ERR_TOOL_TIMEOUT", attempt));
}

#[test]
fn a_fault_of_the_driver_ends_the_manager_and_every_call() {
    let bench = Bench::panicking(TOOLS, &json!({ "maxWorkers": 1 }));
    bench.execute(call(1, "prints")).unwrap();
    bench.execute(call(2, "echo")).unwrap();
    bench.closed();
    assert_eq!(code(&bench.outcome(1)), ("ERR_MANAGER_CLOSED", 1));
    assert_eq!(code(&bench.outcome(2)), ("ERR_MANAGER_CLOSED", 0));
    let refused = bench.execute(call(3, "echo")).unwrap_err();
    assert_eq!(refused.code.as_str(), "ERR_MANAGER_CLOSED");
    let busy: serde_json::Value = serde_json::from_str(&bench.manager().stats()).unwrap();
    assert_eq!(busy["calls"]["failed"], 2);
    assert_eq!(bench::children(), Vec::<u32>::new());
}

#[test]
fn a_dropped_manager_ends_its_calls_and_processes() {
    let mut bench = Bench::new(TOOLS, &json!({ "maxWorkers": 1 }));
    bench.execute(call(u32::MAX, "prints")).unwrap();
    bench.execute(call(1, "echo")).unwrap();
    bench.line("printed");
    bench.drop_manager();
    bench.closed();
    for number in [u32::MAX, 1] {
        assert_eq!(code(&bench.outcome(number)).0, "ERR_MANAGER_CLOSED");
    }
    assert_eq!(bench::children(), Vec::<u32>::new());
}

#[test]
fn a_hundred_thousand_waiting_calls_end_together() {
    const MANY: u32 = 100_000;
    // A call is ended by a start that cannot be repeated, by being cancelled, and by a forced close.
    let load_fails = Bench::new("throw new Error('on purpose')", &json!({ "minWorkers": 0 }));
    let never_ready = || Bench::with_runtime(&fake("exec sleep 1000"), &json!({ "minWorkers": 0 }));
    let (cancelled, forced) = (never_ready(), never_ready());
    for (bench, expected) in [
        (&load_fails, "ERR_ENTRYPOINT_LOAD"),
        (&cancelled, "ABORT_ERR"),
        (&forced, "ERR_MANAGER_CLOSED"),
    ] {
        for number in 1..=MANY {
            bench.execute(call(number, "any")).unwrap();
        }
        match expected {
            "ABORT_ERR" => (1..=MANY).rev().for_each(|number| bench.manager().cancel(number, None)),
            "ERR_MANAGER_CLOSED" => bench.manager().close(true),
            _ => {}
        }
        let ended = bench.until(expected, |told| {
            (told.outcomes.len() == MANY as usize).then(|| std::mem::take(&mut told.outcomes))
        });
        assert!(ended.values().all(|outcome| code(outcome).0 == expected));
    }
}

#[test]
fn drain_is_reported_at_once() {
    let bench = Bench::new(TOOLS, &json!({ "isolation": "worker", "maxWorkers": 1, "maxQueue": 1 }));
    for round in 0..5u32 {
        // The calls are made at once: the first one is not answered before the last one arrives.
        let numbers = [10 * round + 1, 10 * round + 2, 99];
        let refused = bench
            .manager()
            .execute(numbers.map(|number| call(number, "echo")).into_iter());
        let refused: Vec<(u32, &str)> = refused
            .iter()
            .map(|(number, error)| (*number, error.code.as_str()))
            .collect();
        assert_eq!(refused, [(99, "ERR_QUEUE_FULL")]);
        bench.until("drain", |told| (told.drains == 1 + round as usize).then_some(()));
        for number in 1..=2 {
            bench.outcome(10 * round + number);
        }
    }
}

#[test]
fn made_up_ids_get_no_series_of_their_own() {
    let bench = Bench::new(TOOLS, &json!({ "maxWorkers": 1 }));
    bench.execute(call(1, "made-up-and-not-found")).unwrap();
    bench.execute(call(2, "made-up-and-cancelled")).unwrap();
    bench.execute(call(3, "echo")).unwrap();
    bench.manager().cancel(2, None);
    assert_eq!(code(&bench.outcome(2)).0, "ABORT_ERR");
    assert_eq!(code(&bench.outcome(1)).0, "ERR_TOOL_NOT_FOUND");
    bench.outcome(3);
    let metrics = bench.manager().metrics();
    assert!(!metrics.contains("made-up"), "{metrics}");
    for series in [
        "{tool=\"unknown\",outcome=\"cancelled\"} 1",
        "{tool=\"unknown\",outcome=\"error\"} 1",
        "{tool=\"echo\",outcome=\"success\"} 1",
    ] {
        assert!(metrics.contains(series), "{metrics}");
    }
}

#[test]
fn a_process_that_comes_near_its_memory_limit_is_replaced_between_calls() {
    let bench = Bench::new(
        TOOLS,
        &json!({ "isolation": "worker", "maxWorkers": 1, "maxMemoryMb": 420 }),
    );
    bench.execute(call(1, "hoards")).unwrap();
    let hoarder = value(&bench.outcome(1)).to_owned();
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(60);
    for number in 2.. {
        bench.execute(call(number, "pid")).unwrap();
        if value(&bench.outcome(number)) != hoarder {
            break;
        }
        assert!(std::time::Instant::now() < limit, "still the same process");
    }
}

#[test]
fn ready_does_not_wait_for_an_unused_process() {
    let bench = Bench::new(TOOLS, &json!({ "minWorkers": 1, "maxWorkers": 1 }));
    bench.execute(call(1, "prints")).unwrap();
    bench.line("printed");
    bench.manager().ready(1);
    bench.until("ready", |told| told.ready.pop()).unwrap();
}

#[test]
fn an_entrypoint_that_was_repaired_is_found_by_whoever_asks_next() {
    for min in [0, 1] {
        let bench = Bench::new("throw new Error('on purpose')", &json!({ "minWorkers": min }));
        let tools = || {
            bench.manager().list_tools(1);
            bench.until("tools", |told| told.tools.pop())
        };
        let ready = || {
            bench.manager().ready(2);
            bench.until("ready", |told| told.ready.pop())
        };
        assert_eq!(tools().unwrap_err().code.as_str(), "ERR_ENTRYPOINT_LOAD");
        assert_eq!(ready().is_ok(), min == 0);
        assert_eq!(tools().unwrap_err().code.as_str(), "ERR_ENTRYPOINT_LOAD");
        bench.write("tools.ts", "export const repaired = () => 1");
        ready().unwrap();
        assert!(tools().unwrap().contains("\"repaired\""));
        bench.execute(call(1, "repaired")).unwrap();
        assert_eq!(value(&bench.outcome(1)), "1");
    }
}
