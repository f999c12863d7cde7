//! The worker's process: its start, faults and end.

use serde_json::json;
use toolwarden::worker::frame::{Level, Status, Stream};

use super::{parse, result_of};
use crate::driver::{Ask, Got, Options, Runtime, Worker};

pub(crate) fn ping_rehearses_and_warms_up_once(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "let times = 0; export async function warmup() { await 0; times++; console.log('warm') } export const count = () => [times, process.env.TOOLWARDEN_TOOL_EXEC_ID]",
    );
    worker.ping();
    assert_eq!(
        worker.next(),
        Got::Log {
            call: None,
            stream: Stream::Stdout,
            level: Some(Level::Log),
            text: "warm".into()
        }
    );
    assert_eq!(worker.next(), Got::Pong);
    worker.ping();
    assert_eq!(worker.next(), Got::Pong);
    assert_eq!(worker.value("count", "1"), json!([1, "exec-1"]));
    let mut worker = Worker::ready(runtime, "export function warmup() { throw new Error('cold') }");
    worker.ping();
    let (level, text) = worker.log();
    assert!(
        level == Some(Level::Error) && text.contains("warmup failed") && text.contains("cold"),
        "{text}"
    );
    assert_eq!(worker.next(), Got::Pong);
}

const UNCAUGHT: &str = "export const rejection = () => { setTimeout(() => Promise.reject(new Error('late rejection')), 5); return 'fine' }
     export const exception = () => { setTimeout(() => { throw new Error('late exception') }, 5); return 'fine' }
     export const early = () => { Promise.reject(Object.assign(new Error('floating'), { code: 'E_FLOAT' })); return new Promise(() => {}) }
     export const timer = () => { setTimeout(() => { throw new Error('in timer') }, 1); return new Promise(() => {}) }
     export const wait = () => new Promise(() => {})
     export const ok = () => 'ok'";

pub(crate) fn late_errors_are_logged_and_early_ones_fail_the_call(runtime: Runtime) {
    let mut worker = Worker::ready(runtime, UNCAUGHT);
    for (tool, says) in [("rejection", "late rejection"), ("exception", "late exception")] {
        assert_eq!(worker.value(tool, "1"), "fine");
        let (level, text) = worker.log();
        assert!(level == Some(Level::Error) && text.contains(says), "{text}");
        assert_eq!(worker.value("ok", "1"), "ok");
    }
    for (tool, says) in [("early", "floating"), ("timer", "in timer")] {
        // Bun does not report which call caused a rejection: it is attributed to the running call as long as no other
        // can have caused it.
        let mut fresh = Worker::ready(runtime, UNCAUGHT);
        let workers = match runtime {
            Runtime::Bun | Runtime::Compiled if tool == "early" => vec![&mut fresh],
            _ => vec![&mut fresh, &mut worker],
        };
        for worker in workers {
            let (status, text) = worker.ask(tool, "1");
            assert_eq!((status, &parse(&text)["message"]), (Status::Threw, &json!(says)));
            assert_eq!(worker.value("ok", "1"), "ok");
        }
    }
}

pub(crate) fn with_several_in_flight_an_uncaught_error_is_its_calls_or_ends_the_process(runtime: Runtime) {
    let options = || Options {
        concurrent: 4,
        ..Options::default()
    };
    let begin = |tool| {
        let mut worker = Worker::ready_with(runtime, UNCAUGHT, options());
        for tool in ["wait", tool] {
            worker.call(Ask {
                tool,
                entered: true,
                ..Ask::default()
            });
        }
        assert_eq!((worker.next(), worker.next()), (Got::Entered(1), Got::Entered(2)));
        worker
    };
    for tool in ["timer", "early"] {
        let mut worker = begin(tool);
        let said = worker.next();
        if let Got::Result { call, status, .. } = said {
            assert_eq!((call, status), (2, Status::Threw), "{tool}");
            assert_eq!(worker.value("ok", "1"), "ok");
            continue;
        }
        // Bun does not report which call caused a rejection, and no call may be lost without an error.
        assert!(runtime != Runtime::Node && tool == "early", "{tool}: {said:?}");
        assert!(
            matches!(&said, Got::Log { stream: Stream::Stderr, level: Some(Level::Error), text, .. } if text.contains("floating")),
            "{said:?}"
        );
        assert!(matches!(worker.try_next(), None | Some(Got::Leaving(2))));
        assert_eq!(worker.wait().code(), Some(1));
    }
}

pub(crate) fn an_entrypoint_that_fails_says_why(runtime: Runtime) {
    let failed = |source: &str| {
        let mut worker = Worker::start(runtime, source);
        let Got::LoadFailed(error) = worker.next() else {
            panic!("not LOAD_FAILED")
        };
        assert_eq!(worker.try_next(), None);
        assert_eq!(worker.wait().code(), Some(1));
        error
    };
    let error = failed("\nthrow Object.assign(new TypeError('at import'), { code: 'E_IMPORT' })");
    assert_eq!(
        (&error["name"], &error["message"], &error["code"]),
        (&json!("TypeError"), &json!("at import"), &json!("E_IMPORT"))
    );
    assert!(error["stack"].as_str().unwrap().contains("tools.mjs:2"), "{error}");
    let syntax = failed("export const a = 1\nexport const b = = 2").to_string();
    assert!(
        syntax.contains("tools.mjs") || runtime == Runtime::Node && syntax.contains("Unexpected token"),
        "{syntax}"
    );
    let missing = failed("import 'no-such-package-here'");
    assert!(
        missing["message"].as_str().unwrap().contains("no-such-package-here"),
        "{missing}"
    );
    assert!(missing["code"].is_string(), "{missing}");
    failed("throw 'text'");
}

pub(crate) fn the_end_of_the_channel_or_end_ends_the_process(runtime: Runtime) {
    let source = "setInterval(() => {}, 1000); export const wait = () => new Promise((done) => setTimeout(() => done('done'), 30))";
    let mut worker = Worker::ready(runtime, source);
    worker.call(Ask {
        tool: "wait",
        entered: true,
        ..Ask::default()
    });
    assert_eq!(worker.next(), Got::Entered(1));
    worker.end();
    assert_eq!(result_of(worker.next()).3, "done", "END waits for the call in flight");
    assert_eq!(worker.try_next(), None);
    assert_eq!(worker.wait().code(), Some(0));
    let mut worker = Worker::ready(runtime, source);
    worker.end();
    assert_eq!(worker.wait().code(), Some(0));
    let mut worker = Worker::ready(runtime, source);
    worker.call(Ask {
        tool: "wait",
        entered: true,
        ..Ask::default()
    });
    assert_eq!(worker.next(), Got::Entered(1));
    assert_eq!(worker.close().code(), Some(0));
}

pub(crate) fn the_one_call_left_in_flight_gets_the_error(runtime: Runtime) {
    let options = Options {
        concurrent: 4,
        ..Options::default()
    };
    let source = "export const fault = () => { setTimeout(() => { throw new Error('mine') }, 20); return new Promise(() => {}) }; export const quick = () => 'quick'";
    let mut worker = Worker::ready_with(runtime, source, options);
    let fault = worker.call(Ask {
        tool: "fault",
        ..Ask::default()
    });
    assert_eq!(worker.value("quick", "1"), "quick");
    let Got::Result { call, status, text, .. } = worker.next() else {
        panic!("no answer")
    };
    assert_eq!(
        (call, status, &parse(&text)["message"]),
        (fault, Status::Threw, &json!("mine"))
    );
}

pub(crate) fn a_child_process_has_no_channel(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "import { spawnSync } from 'node:child_process'; export const fds = () => spawnSync('ls', ['-l', '/proc/self/fd']).stdout.toString()",
    );
    let listing = worker.value("fds", "1");
    assert!(listing.as_str().unwrap().contains("0 -> "), "{listing}");
    assert!(!listing.as_str().unwrap().contains("3 -> socket:"), "{listing}");
}

/// Except `?` and `\`: Bun itself finds no module below a directory with one of them, and Node none below one with `\`.
pub(crate) fn paths_with_every_kind_of_character(runtime: Runtime) {
    let directory = "a b%20c#de'f\"g`h$i{j}é\u{1F600}&k;l".to_string();
    let options = Options {
        directory,
        ..Options::default()
    };
    let mut worker = Worker::ready_with(
        runtime,
        "export const where = () => process.env.TOOLWARDEN_PROJECT_ROOT",
        options,
    );
    let project = worker.project.to_str().unwrap().to_owned();
    assert_eq!(worker.value("where", "1"), project);
}

pub(crate) fn a_bundle_that_cannot_be_reached_gives_way_to_the_source(runtime: Runtime) {
    let options = Options {
        bundle: Some("file:///nonexistent/.toolwarden/bundle-0-0.js".into()),
        ..Options::default()
    };
    let source = "export const seen = () => [process.env.TOOLWARDEN_BUNDLE ?? null, Reflect.ownKeys(globalThis).filter((key) => String(key).includes('toolwarden')).length]";
    let mut worker = Worker::ready_with(runtime, source, options);
    assert_eq!(worker.value("seen", "1"), json!([null, 0]));
}

pub(crate) fn a_bundle_takes_the_place_of_the_source_and_its_errors_are_the_modules(runtime: Runtime) {
    let bundle = |content: &str| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bundle-0-0.mjs");
        std::fs::write(&path, content).unwrap();
        let options = Options {
            bundle: Some(format!("file://{}", path.to_str().unwrap())),
            ..Options::default()
        };
        (directory, options)
    };
    let named = "const hook = globalThis[Symbol.for('toolwarden.bundle')]; hook(() => { globalThis.restored = true }); export const which = () => ['bundle', globalThis.restored]";
    let (_directory, options) = bundle(named);
    let mut worker = Worker::ready_with(runtime, "export const which = () => 'source'", options);
    assert_eq!(worker.value("which", "1"), json!(["bundle", true]));
    for content in [
        "throw new Error('of the module')",
        "await import('./of-the-module.mjs')",
    ] {
        let (_directory, options) = bundle(content);
        let mut worker = Worker::start_with(runtime, "export const which = () => 'source'", options);
        let Got::LoadFailed(error) = worker.next() else {
            panic!("the source was run after the bundle had begun")
        };
        assert!(error["message"].as_str().unwrap().contains("of"), "{error}");
    }
}
