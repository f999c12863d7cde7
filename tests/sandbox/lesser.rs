//! Older kernels, hosts with fewer rights, Node, and descriptors that the host leaves open.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use toolwarden::sandbox::{Lack, Support, probe};

use crate::harness::{Project, Run, as_root_and_user};
use crate::network::server;
use crate::raw_calls::RAW;

const BASICS: &str = r#"
import fs from 'node:fs'
import net from 'node:net'
import { spawnSync } from 'node:child_process'
const dial = (port) => new Promise((resolve, reject) => net.connect({ host: '127.0.0.1', port }, () => resolve('')).on('error', reject))
await attempt('package', () => fs.readFileSync('attack.mjs').length)
await attempt('read', () => fs.readFileSync(`${base}/open/data.txt`, 'utf8'))
await attempt('environ', () => fs.readFileSync(`/proc/${hostPid}/environ`).length)
await attempt('write', () => fs.writeFileSync(`${base}/open/new.txt`, 'x'))
await attempt('run', () => { const r = spawnSync('true'); if (r.error) throw r.error })
await attempt('kill', () => process.kill(hostPid, 'SIGCONT'))
await attempt('kill init', () => process.kill(1, 0))
await attempt('kill self', () => process.kill(process.pid, 0))
await attempt('net', () => dial(PORT))
process.exit(0)
"#;

fn basics(port: u16) -> String {
    BASICS.replace("PORT", &port.to_string())
}

#[test]
fn every_supported_abi_enforces_the_same() {
    as_root_and_user(|| {
        let (project, server) = (Project::new(), server());
        let script = basics(server.port);
        let read = format!("--allow-read={}", project.shown("open"));
        let write = format!("--allow-write={}", project.shown("open"));
        let net = format!("--allow-net=127.0.0.1:{}", server.port);
        let probed = probe().expect("probed");
        for landlock_abi in 1..=probed.landlock_abi {
            for listener in [true, false] {
                let support = Support {
                    landlock_abi,
                    listener,
                    ..probed
                };
                let outcome = Run::new(&project, &[]).support(support).script(&script);
                for name in ["read", "environ", "write", "run", "kill", "kill init", "net"] {
                    outcome.refused(name);
                }
                for name in ["package", "kill self"] {
                    outcome.done(name);
                }
                assert_eq!(outcome.denials.is_empty(), !listener, "{outcome:?}");
                let outcome = Run::new(&project, &[&read, &write, "--allow-net"])
                    .support(support)
                    .script(&script);
                for name in ["read", "write", "net"] {
                    outcome.done(name);
                }
                outcome.refused("run");
            }
            let support = Support {
                landlock_abi,
                listener: true,
                ..probed
            };
            Run::new(&project, &[&net]).support(support).script(&script).done("net");
        }
    });
}

#[test]
fn permissions_that_a_kernel_cannot_enforce_are_refused_by_name() {
    let project = Project::new();
    let probed = probe().expect("probed");
    let refused = |flags: &[&str], support| {
        let run = Run::new(&project, flags).support(support);
        let path = run.write("");
        let Err(error) = toolwarden::sandbox::prepare(run.policy(&path), &support) else {
            panic!("prepared")
        };
        format!("{} {}", error.code.as_str(), error.message)
    };
    let old = refused(
        &["--allow-run=true"],
        Support {
            landlock_abi: 5,
            listener: false,
            ..probed
        },
    );
    assert!(
        old.contains("ERR_SANDBOX_UNAVAILABLE") && old.contains("Landlock ABI 6"),
        "{old}"
    );
    let deaf = refused(
        &["--allow-net=127.0.0.1:80"],
        Support {
            landlock_abi: 1,
            listener: false,
            ..probed
        },
    );
    assert!(
        deaf.contains("ERR_SANDBOX_UNAVAILABLE") && deaf.contains("user notification"),
        "{deaf}"
    );
    for (lack, named) in [
        (Lack::Listener, "a listener"),
        (Lack::Memory, "process_vm_readv"),
        (Lack::Sockets, "pidfd_getfd"),
    ] {
        let lacking = Support {
            listener: false,
            lack: Some(lack),
            ..probed
        };
        let message = refused(&["--allow-net=127.0.0.1:80"], lacking);
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn node_is_restricted_in_the_same_way() {
    as_root_and_user(|| {
        let (project, server) = (Project::new(), server());
        let script = basics(server.port);
        let outcome = Run::new(&project, &[]).node().script(&script);
        for name in ["read", "environ", "write", "run", "kill", "kill init", "net"] {
            outcome.refused(name);
        }
        outcome.done("package");
        outcome.done("kill self");
        let run = outcome.denied("run");
        assert!(!run.is_empty(), "{outcome:?}");
        assert!(run.iter().any(|path| path.ends_with("/true")), "{outcome:?}");
        assert_eq!(outcome.denied("net"), [format!("127.0.0.1:{}", server.port)]);
        let read = format!("--allow-read={}", project.shown("open"));
        let write = format!("--allow-write={}", project.shown("open"));
        let net = format!("--allow-net=127.0.0.1:{}", server.port);
        let outcome = Run::new(&project, &[&read, &write, &net, "--allow-run=true"])
            .node()
            .script(&script);
        for name in ["package", "read", "write", "run", "net"] {
            outcome.done(name);
        }
        let script = r#"
import dns from 'node:dns/promises'
await attempt('fetch', async () => (await fetch('http://api.example.com/')).status)
await attempt('lookup', () => dns.lookup('db.example.com'))
await attempt('resolve', () => dns.resolve4('other.example.com'))
process.exit(0)
"#;
        let outcome = Run::new(&project, &[&net]).node().script(script);
        for name in ["fetch", "lookup", "resolve"] {
            outcome.refused(name);
        }
        assert_eq!(
            outcome.denied("net"),
            ["api.example.com", "db.example.com", "other.example.com"],
            "{outcome:?}"
        );
    });
}

#[test]
fn the_hosts_descriptors_are_not_inherited() {
    as_root_and_user(|| {
        let project = Project::new();
        let secret = std::fs::File::open(project.path("outside/secret.txt")).expect("opened");
        // Without close-on-exec, as a careless library of the host would leave it.
        // SAFETY: no memory is passed; the descriptor is new and ours.
        let careless = unsafe { OwnedFd::from_raw_fd(libc::dup(secret.as_raw_fd())) };
        let attack = format!(
            r#"{RAW}
import fs from 'node:fs'
const host = []
for (let fd = 0; fd < 1024; fd++) try {{ const s = fs.fstatSync(fd); if (s.isFile() || s.isDirectory()) host.push(fd) }} catch {{ }}
said('files', host)
process.exit(0)
"#
        );
        assert!(careless.as_raw_fd() > 3);
        let outcome = Run::new(&project, &["--allow-read"]).script(&attack);
        assert_eq!(outcome.said("files"), "", "{outcome:?}");
    });
}

#[test]
fn sandboxes_start_side_by_side() {
    as_root_and_user(|| {
        let handles: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    let project = Project::new();
                    Run::new(&project, &[]).script("await attempt('x', () => 1)").done("x");
                })
            })
            .collect();
        for handle in handles {
            handle.join().expect("held");
        }
    });
}
