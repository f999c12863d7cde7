//! Sockets made by raw system calls, and servers.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::sync::atomic::Ordering;

use crate::harness::{Outcome, Project, Run, as_root_and_user};
use crate::network::server;
use crate::raw_calls::RAW;

fn raw(tcp: u16, udp: u16, base: &str) -> String {
    format!(
        r#"{RAW}
const tcp = at(inet('127.0.0.1', {tcp})), udp = at(inet('127.0.0.1', {udp}))
const body = text('stolen')
const bytes = (string) => [...new TextEncoder().encode(string)]
const unix = (path) => [at([1, 0, ...bytes(path), 0]), bytes(path).length + 3]
const words = (...values) => at(new Uint8Array(new BigUint64Array(values.map(BigInt)).buffer))
const stream = () => call('socket', 2, 1, 0)
await attempt('connect', () => call('connect', stream(), tcp, 16))
await attempt('fastopen', () => call('sendto', stream(), body, 6, 0x20000000, tcp, 16))
await attempt('fastopen message', () => call('sendmsg', stream(), words(tcp, 16, words(body, 6), 1, 0, 0, 0), 0x20000000))
await attempt('fastopen connect', () => {{
  const s = stream(); call('setsockopt', s, 6, 30, at([1, 0, 0, 0]), 4)
  try {{ call('connect', s, tcp, 16) }} catch {{ }}
  return call('sendto', s, body, 6, 0x4000, tcp, 16)
}})
await attempt('mptcp', () => call('connect', call('socket', 2, 1, 262), tcp, 16))
await attempt('udp connect', () => call('connect', call('socket', 2, 2, 0), udp, 16))
await attempt('udp send', () => call('sendto', call('socket', 2, 2, 0), body, 6, 0, udp, 16))
await attempt('listen', () => call('listen', stream(), 5))
await attempt('bind', () => {{ const s = stream(); call('bind', s, at(inet('0.0.0.0', 0)), 16); return call('listen', s, 5) }})
await attempt('unix', () => call('connect', call('socket', 1, 1, 0), ...unix('{base}open/stream')))
await attempt('abstract', () => call('connect', call('socket', 1, 1, 0), at([1, 0, 0, ...bytes('toolwarden-{tcp}')]), 3 + 'toolwarden-{tcp}'.length))
await attempt('channel', () => call('connect', 3, tcp, 16))
await attempt('pair datagram', () => {{
  const pair = new Uint8Array(8); call('socketpair', 1, 2, 0, at(pair))
  return call('sendto', new Int32Array(pair.buffer)[0], body, 6, 0, ...unix('{base}open/datagram'))
}})
await attempt('pair stream', () => call('socketpair', 1, 1, 0, at(new Uint8Array(8))))
const messages = () => {{ const pair = new Uint8Array(8); call('socketpair', 1, 5, 0, at(pair)); return new Int32Array(pair.buffer)[0] }}
await attempt('pair messages', messages)
await attempt('away connect', () => call('connect', messages(), ...unix('{base}open/stream')))
await attempt('away send', () => call('sendto', messages(), body, 6, 0, ...unix('{base}open/datagram')))
for (const family of [3, 4, 9, 15, 17, 21, 26, 29, 30, 31, 38, 40, 43, 44]) await attempt('family ' + family, () => call('socket', family, family === 38 ? 5 : 3, 0))
process.exit(0)
"#
    )
}

const INTERNET: [&str; 9] = [
    "connect",
    "fastopen",
    "fastopen message",
    "fastopen connect",
    "mptcp",
    "udp connect",
    "udp send",
    "listen",
    "bind",
];
const UNIX: [&str; 3] = ["unix", "abstract", "pair datagram"];

#[test]
fn raw_calls_get_nowhere_without_net_and_with_a_list() {
    as_root_and_user(|| {
        let (project, target, other) = (Project::new(), server(), server());
        let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
        let _stream = UnixListener::bind(project.path("open/stream")).expect("bound");
        let _abstract = abstract_listener(&format!("toolwarden-{}", target.port));
        let datagram = UnixDatagram::bind(project.path("open/datagram")).expect("bound");
        datagram.set_nonblocking(true).expect("set");
        for name in ["open/datagram", "open/stream"] {
            std::fs::set_permissions(project.path(name), PermissionsExt::from_mode(0o777)).expect("open to all");
        }
        let script = raw(target.port, udp.local_addr().expect("bound").port(), &project.shown(""));
        let flag = format!("--allow-net=127.0.0.1:{}", other.port);
        for flags in [
            vec!["--allow-read"],
            vec!["--allow-read", "--allow-write"],
            vec![flag.as_str()],
        ] {
            let outcome = Run::new(&project, &flags).script(&script);
            for name in INTERNET.iter().chain(&UNIX).chain(&["channel"]) {
                outcome.refused(name);
            }
            outcome.done("pair stream");
            outcome.done("pair messages");
            not_led_away(&outcome);
            for (name, said) in outcome.said.iter().filter(|(name, _)| name.starts_with("family")) {
                assert!(said.contains("EACCES"), "{name}: {said}");
            }
        }
        assert_eq!(target.visits.load(Ordering::SeqCst), 0);
        assert_eq!(other.visits.load(Ordering::SeqCst), 0);
        assert!(datagram.recv(&mut [0; 16]).is_err());

        for flags in [
            vec!["--allow-net"],
            vec!["--allow-net", "--allow-write", "--allow-read"],
        ] {
            let outcome = Run::new(&project, &flags).script(&script);
            for name in INTERNET.iter().filter(|name| !name.starts_with("fastopen")) {
                outcome.done(name);
            }
            for name in INTERNET.iter().filter(|name| name.starts_with("fastopen")) {
                outcome.refused(name);
            }
            for name in UNIX {
                outcome.refused(name);
            }
            not_led_away(&outcome);
            let stream = format!("unix:{}", project.path("open/stream").display());
            assert_eq!(outcome.denied("net"), [stream.as_str()], "{outcome:?}");
        }
        assert!(datagram.recv(&mut [0; 16]).is_err());

        // A flag of either kind allows the listed port and no other.
        let unix = format!("--allow-net=unix:{}", project.path("open/stream").display());
        for flags in [vec![unix.as_str()], vec!["--allow-net", unix.as_str(), "--allow-write"]] {
            let outcome = Run::new(&project, &flags).script(&script);
            outcome.done("unix");
            outcome.refused("abstract");
            outcome.refused("pair datagram");
            not_led_away(&outcome);
        }
        let none = format!("--allow-net=unix:{}", project.path("open/none").display());
        Run::new(&project, &[none.as_str()]).script(&script).refused("unix");
    });
}

/// A socket pair is connected for good. Its messages have no address, as the receiver of the datagram sees.
fn not_led_away(outcome: &Outcome) {
    assert!(!outcome.said("away connect").starts_with("done"), "{outcome:?}");
}

fn abstract_listener(name: &str) -> UnixListener {
    use std::os::linux::net::SocketAddrExt;
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name).expect("a name");
    UnixListener::bind_addr(&address).expect("bound")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .expect("bound")
        .local_addr()
        .expect("bound")
        .port()
}

#[test]
fn a_server_listens_where_it_is_allowed() {
    as_root_and_user(|| {
        let project = Project::new();
        let (port, other) = (free_port(), free_port());
        let script = format!(
            r#"
import http from 'node:http'
const serve = (hostname, port) => Bun.serve({{ hostname, port, fetch: () => new Response('served') }})
await attempt('allowed', async () => {{ const s = serve('127.0.0.1', {port}); const answer = await (await fetch('http://127.0.0.1:{port}/')).text(); await s.stop(true); return answer }})
await attempt('other', () => {{ serve('127.0.0.1', {other}).stop(true) }})
await attempt('any', () => {{ serve('0.0.0.0', {port}).stop(true) }})
await attempt('node', () => new Promise((resolve, reject) => {{ const s = http.createServer().on('error', reject); s.listen({other}, '127.0.0.1', () => {{ s.close(); resolve('') }}) }}))
process.exit(0)
"#
        );
        let flag = format!("--allow-net=127.0.0.1:{port}");
        let outcome = Run::new(&project, &[&flag]).script(&script);
        assert_eq!(outcome.said("allowed"), "done served", "{outcome:?}");
        for name in ["other", "any", "node"] {
            outcome.refused(name);
        }
        let outcome = Run::new(&project, &["--allow-net"]).script(&script);
        for name in ["allowed", "other", "any", "node"] {
            outcome.done(name);
        }
    });
}
