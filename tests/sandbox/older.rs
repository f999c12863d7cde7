//! What the filter and the supervisor hold where an older Landlock does not: truncation (before ABI 3) and signals
//! (before ABI 6).

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use toolwarden::sandbox::{Support, probe};

use crate::harness::{Project, Run, as_root_and_user};
use crate::network::server;
use crate::raw_calls::RAW;

/// Ways of emptying a file, each on a file of its own.
const EMPTY: &str = r#"
import fs from 'node:fs'
const { O_RDONLY, O_WRONLY, O_RDWR, O_TRUNC, O_CREAT } = fs.constants
const file = (name) => `${base}/open/${name}.txt`
const opened = (name, flags) => attempt(name, () => fs.closeSync(fs.openSync(file(name), flags)))
await opened('reading', O_RDONLY | O_TRUNC)
await opened('creating', O_RDONLY | O_TRUNC | O_CREAT)
await opened('neither', 3 | O_TRUNC)
await opened('writing', O_WRONLY | O_TRUNC)
await opened('both', O_RDWR | O_TRUNC)
await attempt('old open', () => call('close', call('open', text(file('old open')), O_RDONLY | O_TRUNC)))
await attempt('old neither', () => call('close', call('open', text(file('old neither')), 3 | O_TRUNC)))
const how = at(new Uint8Array(new BigUint64Array([BigInt(O_RDONLY | O_TRUNC), 0n, 0n]).buffer))
await attempt('openat2', () => call('close', call('openat2', -100, text(file('openat2')), how, 24)))
await attempt('truncate', () => call('truncate', text(file('truncate')), 0))
await attempt('through a link', () => call('truncate', text(`${base}/project/link`), 0))
await attempt('by descriptor', () => {
  const fd = fs.openSync(file('by descriptor'), 'r')
  return call('truncate', text(`/proc/self/fd/${fd}`), 0)
})
await attempt('read', () => fs.readFileSync(file('read'), 'utf8').length)
process.exit(0)
"#;

const WAYS: [&str; 11] = [
    "reading",
    "creating",
    "neither",
    "writing",
    "both",
    "old open",
    "old neither",
    "openat2",
    "truncate",
    "through a link",
    "by descriptor",
];

fn supports() -> impl Iterator<Item = Support> {
    let probed = probe().expect("probed");
    (1..=probed.landlock_abi).flat_map(move |landlock_abi| {
        [true, false].map(|listener| Support {
            landlock_abi,
            listener,
            ..probed
        })
    })
}

/// A project with a file for each way, and the names of those that were emptied.
fn files() -> (Project, impl Fn(&Project) -> Vec<&'static str>) {
    let project = Project::new();
    for name in WAYS.into_iter().chain(["read"]) {
        let path = project.path(&format!("open/{name}.txt"));
        std::fs::write(&path, "content").expect("written");
    }
    std::os::unix::fs::symlink(project.path("open/through a link.txt"), project.path("project/link")).expect("linked");
    let emptied = |project: &Project| {
        let empty = |name: &&str| {
            let file = std::fs::metadata(project.path(&format!("open/{name}.txt"))).expect("there");
            file.len() == 0
        };
        WAYS.into_iter().filter(empty).collect()
    };
    (project, emptied)
}

#[test]
fn what_may_only_be_read_keeps_its_length() {
    as_root_and_user(|| {
        for support in supports() {
            let (project, emptied) = files();
            let read = format!("--allow-read={}", project.shown("open"));
            let outcome = Run::new(&project, &[&read])
                .support(support)
                .script(&format!("{RAW}{EMPTY}"));
            for way in WAYS {
                outcome.refused(way);
            }
            outcome.done("read");
            assert_eq!(emptied(&project), Vec::<&str>::new(), "{support:?}");
        }
    });
}

#[test]
fn a_listed_file_can_be_emptied() {
    as_root_and_user(|| {
        for support in supports() {
            let (project, emptied) = files();
            let read = format!("--allow-read={}", project.shown("open"));
            let write = format!("--allow-write={}", project.shown("open"));
            let outcome = Run::new(&project, &[&read, &write])
                .support(support)
                .script(&format!("{RAW}{EMPTY}"));
            let mut must = vec!["writing", "both"];
            if support.listener || support.landlock_abi >= 3 {
                must.extend(["truncate", "through a link"]);
            }
            for way in &must {
                outcome.done(way);
            }
            let empty = emptied(&project);
            assert!(must.iter().all(|way| empty.contains(way)), "{support:?} {empty:?}");
        }
    });
}

#[test]
fn where_everything_may_be_written_nothing_is_refused() {
    let (project, emptied) = files();
    let support = Support {
        landlock_abi: 1,
        ..probe().expect("probed")
    };
    let script = format!("{RAW}{EMPTY}").replace("/proc/self/fd/${fd}", "${file('by descriptor')}");
    let outcome = Run::new(&project, &["--allow-read", "--allow-write"])
        .support(support)
        .script(&script);
    for way in WAYS {
        outcome.done(way);
    }
    assert_eq!(emptied(&project), WAYS);
}

/// Connections while a timer's signals come. Before Linux 5.19 a signal ends the wait for the supervisor's answer.
const INTERRUPTED: &str = r#"
let signals = 0
process.on('SIGALRM', () => signals++)
const address = at(inet('127.0.0.1', PORT))
const timer = (every) => call('setitimer', 0, at(new Uint8Array(new BigInt64Array([0n, every, 0n, every]).buffer)), 0)
await attempt('connections', async () => {
  for (let round = 0; round < 20; round++) {
    timer(200n)
    for (let n = 0; n < 25; n++) {
      const fd = call('socket', 2, 1, 0)
      call('connect', fd, address, 16)
      call('close', fd)
    }
    timer(0n)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return signals > 0
})
process.exit(0)
"#;

#[test]
fn a_signal_repeats_no_connection() {
    as_root_and_user(|| {
        let (project, server) = (Project::new(), server());
        let net = format!("--allow-net=127.0.0.1:{}", server.port);
        let script = format!("{RAW}{INTERRUPTED}").replace("PORT", &server.port.to_string());
        let outcome = Run::new(&project, &[&net]).script(&script);
        assert_eq!(outcome.said("connections"), "done true", "{outcome:?}");
    });
}

/// A process of the same user that no tool started.
struct Stranger(Child);

impl Stranger {
    fn start() -> Self {
        let started = Command::new("sleep").arg("1000").process_group(0).spawn();
        Stranger(started.expect("sleep"))
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Signals of a worker that may run programs.
const SIGNALS: &str = r#"
import { spawn } from 'node:child_process'
import { once } from 'node:events'
const child = spawn('/bin/sleep', ['1000'])
const other = spawn('/bin/sleep', ['1000'])
await Promise.all([once(child, 'spawn'), once(other, 'spawn')])
const info = (signal) => { const bytes = new Uint8Array(128); new DataView(bytes.buffer).setInt32(0, signal, true); new DataView(bytes.buffer).setInt32(8, -1, true); return at(bytes) }
const strangers = { host: hostPid, stranger: STRANGER, init: 1 }
for (const [name, pid] of Object.entries(strangers)) {
  await attempt(`kill ${name}`, () => call('kill', pid, 0))
  await attempt(`tkill ${name}`, () => call('tkill', pid, 0))
  await attempt(`tgkill ${name}`, () => call('tgkill', pid, pid, 0))
  await attempt(`queue ${name}`, () => call('rt_sigqueueinfo', pid, 10, info(10)))
  await attempt(`queue thread ${name}`, () => call('rt_tgsigqueueinfo', pid, pid, 10, info(10)))
  await attempt(`group ${name}`, () => call('kill', -pid, 0))
}
await attempt('nobody', () => call('kill', 999999999, 0))
await attempt('self', () => call('kill', process.pid, 0))
await attempt('own group', () => call('kill', 0, 0))
await attempt('own group by number', () => call('kill', -process.pid, 0))
await attempt('own thread', () => call('tgkill', process.pid, process.pid, 0))
await attempt('own thread alone', () => call('tkill', process.pid, 0))
await attempt('child', () => call('kill', child.pid, 0))
await attempt('end', async () => { call('kill', child.pid, 15); const [, signal] = await once(child, 'exit'); return signal })
await attempt('queue', async () => { call('rt_sigqueueinfo', other.pid, 10, info(10)); const [, signal] = await once(other, 'exit'); return signal })
await attempt('shell', async () => { const [code] = await once(spawn('/bin/sh', ['-c', 'sleep 1000 & kill $! && wait $!; [ $? = 143 ]']), 'exit'); if (code !== 0) throw new Error(code); return code })
process.exit(0)
"#;

#[test]
fn programs_signal_each_other_and_nobody_else() {
    as_root_and_user(|| {
        let project = Project::new();
        let mut stranger = Stranger::start();
        let script = format!("{RAW}{SIGNALS}").replace("STRANGER", &stranger.0.id().to_string());
        let probed = probe().expect("probed");
        for landlock_abi in 1..=probed.landlock_abi {
            let support = Support { landlock_abi, ..probed };
            let outcome = Run::new(&project, &["--allow-read", "--allow-run"])
                .support(support)
                .script(&script);
            for whom in ["host", "stranger", "init"] {
                for way in ["kill", "tkill", "tgkill", "queue", "queue thread"] {
                    outcome.refused(&format!("{way} {whom}"));
                }
            }
            for whom in ["host", "stranger"] {
                outcome.refused(&format!("group {whom}"));
            }
            assert!(outcome.said("nobody").starts_with("refused ESRCH"), "{outcome:?}");
            for name in [
                "self",
                "own group",
                "own group by number",
                "own thread",
                "own thread alone",
            ] {
                outcome.done(name);
            }
            outcome.done("child");
            assert_eq!(outcome.said("end"), "done SIGTERM", "{landlock_abi}");
            assert_eq!(outcome.said("queue"), "done SIGUSR1", "{landlock_abi}");
            outcome.done("shell");
        }
        assert!(stranger.0.try_wait().expect("asked").is_none(), "it was signalled");
    });
}
