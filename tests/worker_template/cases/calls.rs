//! The way of a call through the worker.

use serde_json::json;
use toolwarden::config::Isolation;
use toolwarden::worker::frame::{AbortReason, Status};

use super::{parse, result_of};
use crate::driver::{Ask, Got, Options, Runtime, Worker};

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
    // Node's own event emitter, which passes on what the channel receives, calls the `apply` of a listener.
    let functions = if runtime != Runtime::Node {
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
    if runtime != Runtime::Node {
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
        json!([{ "path": "name[0]", "message": "must be text" }])
    );
    assert!(
        parse(&text)["message"]
            .as_str()
            .unwrap()
            .contains("name[0]: must be text")
    );
    let (status, text) = worker.ask("hello", r#"{"name":"far too long"}"#);
    assert_eq!(
        (status, &parse(&text)["issues"]),
        (Status::OutputInvalid, &json!([{ "path": "", "message": "too long" }]))
    );
    assert_eq!(worker.ask("throws", "1").0, Status::Threw);
}

pub(crate) fn json_schemas_check_without_a_library(runtime: Runtime) {
    let mut worker = Worker::start(
        runtime,
        "const schema = { type: 'object', properties: { items: { type: 'array', items: { required: ['price'] } } } }
         export const plain = { inputSchema: schema, outputSchema: { maximum: 3 }, execute: ({ n }) => n }
         export const wrapped = { inputSchema: { [Symbol.for('vercel.ai.schema')]: true, get jsonSchema() { return Promise.resolve(schema) } }, execute: () => 1 }
         export const lazy = { parameters: () => Promise.resolve(schema), execute: () => 1 }
         export const broken = { inputSchema: () => Promise.reject(new Error('none')), execute: () => 1 }
         Object.prototype.minProperties = 9; Array.prototype.push = RegExp.prototype.exec = Map.prototype.get = () => { throw new Error('patched') }",
    );
    let Got::Ready(ready) = worker.next() else {
        panic!("no READY")
    };
    assert_eq!(ready["tools"][0]["inputSchema"], json!(null));
    for tool in 1..4 {
        assert_eq!(ready["tools"][tool]["inputSchema"]["type"], "object");
    }
    for tool in ["plain", "wrapped", "lazy"] {
        let call = worker.call(Ask {
            tool,
            input: Some(r#"{"items":[{"price":1},{}]}"#),
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
            panic!("{tool} was entered")
        };
        assert_eq!((answered, status), (call, Status::InputInvalid));
        let issues = json!([{ "path": "items[1].price", "message": "is required" }]);
        assert_eq!(parse(&text)["issues"], issues);
    }
    assert_eq!(worker.value("plain", r#"{"n":3}"#), 3);
    let (status, text) = worker.ask("plain", r#"{"n":4}"#);
    assert_eq!(status, Status::OutputInvalid);
    assert_eq!(
        parse(&text)["issues"],
        json!([{ "path": "", "message": "must be at most 3" }])
    );
    assert_eq!(worker.ask("broken", "1").0, Status::Threw);
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
