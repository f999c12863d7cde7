//! The output that tools print.

use std::os::unix::process::ExitStatusExt;

use serde_json::json;
use toolwarden::worker::frame::{Level, Status, Stream};

use super::result_of;
use crate::driver::{Ask, Got, Runtime, Worker};

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

pub(crate) fn process_exit_keeps_what_was_printed(runtime: Runtime) {
    for code in [0, 3] {
        let mut worker = Worker::ready(
            runtime,
            "export const quick = () => 'answered'; export function leave(code) { console.log('bye'); process.stderr.write('raw'); process.exit(code) }",
        );
        // Both calls are sent in one write: the first answer is not sent yet when the second tool exits the process.
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
