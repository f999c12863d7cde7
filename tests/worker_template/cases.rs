//! What a worker must do, whichever runtime it is.

use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use toolwarden::config::Isolation;
use toolwarden::worker::frame::{AbortReason, Level, Retry, Status, Stream};

use crate::driver::{Ask, Got, Options, Runtime, Worker};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn result_of(got: Got) -> (Status, Retry, Option<u32>, Value) {
    match got {
        Got::Result {
            status,
            retry,
            after,
            text,
            ..
        } => (status, retry, after, parse(&text)),
        other => panic!("{other:?} instead of an answer"),
    }
}

pub(crate) fn results_as_json_carries_them(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "export default { echo: (i) => i, later: async (i) => { await 0; return i },
           date: () => new Date(0), nothing() {}, fn: () => () => 1, symbol: () => Symbol('x'), nan: () => NaN,
           thenable: () => ({ then(ok) { ok('then') } }), nested: () => ({ u: undefined, d: new Date(0), f() {} }) }",
    );
    for value in [
        "0",
        "\"\"",
        "false",
        "null",
        "[]",
        "{}",
        "[1,{\"a\":\"\u{1F600} \\u0000 \\u2028\"}]",
    ] {
        assert_eq!(worker.value("echo", value), parse(value), "{value}");
        assert_eq!(worker.value("later", value), parse(value));
    }
    assert_eq!(worker.value("date", "1"), "1970-01-01T00:00:00.000Z");
    assert_eq!(worker.value("nan", "1"), Value::Null);
    assert_eq!(worker.value("thenable", "1"), "then");
    assert_eq!(worker.value("nested", "1"), json!({ "d": "1970-01-01T00:00:00.000Z" }));
    for tool in ["nothing", "fn", "symbol"] {
        assert_eq!(worker.ask(tool, "1"), (Status::Undefined, String::new()), "{tool}");
    }
}

pub(crate) fn the_three_shapes_and_the_table(runtime: Runtime) {
    let mut worker = Worker::start(
        runtime,
        "export default {
           greet(name) { return this.prefix + name }, prefix: 'hi ', list: [], 'a/b.c-d': () => 'dashed',
           ai: { description: 'adds', inputSchema: { type: 'object' }, execute: (i, o) => [i, o.context, o.toolCallId, o.toolId, o.messages] },
           chain: { name: 'chain', description: 'invokes', schema: { type: 'string' }, invoke: (i, { signal }) => [i, signal instanceof AbortSignal] } }
         export const ignored = () => 1",
    );
    let Got::Ready(ready) = worker.next() else {
        panic!("no READY")
    };
    assert_eq!(ready["protocol"], 1);
    assert!(ready["runtime"].as_str().unwrap().split('.').count() >= 3);
    assert_eq!(
        ready["tools"],
        json!([
            { "id": "greet", "description": null, "inputSchema": null, "outputSchema": null },
            { "id": "a/b.c-d", "description": null, "inputSchema": null, "outputSchema": null },
            { "id": "ai", "description": "adds", "inputSchema": { "type": "object" }, "outputSchema": null },
            { "id": "chain", "description": "invokes", "inputSchema": { "type": "string" }, "outputSchema": null },
        ])
    );
    assert_eq!(worker.value("greet", "\"you\""), "hi you");
    assert_eq!(worker.value("a/b.c-d", "1"), "dashed");
    assert_eq!(worker.value("chain", "\"x\""), json!(["x", true]));
    worker.call(Ask {
        tool: "ai",
        input: Some("1"),
        config: Some("{\"k\":2}"),
        ..Ask::default()
    });
    assert_eq!(result_of(worker.next()).3, json!([1, { "k": 2 }, "exec-4", "ai", []]));
    assert_eq!(
        worker.ask("ignored", "1"),
        (Status::NotFound, r#"["greet","a/b.c-d","ai","chain"]"#.into())
    );
}

pub(crate) fn arguments_and_context(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "export function see(input, config, context) {
           const { toolId, toolExecId, attempt, env } = context
           return [arguments.length, input === undefined, config === undefined, config, { toolId, toolExecId, attempt, env },
             Object.isFrozen(context), Object.isFrozen(env), process.env.TOOLWARDEN, process.env.TOOLWARDEN_PROJECT_ROOT === process.cwd(),
             process.env.TOOLWARDEN_TOOL_EXEC_ID, context.signal instanceof AbortSignal, context.signal === context.signal]
         }",
    );
    worker.call(Ask {
        tool: "see",
        env: Some(r#"{"A":"b"}"#),
        config: Some("{}"),
        ..Ask::default()
    });
    let context = json!({ "toolId": "see", "toolExecId": "exec-1", "attempt": 3, "env": { "A": "b" } });
    let seen = json!([3, true, false, {}, context, true, true, "1", true, "exec-1", true, true]);
    assert_eq!(result_of(worker.next()).3, seen);
    worker.call(Ask {
        tool: "see",
        input: Some("null"),
        ..Ask::default()
    });
    let seen = result_of(worker.next()).3;
    assert_eq!(
        (&seen[1], &seen[2], &seen[4]["env"]),
        (&json!(false), &json!(true), &json!({}))
    );
}

pub(crate) fn named_exports_are_tools_and_prototypes_are_not(runtime: Runtime) {
    let mut worker = Worker::start(
        runtime,
        "export const a = () => 1; export function b() { return 2 } export const data = { x: 1 }; export function warmup() {}
         export default function main() {}
         Object.prototype.polluted = () => 'no'",
    );
    let Got::Ready(ready) = worker.next() else {
        panic!("no READY")
    };
    let ids: Vec<_> = ready["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["a", "b"]);
    for id in [
        "constructor",
        "toString",
        "__proto__",
        "hasOwnProperty",
        "polluted",
        "warmup",
        "default",
        "data",
    ] {
        assert_eq!(worker.ask(id, "1"), (Status::NotFound, r#"["a","b"]"#.into()), "{id}");
    }
}

pub(crate) fn thrown_values(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "class Custom extends Error { name = 'Custom'; code = 'E_CUSTOM'; extra = { a: [1] }; fn() {} big = 1n }
         export const error = () => { throw new Custom('broken', { cause: new TypeError('deep', { cause: 'deeper' }) }) }
         export const rejected = async () => { await 0; throw new RangeError('late') }
         export const text = () => { throw 'just text' }
         export const nothing = () => { throw null }
         export const none = () => { throw undefined }
         export const object = () => Promise.reject({ code: 'E_OBJ', message: 'an object', n: 1 })
         export const hostile = () => { throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 }, getPrototypeOf() { throw 3 } }) }
         export const looped = () => { const e = new Error('loop'); e.cause = e; e.self = e; throw e }
         export const many = () => { throw new AggregateError([new Error('one'), 'two'], 'all') }
         export const retry = () => { throw Object.assign(new Error('busy'), { retryable: true, retryAfter: 1500.4 }) }
         export const never = () => { throw Object.assign(new Error('no'), { retryable: false, retryAfter: -1 }) }
         export const huge = () => { throw new Error('x'.repeat(30_000_000)) }
         export const aborted = () => { throw new DOMException('stop', 'AbortError') }",
    );
    let mut throws = |tool: &str| {
        worker.call(Ask { tool, ..Ask::default() });
        let (status, retry, after, error) = result_of(worker.next());
        assert_eq!(status, Status::Threw, "{tool}");
        (retry, after, error)
    };
    let (retry, after, error) = throws("error");
    assert_eq!((retry, after), (Retry::Unsaid, None));
    assert_eq!(
        (&error["name"], &error["message"], &error["code"]),
        (&json!("Custom"), &json!("broken"), &json!("E_CUSTOM"))
    );
    assert_eq!(error["extra"], json!({ "a": [1] }));
    assert_eq!(
        (&error["cause"]["name"], &error["cause"]["message"]),
        (&json!("TypeError"), &json!("deep"))
    );
    assert_eq!(
        error["cause"]["cause"],
        json!({ "message": "deeper", "thrown": "deeper" })
    );
    let stack = error["stack"].as_str().unwrap();
    assert!(
        stack.contains("tools.mjs:2:") && !stack.contains(".toolwarden"),
        "{stack}"
    );
    let (_, _, error) = throws("rejected");
    assert_eq!(
        (&error["name"], &error["message"]),
        (&json!("RangeError"), &json!("late"))
    );
    assert_eq!(
        throws("text").2,
        json!({ "message": "just text", "thrown": "just text" })
    );
    assert_eq!(throws("nothing").2, json!({ "message": "null", "thrown": null }));
    assert_eq!(throws("none").2, json!({ "message": "undefined" }));
    let thrown = json!({ "code": "E_OBJ", "message": "an object", "n": 1 });
    assert_eq!(
        throws("object").2,
        json!({ "message": "an object", "code": "E_OBJ", "thrown": thrown })
    );
    assert!(throws("hostile").2["message"].is_string());
    let (_, _, error) = throws("looped");
    assert_eq!(
        (&error["message"], &error["cause"]["cause"]["message"]),
        (&json!("loop"), &json!("loop"))
    );
    let (_, _, error) = throws("many");
    assert_eq!(
        (&error["errors"][0]["message"], &error["errors"][1]["thrown"]),
        (&json!("one"), &json!("two"))
    );
    let (retry, after, _) = throws("retry");
    assert_eq!((retry, after), (Retry::Retryable, Some(1500)));
    let (retry, after, _) = throws("never");
    assert_eq!((retry, after), (Retry::NotRetryable, None));
    assert!(throws("huge").2["message"].as_str().unwrap().len() > 1_000_000);
    assert_eq!(throws("aborted").2["name"], "AbortError");
}

pub(crate) fn results_that_cannot_be_sent(runtime: Runtime) {
    let mut worker = Worker::ready_with(
        runtime,
        "export const cyclic = () => { const a = {}; a.a = a; return a }
         export const bigint = async () => ({ n: 1n })
         export const json = () => ({ toJSON() { throw new Error('no json') } })
         export const size = (n) => 'x'.repeat(n)
         export const wide = (n) => '\\u20ac'.repeat(n)",
        Options {
            max_output_size: 1000,
            ..Options::default()
        },
    );
    for (tool, says) in [("cyclic", "c"), ("bigint", "BigInt"), ("json", "no json")] {
        let (status, text) = worker.ask(tool, "1");
        assert_eq!(status, Status::OutputInvalid, "{tool}");
        assert!(parse(&text)["message"].as_str().unwrap().contains(says), "{text}");
    }
    assert_eq!(worker.ask("size", "998").0, Status::Value);
    assert_eq!(worker.ask("size", "999"), (Status::OutputTooLarge, "1001".into()));
    assert_eq!(worker.ask("wide", "332").0, Status::Value);
    assert_eq!(worker.ask("wide", "333"), (Status::OutputTooLarge, "1001".into()));
}

pub(crate) fn console_methods_keep_their_levels(runtime: Runtime) {
    let mut worker = Worker::start(
        runtime,
        "console.info('at import')
         export function print() {
           console.log('n %d %s %j%% %i %f', 42, 'str', { a: 1 }, 7.9, '1.5', 'rest'); console.debug('d'); console.warn('w'); console.error('e')
           console.log(); console.log('100%', 5); console.log('%s')
           console.group('G'); console.log('in\\nner'); console.groupEnd(); console.log('out')
           console.assert(true, 'no'); console.assert(false, 'msg %s', 'x'); console.count(); console.count('c'); console.count()
           console.dir({ deep: 1 }); console.trace('here'); console.table([{ a: 1, b: 2 }], ['b']); console.time('t'); console.timeEnd('t'); console.timeEnd('t')
           console.log('%o', { v: [1] }, Symbol('s'), 5n, null, undefined); console.dirxml('x')
         }",
    );
    assert_eq!(worker.log(), (Some(Level::Info), "at import".into()));
    let Got::Ready(_) = worker.next() else {
        panic!("no READY")
    };
    let call = worker.call(Ask {
        tool: "print",
        ..Ask::default()
    });
    let mut expect = |stream: Stream, level: Level, text: &str| {
        let expected = Got::Log {
            call: Some(call),
            stream,
            level: Some(level),
            text: text.into(),
        };
        assert_eq!(worker.next(), expected);
    };
    let (out, err) = (Stream::Stdout, Stream::Stderr);
    expect(out, Level::Log, "n 42 str {\"a\":1}% 7 1.5 rest");
    expect(out, Level::Debug, "d");
    expect(err, Level::Warn, "w");
    expect(err, Level::Error, "e");
    expect(out, Level::Log, "");
    expect(out, Level::Log, "100% 5");
    expect(out, Level::Log, "%s");
    expect(out, Level::Log, "G");
    expect(out, Level::Log, "  in\n  ner");
    expect(out, Level::Log, "out");
    expect(err, Level::Error, "Assertion failed: msg x");
    expect(out, Level::Log, "default: 1");
    expect(out, Level::Log, "c: 1");
    expect(out, Level::Log, "default: 2");
    let mut text = |level: Level| {
        let (got, text) = worker.log();
        assert_eq!(got, Some(level), "{text}");
        text
    };
    assert!(text(Level::Log).contains("deep: 1"));
    let trace = text(Level::Error);
    assert!(
        trace.starts_with("Trace: here\n") && trace.contains("tools.mjs:7"),
        "{trace}"
    );
    let table = text(Level::Log);
    assert!(table.contains("│ b │") && !table.ends_with('\n'), "{table}");
    assert!(text(Level::Log).contains("ms"));
    let objects = text(Level::Log);
    assert!(
        objects.contains("v: [ 1") && objects.contains("Symbol(s) 5n null undefined"),
        "{objects}"
    );
    assert_eq!(text(Level::Log), "x");
    assert!(matches!(
        worker.next(),
        Got::Result {
            status: Status::Undefined,
            ..
        }
    ));
}

pub(crate) fn raw_writes_reach_the_log(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "export async function print() {
           const returned = process.stdout.write('no line end')
           process.stderr.write(new Uint8Array([104, 105, 10]))
           await new Promise((done) => process.stdout.write('enc', 'utf8', done))
           process.stdout.write('6869', 'hex')
           let refused; try { process.stdout.write(5) } catch (e) { refused = e.code }
           return [returned, refused, process.stdout.fd, process.stderr.fd, process.stdout === process.stdout]
         }",
    );
    let call = worker.call(Ask {
        tool: "print",
        ..Ask::default()
    });
    for (stream, text) in [
        (Stream::Stdout, "no line end"),
        (Stream::Stderr, "hi\n"),
        (Stream::Stdout, "enc"),
        (Stream::Stdout, "hi"),
    ] {
        assert_eq!(
            worker.next(),
            Got::Log {
                call: Some(call),
                stream,
                level: None,
                text: text.into()
            }
        );
    }
    assert_eq!(
        result_of(worker.next()).3,
        json!([true, "ERR_INVALID_ARG_TYPE", 1, 2, true])
    );
}

pub(crate) fn lines_before_a_self_kill_or_an_endless_loop_arrive(runtime: Runtime) {
    let source = "export function die() { for (let i = 0; i < 20000; i++) console.log('line ' + i); process.kill(process.pid, 'SIGKILL'); for (;;); }
         export function loop() { for (let i = 0; i < 20000; i++) console.log('line ' + i); for (;;); }";
    for tool in ["die", "loop"] {
        let mut worker = Worker::ready(runtime, source);
        worker.call(Ask {
            tool,
            entered: true,
            ..Ask::default()
        });
        assert_eq!(worker.next(), Got::Entered(1));
        for i in 0..20000 {
            assert_eq!(worker.log(), (Some(Level::Log), format!("line {i}")));
        }
        if tool == "die" {
            assert_eq!(worker.try_next(), None);
            assert_eq!(worker.wait().signal(), Some(libc::SIGKILL));
        } else {
            worker.kill();
        }
    }
}

pub(crate) fn an_answer_cannot_be_forged_or_broken_by_patching(runtime: Runtime) {
    let source = "const seen = []
         const spy = (object, name) => { const real = object[name]; object[name] = function (...args) { seen[seen.length] = name; throw new Error('patched ' + name) } }
         for (const [o, names] of [[JSON, ['parse', 'stringify']], [Array.prototype, ['push', 'join', 'slice', 'map']], [Promise.prototype, ['then', 'catch']],
           [String.prototype, ['charCodeAt', 'slice', 'split', 'includes']], [Map.prototype, ['get', 'set', 'delete']], [Object, ['keys', 'freeze', 'hasOwn']], [Reflect, ['apply']],
           [Buffer.prototype, ['utf8Slice', 'utf8Write', 'toString', 'write']], [Buffer, ['byteLength', 'allocUnsafeSlow']], FUNCTIONS
           [Uint8Array.prototype, ['subarray', 'set']], [Date, ['now']], [globalThis, ['queueMicrotask']]]) for (const name of names) spy(o, name)
         Array.prototype[Symbol.iterator] = () => { throw new Error('patched iterator') }
         Object.prototype.toJSON = () => 'forged'
         Object.prototype.e = Object.prototype.g = Object.prototype.i = Object.prototype.m = Object.prototype.l = { forged: 1 }
         export const good = (input, config) => input === undefined && config === undefined ? 'good' : 'forged'
         export const later = async () => { await 0; return 'good' }
         export const bad = () => { throw new TypeError('bad') }
         export const noise = () => { console.log('text', 1); return seen.length }";
    // Node's own event emitter, which hands over what the channel gets, calls a listener's `apply`.
    let functions = if runtime == Runtime::Bun {
        "[Function.prototype, ['call', 'apply', 'bind']],"
    } else {
        ""
    };
    let mut worker = Worker::ready(runtime, &source.replace("FUNCTIONS", functions));
    let mut ask = |tool: &str| {
        worker.call(Ask { tool, ..Ask::default() });
        worker.next()
    };
    assert_eq!(result_of(ask("good")).3, "good");
    assert_eq!(result_of(ask("later")).3, "good");
    let (status, _, _, error) = result_of(ask("bad"));
    assert_eq!(
        (status, &error["name"], &error["message"]),
        (Status::Threw, &json!("TypeError"), &json!("bad"))
    );
    if runtime == Runtime::Bun {
        // Node's own formatting uses the patched methods.
        assert!(matches!(ask("noise"), Got::Log { .. }));
        assert_eq!(result_of(worker.next()).3, 0);
        worker.call(Ask {
            tool: "missing",
            ..Ask::default()
        });
        assert!(matches!(
            worker.next(),
            Got::Result {
                status: Status::NotFound,
                ..
            }
        ));
    }
}

pub(crate) fn abort_is_acknowledged_at_once(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "export const listens = (i, c, { signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))
         export const deaf = () => new Promise((done) => globalThis.done = done)
         export const release = () => { done('released') }
         export const late = async (i, c, context) => { await new Promise((done) => setTimeout(done, 50)); return [context.signal.aborted, context.signal.reason.name] }",
    );
    for (reason, name) in [
        (AbortReason::Timeout, "TimeoutError"),
        (AbortReason::Cancelled, "AbortError"),
    ] {
        let call = worker.call(Ask {
            tool: "listens",
            entered: true,
            ..Ask::default()
        });
        assert_eq!(worker.next(), Got::Entered(call));
        worker.abort(call, reason);
        assert_eq!(worker.next(), Got::AbortAck(call, true));
        let (status, _, _, error) = result_of(worker.next());
        assert_eq!((status, &error["name"]), (Status::Threw, &json!(name)));
    }
    let call = worker.call(Ask {
        tool: "late",
        entered: true,
        ..Ask::default()
    });
    assert_eq!(worker.next(), Got::Entered(call));
    worker.abort(call, AbortReason::Timeout);
    assert_eq!(worker.next(), Got::AbortAck(call, false));
    assert_eq!(result_of(worker.next()).3, json!([true, "TimeoutError"]));
    worker.abort(call, AbortReason::Timeout);
    let deaf = worker.call(Ask {
        tool: "deaf",
        entered: true,
        ..Ask::default()
    });
    assert_eq!(
        worker.next(),
        Got::Entered(deaf),
        "an abort after the answer says nothing"
    );
    worker.abort(deaf, AbortReason::Cancelled);
    assert_eq!(worker.next(), Got::AbortAck(deaf, false));
}

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

pub(crate) fn process_exit_keeps_what_was_printed(runtime: Runtime) {
    for code in [0, 3] {
        let mut worker = Worker::ready(
            runtime,
            "export const quick = () => 'answered'; export function leave(code) { console.log('bye'); process.stderr.write('raw'); process.exit(code) }",
        );
        // Both in one write: the first answer is not sent yet when the second tool leaves.
        let (_, mut bytes) = worker.frame(Ask {
            tool: "quick",
            ..Ask::default()
        });
        let input = code.to_string();
        let (_, second) = worker.frame(Ask {
            tool: "leave",
            input: Some(&input),
            ..Ask::default()
        });
        bytes.extend(second);
        worker.send(&bytes);
        assert_eq!(result_of(worker.next()).3, "answered");
        assert_eq!(worker.log(), (Some(Level::Log), "bye".into()));
        assert_eq!(worker.log(), (None, "raw".into()));
        assert_eq!(worker.try_next(), None);
        assert_eq!(worker.wait().code(), Some(code));
    }
}

pub(crate) fn late_errors_are_logged_and_early_ones_fail_the_call(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "export const rejection = () => { setTimeout(() => Promise.reject(new Error('late rejection')), 5); return 'fine' }
         export const exception = () => { setTimeout(() => { throw new Error('late exception') }, 5); return 'fine' }
         export const early = () => { Promise.reject(Object.assign(new Error('floating'), { code: 'E_FLOAT' })); return new Promise(() => {}) }
         export const timer = () => { setTimeout(() => { throw new Error('in timer') }, 1); return new Promise(() => {}) }
         export const ok = () => 'ok'",
    );
    for (tool, says) in [("rejection", "late rejection"), ("exception", "late exception")] {
        assert_eq!(worker.value(tool, "1"), "fine");
        let (level, text) = worker.log();
        assert!(level == Some(Level::Error) && text.contains(says), "{text}");
        assert_eq!(worker.value("ok", "1"), "ok");
    }
    for (tool, says) in [("early", "floating"), ("timer", "in timer")] {
        let (status, text) = worker.ask(tool, "1");
        assert_eq!((status, &parse(&text)["message"]), (Status::Threw, &json!(says)));
        assert_eq!(worker.value("ok", "1"), "ok");
    }
}

pub(crate) fn several_in_flight_and_an_uncaught_error_end_the_process(runtime: Runtime) {
    let options = Options {
        concurrent: 4,
        ..Options::default()
    };
    let source = "export const wait = () => new Promise(() => {}); export const fault = () => { setTimeout(() => { throw new Error('whose') }, 1); return new Promise(() => {}) }";
    let mut worker = Worker::ready_with(runtime, source, options);
    worker.call(Ask {
        tool: "wait",
        entered: true,
        ..Ask::default()
    });
    worker.call(Ask {
        tool: "fault",
        entered: true,
        ..Ask::default()
    });
    assert_eq!((worker.next(), worker.next()), (Got::Entered(1), Got::Entered(2)));
    let Got::Log {
        stream, level, text, ..
    } = worker.next()
    else {
        panic!("nothing said")
    };
    assert!(
        stream == Stream::Stderr && level == Some(Level::Error) && text.contains("whose"),
        "{text}"
    );
    assert_eq!(worker.try_next(), None);
    assert_eq!(worker.wait().code(), Some(1));
}

pub(crate) fn env_of_a_call_is_gone_after_it(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "process.env.KEPT = 'before'; export const env = () => [process.env.A, process.env.KEPT, process.env.TOOLWARDEN_TOOL_EXEC_ID].map((v) => v ?? null)
         export const later = () => { setTimeout(() => console.log(process.env.A ?? 'gone'), 5); return env() }",
    );
    worker.call(Ask {
        tool: "env",
        env: Some(r#"{"A":"1","KEPT":"during"}"#),
        ..Ask::default()
    });
    assert_eq!(result_of(worker.next()).3, json!(["1", "during", "exec-1"]));
    assert_eq!(worker.value("env", "1"), json!([null, "before", "exec-2"]));
    worker.call(Ask {
        tool: "later",
        env: Some(r#"{"A":"1"}"#),
        ..Ask::default()
    });
    assert_eq!(result_of(worker.next()).3, json!(["1", "before", "exec-3"]));
    assert_eq!(worker.log().1, "gone");
    let options = Options {
        isolation: Isolation::Call,
        ..Options::default()
    };
    let mut worker = Worker::ready_with(runtime, "export const env = () => process.env.A", options);
    worker.call(Ask {
        tool: "env",
        env: Some(r#"{"A":"1"}"#),
        ..Ask::default()
    });
    assert_eq!(result_of(worker.next()).3, "1");
}

pub(crate) fn concurrent_calls_keep_env_and_logs_apart(runtime: Runtime) {
    let options = Options {
        concurrent: 16,
        ..Options::default()
    };
    let source = "export async function t(input, config, { env }) { for (let i = 0; i < 3; i++) { await new Promise((r) => setTimeout(r, 1)); console.log(input) } return [env.N, process.env.N ?? null] }";
    let mut worker = Worker::ready_with(runtime, source, options);
    for i in 1..=16 {
        let (env, input) = (format!("{{\"N\":\"{i}\"}}"), i.to_string());
        worker.call(Ask {
            tool: "t",
            env: Some(&env),
            input: Some(&input),
            ..Ask::default()
        });
    }
    let (mut answers, mut lines) = (0, 0);
    while answers < 16 {
        match worker.next() {
            Got::Log { call, text, .. } => {
                assert_eq!(call.unwrap().to_string(), text);
                lines += 1;
            }
            Got::Result { call, text, .. } => {
                assert_eq!(parse(&text), json!([call.to_string(), null]));
                answers += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(lines, 48);
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

pub(crate) fn progress_values_and_async_iterables(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "export default {
           steps(input, config, { progress }) { progress(1); progress({ at: 'two' }); let e; try { progress(() => {}) } catch (error) { e = error.name } return e },
           stream: { async *execute() { yield 'a'; yield 'b' } }, breaks: { async *execute() { yield 'a'; throw new Error('broke') } }, empty: { async *execute() {} } }",
    );
    let call = worker.call(Ask {
        tool: "steps",
        progress: true,
        ..Ask::default()
    });
    assert_eq!(worker.next(), Got::Progress(call, json!(1)));
    assert_eq!(worker.next(), Got::Progress(call, json!({ "at": "two" })));
    assert_eq!(result_of(worker.next()).3, "TypeError");
    assert_eq!(
        worker.ask("steps", "1").0,
        Status::Undefined,
        "unwanted progress is not even looked at"
    );
    let call = worker.call(Ask {
        tool: "stream",
        progress: true,
        ..Ask::default()
    });
    assert_eq!(worker.next(), Got::Progress(call, json!("a")));
    assert_eq!(worker.next(), Got::Progress(call, json!("b")));
    assert_eq!(result_of(worker.next()).3, "b");
    assert_eq!(parse(&worker.ask("breaks", "1").1)["message"], "broke");
    assert_eq!(worker.ask("empty", "1").0, Status::Undefined);
}

pub(crate) fn schemas_check_input_and_output(runtime: Runtime) {
    let mut worker = Worker::start(
        runtime,
        "const standard = (validate, jsonSchema) => ({ '~standard': { version: 1, vendor: 'test', validate, jsonSchema } })
         const name = standard((v) => typeof v?.name === 'string' ? { value: { name: v.name.trim() } } : { issues: [{ path: ['name', { key: 0 }], message: 'must be text' }] }, { input: ({ target }) => ({ target }) })
         const short = standard(async (v) => v.length < 5 ? { value: v + '!' } : { issues: [{ message: 'too long' }] })
         export const hello = { inputSchema: name, outputSchema: short, execute: ({ name }) => name }
         export const own = { schema: name, invoke: (input) => input }
         export const throws = { inputSchema: standard(() => { throw new Error('bad schema') }), execute: () => 1 }",
    );
    let Got::Ready(ready) = worker.next() else {
        panic!("no READY")
    };
    assert_eq!(ready["tools"][0]["inputSchema"], json!({ "target": "draft-2020-12" }));
    assert_eq!(worker.value("hello", r#"{"name":" Bo "}"#), "Bo!");
    assert_eq!(worker.value("own", r#"{"name":" Bo "}"#), json!({ "name": " Bo " }));
    let call = worker.call(Ask {
        tool: "hello",
        input: Some("{}"),
        entered: true,
        ..Ask::default()
    });
    let Got::Result {
        call: answered,
        status,
        text,
        ..
    } = worker.next()
    else {
        panic!("the tool was entered")
    };
    assert_eq!((answered, status), (call, Status::InputInvalid));
    assert_eq!(
        parse(&text)["issues"],
        json!([{ "path": "name.0", "message": "must be text" }])
    );
    assert!(
        parse(&text)["message"]
            .as_str()
            .unwrap()
            .contains("name.0: must be text")
    );
    let (status, text) = worker.ask("hello", r#"{"name":"far too long"}"#);
    assert_eq!(
        (status, &parse(&text)["issues"]),
        (Status::OutputInvalid, &json!([{ "path": "", "message": "too long" }]))
    );
    assert_eq!(worker.ask("throws", "1").0, Status::Threw);
}

pub(crate) fn large_and_cut_frames(runtime: Runtime) {
    let mut worker = Worker::ready(
        runtime,
        "export const echo = (i) => i; export const line = (n) => { console.log('y'.repeat(n)) }",
    );
    let text = format!("\"{}\"", "\u{20ac}z".repeat(1 << 20));
    assert_eq!(worker.value("echo", &text), parse(&text));
    let (_, mut bytes) = worker.frame(Ask {
        tool: "echo",
        input: Some("1"),
        ..Ask::default()
    });
    let (_, second) = worker.frame(Ask {
        tool: "echo",
        input: Some("\"\u{20ac}\""),
        ..Ask::default()
    });
    bytes.extend(second);
    for byte in bytes {
        worker.send(&[byte]);
    }
    assert_eq!(
        (result_of(worker.next()).3, result_of(worker.next()).3),
        (json!(1), json!("\u{20ac}"))
    );
    let (_, mut batch) = worker.frame(Ask {
        tool: "echo",
        input: Some("0"),
        ..Ask::default()
    });
    for i in 1..500 {
        let input = i.to_string();
        batch.extend(
            worker
                .frame(Ask {
                    tool: "echo",
                    input: Some(&input),
                    ..Ask::default()
                })
                .1,
        );
    }
    worker.send(&batch);
    for i in 0..500 {
        assert_eq!(result_of(worker.next()).3, i);
    }
    worker.call(Ask {
        tool: "line",
        input: Some("3145728"),
        ..Ask::default()
    });
    assert_eq!(worker.log().1.len(), 3_145_728, "one line is one entry");
}

/// But `?` and `\`: Bun itself finds no module below such a directory, and Node none below one with `\`.
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
