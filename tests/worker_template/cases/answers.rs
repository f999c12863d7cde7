//! The answers to calls: results, errors, refusals.

use serde_json::{Value, json};
use toolwarden::worker::frame::{Retry, Status};

use super::{parse, result_of};
use crate::driver::{Ask, Got, Options, Runtime, Worker};

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
           ai: { description: 'adds', inputSchema: { type: 'number' }, execute: (i, o) => [i, o.context, o.toolCallId, o.toolId, o.messages] },
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
            { "id": "ai", "description": "adds", "inputSchema": { "type": "number" }, "outputSchema": null },
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
        json!({ "message": "an object", "code": "E_OBJ", "thrown": thrown, "n": 1 })
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
