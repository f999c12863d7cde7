//! The addresses that a tool may connect to.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{Project, Run, as_root_and_user};
use crate::raw_calls::RAW;

/// An HTTP server of the host that counts its connections.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) visits: Arc<AtomicUsize>,
}

pub(crate) fn server() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("bound").port();
    let visits = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&visits);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            seen.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                let Ok(mut stream) = stream else { return };
                let mut head = [0; 4096];
                if matches!(stream.read(&mut head), Ok(1..)) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
                }
            });
        }
    });
    Server { port, visits }
}

pub(crate) fn calls(port: u16) -> String {
    format!(
        r#"
import net from 'node:net'
import http from 'node:http'
const port = {port}
const dial = (options) => new Promise((resolve, reject) => {{
  const socket = net.connect(options, () => {{ socket.destroy(); resolve('connected') }})
  socket.on('error', reject)
}})
await attempt('fetch', async () => (await fetch(`http://127.0.0.1:${{port}}/`)).text())
await attempt('net', () => dial({{ host: '127.0.0.1', port }}))
await attempt('mapped', () => dial({{ host: '::ffff:127.0.0.1', port }}))
await attempt('localhost', () => dial({{ host: 'localhost', port, family: 4 }}))
await attempt('http', () => new Promise((resolve, reject) => http.get({{ host: '127.0.0.1', port }}, (r) => {{ r.resume(); r.on('end', () => resolve(r.statusCode)) }}).on('error', reject)))
await attempt('bun', async () => {{ const s = await Bun.connect({{ hostname: '127.0.0.1', port, socket: {{ data() {{}} }} }}); s.end(); return 'connected' }})
"#
    )
}

pub(crate) const CALLS: [&str; 6] = ["fetch", "net", "mapped", "localhost", "http", "bun"];

#[test]
fn without_net_no_address_is_reached_and_the_attempts_are_recorded() {
    as_root_and_user(|| {
        let (project, server) = (Project::new(), server());
        let outcome = Run::new(&project, &["--allow-read"]).script(&calls(server.port));
        for name in CALLS {
            outcome.refused(name);
        }
        assert_eq!(
            outcome.denied("net"),
            [format!("127.0.0.1:{}", server.port)],
            "{outcome:?}"
        );
        assert_eq!(
            outcome.denials[0].flag,
            format!("--allow-net=127.0.0.1:{}", server.port)
        );
        assert_eq!(server.visits.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_listed_address_is_reached_and_no_other() {
    as_root_and_user(|| {
        let (project, listed, other) = (Project::new(), server(), server());
        let flag = format!("--allow-net=127.0.0.1:{}", listed.port);
        let run = Run::new(&project, &[&flag]);
        let outcome = run.script(&calls(listed.port));
        for name in CALLS {
            outcome.done(name);
        }
        assert!(outcome.denials.is_empty(), "{outcome:?}");
        let outcome = run.script(&calls(other.port));
        for name in CALLS {
            outcome.refused(name);
        }
        assert_eq!(other.visits.load(Ordering::SeqCst), 0);
        assert_eq!(outcome.denied("net"), [format!("127.0.0.1:{}", other.port)]);
    });
}

#[test]
fn all_of_the_network_is_all_of_it() {
    as_root_and_user(|| {
        let (project, server) = (Project::new(), server());
        let outcome = Run::new(&project, &["--allow-net"]).script(&calls(server.port));
        for name in CALLS {
            outcome.done(name);
        }
    });
}

#[test]
fn names_are_answered_only_when_they_are_listed() {
    as_root_and_user(|| {
        let (project, server) = (Project::new(), server());
        let script = r#"
import dns from 'node:dns/promises'
await attempt('fetch', async () => (await fetch('http://api.example.com:8080/')).text())
await attempt('lookup', async () => (await dns.lookup('leak.secret.example.com')).address)
await attempt('resolve4', async () => dns.resolve4('resolved.example.com'))
await attempt('resolveTxt', async () => dns.resolveTxt('txt.example.com'))
process.exit(0)
"#;
        let run = Run::new(&project, &[]);
        let outcome = run.script(script);
        for name in ["fetch", "lookup", "resolve4", "resolveTxt"] {
            outcome.refused(name);
        }
        let denied = outcome.denied("net");
        for name in ["api.example.com", "leak.secret.example.com"] {
            assert!(denied.contains(&name), "{name}: {outcome:?}");
        }
        let flag = format!("--allow-net=localhost:{}", server.port);
        let script = format!(
            "await attempt('name', async () => (await fetch('http://localhost:{}/')).text())\n{script}",
            server.port
        );
        let outcome = Run::new(&project, &[&flag]).script(&script);
        outcome.done("name");
        outcome.refused("fetch");
        let denied = outcome.denied("net");
        for name in [
            "api.example.com",
            "leak.secret.example.com",
            "resolved.example.com",
            "txt.example.com",
        ] {
            assert!(denied.contains(&name), "{name}: {outcome:?}");
        }
        let outcome = Run::new(&project, &[])
            .script("import dns from 'node:dns/promises'; await attempt('x', () => dns.resolve4('x.example.com')); process.exit(0)");
        // Without a flag Bun may not read resolv.conf, and asks by datagrams, which have no flag of their own. Where there is no
        // such file it goes by the environment, asks over TCP, and the name is seen.
        let flag = match std::path::Path::new("/etc/resolv.conf").exists() {
            true => "--allow-net",
            false => "--allow-net=x.example.com",
        };
        assert_eq!(outcome.denials[0].flag, flag, "{outcome:?}");
    });
}

#[test]
fn a_blocking_socket_does_not_stall_the_supervisor() {
    as_root_and_user(|| {
        let project = Project::new();
        // A listener whose queue is full: further connections wait.
        let full = TcpListener::bind("127.0.0.1:0").expect("bound");
        // SAFETY: no memory is passed.
        unsafe { libc::listen(std::os::fd::AsRawFd::as_raw_fd(&full), 0) };
        let at = full.local_addr().expect("bound");
        let mut fillers = Vec::new();
        for _ in 0..3 {
            fillers.push(std::net::TcpStream::connect_timeout(
                &at,
                std::time::Duration::from_millis(200),
            ));
        }
        let server = server();
        let flag = format!("--allow-net=127.0.0.1:{},127.0.0.1:{}", at.port(), server.port);
        let script = format!(
            r#"{RAW}
const code = `
  import {{ dlopen, ptr, FFIType }} from 'bun:ffi'
  const i64 = FFIType.i64
  const libc = dlopen('libc.so.6', {{ syscall: {{ args: [i64,i64,i64,i64,i64,i64,i64], returns: i64 }} }})
  const address = new Uint8Array([2, 0, {hi}, {lo}, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
  const fd = libc.symbols.syscall(${{numbers.socket}}n, 2n, 1n, 0n, 0n, 0n, 0n)
  postMessage('blocking')
  libc.symbols.syscall(${{numbers.connect}}n, fd, BigInt(ptr(address)), 16n, 0n, 0n, 0n)
  postMessage('connected')
`
let connected = 0
const started = [1, 2, 3].map(() => new Promise((resolve, reject) => {{
  const worker = new Worker(URL.createObjectURL(new Blob([code])))
  worker.onmessage = (event) => event.data === 'blocking' ? resolve() : connected++
  worker.onerror = reject
}}))
await Promise.all(started)
await attempt('fetch', async () => (await fetch('http://127.0.0.1:{port}/')).text())
said('still blocked', connected === 0)
process.exit(0)
"#,
            hi = at.port() >> 8,
            lo = at.port() & 255,
            port = server.port
        );
        let outcome = Run::new(&project, &[&flag]).script(&script);
        outcome.done("fetch");
        assert_eq!(outcome.said("still blocked"), "true", "{outcome:?}");
    });
}
