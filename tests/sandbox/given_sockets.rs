//! Containers that refuse to copy descriptors: there the supervisor makes the sockets.

use std::sync::atomic::Ordering;

use toolwarden::sandbox::{SocketMaker, Support, probe};

use crate::harness::{Project, Run, as_root_and_user};
use crate::network::{CALLS, calls, server};
use crate::raw_calls::RAW;

fn in_a_container() -> Support {
    Support {
        sockets: SocketMaker::Supervisor,
        ..probe().expect("probed")
    }
}

#[test]
fn a_listed_address_is_reached_and_no_other_with_sockets_of_the_supervisor() {
    as_root_and_user(|| {
        let (project, listed, other) = (Project::new(), server(), server());
        let flag = format!("--allow-net=127.0.0.1:{}", listed.port);
        let run = Run::new(&project, &[&flag]).support(in_a_container());
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
        for flags in [&["--allow-net"][..], &[]] {
            let outcome = Run::new(&project, flags)
                .support(in_a_container())
                .script(&calls(listed.port));
            for name in CALLS {
                match flags {
                    [] => outcome.refused(name),
                    _ => outcome.done(name),
                }
            }
        }
    });
}

#[test]
fn a_closed_connection_is_closed_for_its_peer_too() {
    as_root_and_user(|| {
        let project = Project::new();
        let peer = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = peer.local_addr().expect("bound").port();
        let seen = std::thread::spawn(move || {
            let (mut connection, _) = peer.accept().expect("a connection");
            // Ends with the connection, while the tool goes on.
            std::io::Read::read_to_end(&mut connection, &mut Vec::new()).expect("read to its end")
        });
        let script = format!(
            r#"{RAW}
const fd = call('socket', 2, 1, 0)
call('connect', fd, at(inet('127.0.0.1', {port})), 16)
await attempt('again', () => call('connect', fd, at(inet('127.0.0.1', {port})), 16))
call('close', fd)
await attempt('closed', () => call('connect', fd, at(inet('127.0.0.1', {port})), 16))
await attempt('another kind', () => call('connect', 1, at(inet('127.0.0.1', {port})), 16))
await attempt('many', () => {{ for (let n = 0; n < 300; n++) call('close', call('socket', 2, 1, 0)) }})
process.exit(0)
"#
        );
        let flag = format!("--allow-net=127.0.0.1:{port}");
        let outcome = Run::new(&project, &[&flag]).support(in_a_container()).script(&script);
        assert!(outcome.said("again").starts_with("refused EISCONN"), "{outcome:?}");
        assert!(outcome.said("closed").starts_with("refused EBADF"), "{outcome:?}");
        outcome.refused("another kind");
        outcome.done("many");
        assert_eq!(seen.join().expect("read"), 0);
    });
}

#[test]
fn servers_datagrams_names_and_own_sockets_work_with_sockets_of_the_supervisor() {
    as_root_and_user(|| {
        let project = Project::new();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = taken.local_addr().expect("bound").port();
        drop(taken);
        let script = format!(
            r#"
import net from 'node:net'
import dgram from 'node:dgram'
import dns from 'node:dns/promises'
const serve = () => new Promise((resolve, reject) => {{
  const server = net.createServer((socket) => socket.end('served')).on('error', reject)
  server.listen({port}, '127.0.0.1', () => net.connect({port}, '127.0.0.1').on('error', reject).on('data', (data) => server.close(() => resolve(data))))
}})
await attempt('serve', serve)
await attempt('serve again', serve)
await attempt('name', async () => (await dns.lookup('localhost')).address)
await attempt('resolve', () => dns.resolve4('unlisted.example.com'))
await attempt('datagram', () => new Promise((resolve, reject) => {{
  const a = dgram.createSocket('udp4').on('error', reject).on('message', (text) => {{ a.close(); b.close(); resolve(text) }})
  const b = dgram.createSocket('udp4').on('error', reject)
  a.bind(0, '127.0.0.1', () => b.connect(a.address().port, '127.0.0.1', () => b.send('sent')))
}}))
await attempt('netlink', () => Object.keys((await_os).networkInterfaces()).length)
process.exit(0)
"#
        )
        .replace("(await_os)", "require('node:os')");
        let flag = format!("--allow-net=127.0.0.1:{port},localhost");
        let outcome = Run::new(&project, &[&flag]).support(in_a_container()).script(&script);
        for name in ["serve", "serve again", "name"] {
            outcome.done(name);
        }
        for name in ["resolve", "datagram"] {
            outcome.refused(name);
        }
        assert!(outcome.denied("net").contains(&"unlisted.example.com"), "{outcome:?}");
        let outcome = Run::new(&project, &["--allow-net"])
            .support(in_a_container())
            .script(&script);
        for name in ["serve", "serve again", "name", "datagram", "netlink"] {
            outcome.done(name);
        }
    });
}
