//! Races: the path or address that was checked must be the one that is used.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::{Project, Run, as_root_and_user};
use crate::raw_calls::RAW;

/// How long each race lasts, in milliseconds: an escape may need many tries.
const LASTS: u32 = 3_000;

#[test]
fn a_swapped_link_never_opens_a_file_outside() {
    as_root_and_user(|| {
        let project = Project::new();
        let (link, spare) = (project.path("open/swapped"), project.path("open/spare"));
        let targets = [project.path("open/data.txt"), project.path("outside/secret.txt")];
        let over = Arc::new(AtomicBool::new(false));
        let swapping = {
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                let mut swaps = 0usize;
                while !over.load(Ordering::Acquire) {
                    std::os::unix::fs::symlink(&targets[swaps % 2], &spare).expect("linked");
                    std::fs::rename(&spare, &link).expect("renamed");
                    swaps += 1;
                }
                swaps
            })
        };
        let flag = format!("--allow-read={}", project.shown("open"));
        let outcome = Run::new(&project, &[&flag]).script(&format!(
            r#"
import fs from 'node:fs'
const count = {{ data: 0, refused: 0, absent: 0, secret: 0 }}
const until = Date.now() + {LASTS}
// The race takes longer if one of its two sides did not occur; an escape ends it at once.
for (let i = 0; Date.now() < until || (i < 1e7 && !(count.data && count.refused || count.secret)); i++) {{
  try {{ count[fs.readFileSync(`${{base}}/open/swapped`, 'utf8')]++ }}
  catch (error) {{ count[error.code === 'EACCES' ? 'refused' : 'absent']++ }}
}}
for (const [name, times] of Object.entries(count)) said(name, times)
"#
        ));
        over.store(true, Ordering::Release);
        let swaps = swapping.join().expect("swapped");
        assert_eq!(outcome.said("secret"), "0", "{outcome:?}");
        assert!(swaps > 100, "only {swaps} swaps");
        for name in ["data", "refused"] {
            assert_ne!(outcome.said(name), "0", "the race was none: {outcome:?}");
        }
    });
}

#[test]
fn a_swapped_address_never_reaches_an_unlisted_one() {
    as_root_and_user(|| {
        let project = Project::new();
        let listen = || {
            let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
            let port = listener.local_addr().expect("bound").port();
            let visits = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&visits);
            std::thread::spawn(move || {
                for _ in listener.incoming() {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            });
            (port, visits)
        };
        let ((listed, visited), (other, escaped)) = (listen(), listen());
        let flag = format!("--allow-net=127.0.0.1:{listed}");
        // Another thread flips the port in shared memory while this one connects with it.
        let outcome = Run::new(&project, &[&flag]).script(&format!(
            r#"{RAW}
const shared = new SharedArrayBuffer(16)
const bytes = new Uint8Array(shared)
bytes.set(inet('127.0.0.1', {listed}))
const flag = new SharedArrayBuffer(4)
const worker = new Worker(URL.createObjectURL(new Blob([`
  onmessage = ({{ data: [shared, flag] }}) => {{
    const words = new Uint16Array(shared), over = new Int32Array(flag)
    const swap = (port) => ((port & 255) << 8) | (port >> 8)
    const [a, b] = [swap({listed}), swap({other})]
    postMessage('go')
    while (!Atomics.load(over, 0)) {{ words[1] = b; words[1] = a }}
  }}
`])))
await new Promise((resolve) => {{ worker.onmessage = resolve; worker.postMessage([shared, flag]) }})
const address = ptr(bytes)
const count = {{ connected: 0, refused: 0, other: 0 }}
// The connection is closed at once, because lingering ones would use up the machine's ports.
const linger = new Int32Array([1, 0])
const until = Date.now() + {LASTS}
for (let i = 0; Date.now() < until || (i < 1e6 && !(count.connected && count.refused)); i++) {{
  const fd = call('socket', 2, 1, 0)
  call('setsockopt', fd, 1, 13, ptr(linger), 8)
  try {{ call('connect', fd, address, 16); count.connected++ }}
  catch (error) {{ count[error.code === 'EACCES' ? 'refused' : 'other']++ }}
  call('close', fd)
}}
Atomics.store(new Int32Array(flag), 0, 1)
for (const [name, times] of Object.entries(count)) said(name, times)
process.exit(0)
"#
        ));
        assert_eq!(escaped.load(Ordering::SeqCst), 0, "{outcome:?}");
        assert!(visited.load(Ordering::SeqCst) > 0, "{outcome:?}");
        for name in ["connected", "refused"] {
            assert_ne!(outcome.said(name), "0", "the race was none: {outcome:?}");
        }
    });
}
