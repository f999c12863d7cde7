//! Programs that a tool starts, and the rules that keep them from outliving the worker.

use std::path::Path;
use std::sync::Arc;

use toolwarden::spawn::Spawner;

use crate::harness::{Project, Run, as_root_and_user, drained, read_line, spawn};
use crate::raw_calls::{LOADER, RAW};

const STARTS: &str = r#"
import { spawnSync, execSync, spawn, fork } from 'node:child_process'
const node = (command, args) => { const r = spawnSync(command, args); if (r.error) throw r.error; return `${r.status} ${r.stdout}`.trim() }
await attempt('node true', () => node('true', []))
await attempt('node sh', () => node('/bin/sh', ['-c', 'echo hi']))
await attempt('async', () => new Promise((resolve, reject) => spawn('true').on('error', reject).on('exit', resolve)))
await attempt('bun true', () => Bun.spawnSync(['true']).exitCode)
await attempt('bun shell', async () => (await Bun.$`/bin/cat /dev/null`.quiet()).exitCode)
await attempt('self', () => node(process.execPath, ['-e', '1']))
"#;

const ALL: [&str; 6] = ["node true", "node sh", "async", "bun true", "bun shell", "self"];

#[test]
fn without_run_no_program_starts_and_the_record_names_it() {
    as_root_and_user(|| {
        let project = Project::new();
        let outcome = Run::new(&project, &["--allow-read", "--allow-write"]).script(STARTS);
        for name in ALL {
            outcome.refused(name);
        }
        let denied = outcome.denied("run");
        let named = |name: &str| denied.iter().any(|path| path.ends_with(name));
        assert!(!denied.is_empty(), "{outcome:?}");
        assert!(named("/true") && named("/sh"), "{outcome:?}");
        let one = Run::new(&project, &[]).script("await attempt('x', () => Bun.spawnSync(['true']).exitCode)");
        assert_eq!(one.denied("run").len(), 1, "{one:?}");
        assert_eq!(one.denials[0].flag, "--allow-run=true", "{one:?}");
    });
}

#[test]
fn a_list_allows_the_programs_that_it_names() {
    as_root_and_user(|| {
        let project = Project::new();
        let outcome = Run::new(&project, &["--allow-read", "--allow-run=true"]).script(STARTS);
        for name in ["node true", "async", "bun true", "self"] {
            outcome.done(name);
        }
        for name in ["node sh", "bun shell"] {
            outcome.refused(name);
        }
        let denied = outcome.denied("run");
        assert!(
            denied.iter().any(|path| Path::new(path)
                .file_name()
                .is_some_and(|name| name == "dash" || name == "sh" || name == "bash")),
            "{outcome:?}"
        );
        assert!(denied.iter().any(|path| path.ends_with("/cat")), "{outcome:?}");
        let outcome = Run::new(&project, &["--allow-run"]).script(STARTS);
        for name in ALL {
            outcome.done(name);
        }
    });
}

#[test]
fn a_listed_program_starts_itself_by_its_proc_path() {
    as_root_and_user(|| {
        let project = Project::new();
        // The host's own /proc/self is this test's process, whose program no flag names.
        let again = r#"
import { spawnSync } from 'node:child_process'
const sh = (script) => { const r = spawnSync('/bin/sh', ['-c', script]); if (r.status !== 0) throw new Error(String(r.stderr)); return String(r.stdout) }
await attempt('self', () => sh('exec /proc/self/exe -c "echo again"'))
await attempt('thread', () => sh('exec /proc/thread-self/exe -c "echo again"'))
"#;
        let outcome = Run::new(&project, &["--allow-run=sh"]).script(again);
        for name in ["self", "thread"] {
            assert_eq!(outcome.said(name), "done again\n", "{outcome:?}");
        }
        assert!(outcome.denied("run").is_empty(), "{outcome:?}");
    });
}

#[test]
fn a_script_brings_its_interpreter() {
    as_root_and_user(|| {
        let project = Project::new();
        let script = project.path("open/tool");
        std::fs::write(&script, "#!/bin/sh\necho ran\n").expect("written");
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
        let attack = format!(
            "import {{ spawnSync }} from 'node:child_process'
const run = (path) => {{ const r = spawnSync(path); if (r.error) throw r.error; return r.stdout }}
await attempt('tool', () => run('{0}'))
await attempt('cat', () => run('cat'))",
            script.display()
        );
        let flag = format!("--allow-run={}", script.display());
        let outcome = Run::new(&project, &[&flag]).script(&attack);
        assert_eq!(outcome.said("tool"), "done ran\n", "{outcome:?}");
        outcome.refused("cat");
    });
}

#[test]
fn programs_are_restricted_by_the_same_policy() {
    as_root_and_user(|| {
        let project = Project::new();
        let attack = r#"
import { spawnSync } from 'node:child_process'
const sh = (script) => { const r = spawnSync('/bin/sh', ['-c', script]); if (r.error) throw r.error; if (r.status) throw new Error(String(r.stderr)); return String(r.stdout) }
await attempt('read', () => sh(`cat ${base}/outside/secret.txt`))
await attempt('write', () => sh(`echo x > ${base}/outside/secret.txt`))
await attempt('environ', () => sh(`cat /proc/${hostPid}/environ`))
await attempt('kill', () => sh(`kill -CONT ${hostPid}`))
await attempt('setsid', () => sh(`setsid true`))
await attempt('own', () => sh(`cat attack.mjs | wc -c`))
"#;
        let outcome = Run::new(&project, &["--allow-run"]).script(attack);
        outcome.done("own");
        for name in ["read", "write", "environ", "kill", "setsid"] {
            outcome.refused(name);
        }
        assert_eq!(
            std::fs::read_to_string(project.path("outside/secret.txt")).expect("read"),
            "secret"
        );
        let flag = format!("--allow-read={}", project.shown("outside"));
        Run::new(&project, &["--allow-run", &flag]).script(attack).done("read");
    });
}

#[test]
fn a_runtime_and_a_shell_read_their_own_proc_entries_and_no_others() {
    as_root_and_user(|| {
        let project = Project::new();
        let attack = r#"
import { spawnSync } from 'node:child_process'
const run = (command, args) => { const r = spawnSync(command, args); if (r.error) throw r.error; if (r.status !== 0) throw new Error(`${r.status} ${r.signal} ${r.stderr}`); return String(r.stdout).trim() }
const sh = (script) => run('/bin/sh', ['-c', script])
await attempt('runtime', () => run(process.execPath, ['-e', 'console.log(process.memoryUsage().rss > 0)']))
await attempt('parent', () => sh(`cat /proc/${process.pid}/cmdline /proc/${process.pid}/maps | wc -c`))
await attempt('shell', () => sh('cat /proc/$$/status /proc/self/mountinfo /proc/mounts /proc/meminfo | wc -c'))
await attempt('list', () => sh('ls /proc && ls /proc/self/task /proc/self/fd'))
for (const entry of ['cmdline', 'status', 'maps', 'limits', 'stat', 'net/tcp', 'root/etc/passwd'])
  await attempt(`host ${entry}`, () => sh(`cat /proc/${hostPid}/${entry}`))
await attempt('climb', () => sh(`cat /proc/self/task/../../${hostPid}/cmdline`))
await attempt('cd', () => sh(`cd /proc/${hostPid} && cat cmdline`))
await attempt('net', () => sh('cat /proc/net/tcp'))
await attempt('environ', () => sh('cat /proc/self/environ'))
await attempt('writes', () => sh('echo 1 > /proc/self/oom_score_adj'))
"#;
        for flags in [&["--allow-run"][..], &["--allow-run", "--allow-read"]] {
            let outcome = Run::new(&project, flags).script(attack);
            for name in ["runtime", "parent", "shell", "list"] {
                outcome.done(name);
            }
            let others = outcome.said.keys().filter(|name| name.starts_with("host "));
            for name in others
                .map(String::as_str)
                .chain(["climb", "cd", "net", "environ", "writes"])
            {
                outcome.refused(name);
            }
        }
    });
}

#[test]
fn descendants_end_with_the_group() {
    as_root_and_user(|| {
        let project = Project::new();
        let run = Run::new(&project, &["--allow-run"]);
        let path = run.write(
            r#"
import { spawn } from 'node:child_process'
spawn('/bin/sh', ['-c', '(trap "" TERM HUP; sleep 1000 & (sleep 1000 & sleep 1000) & wait) & trap "" TERM; sleep 1000'], { stdio: 'ignore' })
spawn('/bin/sh', ['-c', 'setsid sleep 1000; sleep 1000'], { stdio: 'ignore', detached: true }).on('error', () => {})
setTimeout(() => said('ready', 1), 300)
setInterval(() => {}, 1000)
"#,
        );
        let sandbox = run.sandbox(&path);
        let launch = run.launch(&path, Some(&sandbox));
        let spawner = Spawner::start(Some(Box::new(sandbox))).expect("a spawner");
        let child = spawn(&spawner, launch);
        let mut line = String::new();
        crate::harness::read_line(&child.stdout, &mut line);
        assert!(line.contains("ready"), "{line}");
        assert!(members(child.process.pid()) >= 4, "the script started its programs");
        child.process.kill_group();
        while child.process.try_reap().is_none() {
            std::thread::yield_now();
        }
        while !child.process.group_gone() {
            std::thread::yield_now();
        }
    });
}

/// The processes of a group.
fn members(group: u32) -> usize {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let groups = entries.filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        stat.rsplit(')').next()?.split_whitespace().nth(2)?.parse::<u32>().ok()
    });
    groups.filter(|of| *of == group).count()
}

/// The one program that a process may become is not forgotten while it lives, although more start after it than the
/// supervisor once remembered.
#[test]
fn a_process_becomes_nothing_else_after_thousands_of_others() {
    const OTHERS: usize = 4200;
    const BECOME: &str = r#"
const started = () => Bun.spawnSync([loader, '/bin/echo', 'ran']).stdout.toString().trim()
const become = () => {
  const strings = [loader, '/bin/echo', 'ran'].map(text)
  const argv = at(new Uint8Array(new BigUint64Array([...strings, 0].map(BigInt)).buffer))
  return call('execve', strings[0], argv, at(new Uint8Array(8)))
}
"#;
    as_root_and_user(|| {
        let project = Project::new();
        let twin = format!("{RAW}{BECOME}\nawait attempt('twin', started)");
        let flags = ["--allow-read", &format!("--allow-run={LOADER},/bin/echo")];
        let outcome = Run::new(&project, &flags).script(&twin);
        assert_eq!(outcome.said("twin"), "done ran", "{outcome:?}");

        let run = Run::new(&project, &["--allow-read"]);
        let now = project.shown("now");
        let path = run.write(&format!(
            r#"{RAW}{BECOME}
import {{ existsSync }} from 'node:fs'
said('waits', 'yes')
while (!existsSync('{now}')) await Bun.sleep(10)
await attempt('loader', become)
"#
        ));
        let sandbox = run.sandbox(&path);
        let launch = run.launch(&path, Some(&sandbox));
        let spawner = Spawner::start(Some(Box::new(sandbox))).expect("a spawner");
        let first = spawn(&spawner, Arc::clone(&launch));
        let mut line = String::new();
        read_line(&first.stdout, &mut line);
        assert!(line.contains("waits"), "{line}");
        for _ in 0..OTHERS {
            drop(spawn(&spawner, Arc::clone(&launch)));
        }
        std::fs::write(project.path("now"), "").expect("written");
        let (said, stderr) = drained(first);
        assert!(said.contains(r#"{"loader":"refused EACCES"#), "{said} {stderr}");
    });
}

#[test]
fn raw_calls_start_nothing() {
    as_root_and_user(|| {
        let project = Project::new();
        let attack = format!(
            r#"{RAW}
await attempt('fork', () => call('fork'))
await attempt('vfork', () => call('vfork'))
await attempt('clone', () => call('clone', 17, 0, 0, 0, 0))
await attempt('clone vm', () => call('clone', 0x4111, 0, 0, 0, 0))
await attempt('clone newns', () => call('clone', 0x00020011, 0, 0, 0, 0))
await attempt('clone newuser', () => call('clone', 0x10000011, 0, 0, 0, 0))
await attempt('clone3', () => call('clone3', at(new Uint8Array(88)), 88))
await attempt('execveat', () => call('execveat', -100, text('/bin/true'), 0, 0, 0))
await attempt('execve', () => call('execve', text('/bin/true'), 0, 0))
await attempt('loader', () => {{
  const strings = [loader, '/bin/echo', 'ran'].map(text)
  const argv = at(new Uint8Array(new BigUint64Array([...strings, 0].map(BigInt)).buffer))
  return call('execve', strings[0], argv, at(new Uint8Array(8)))
}})
await attempt('itself', () => call('execve', text(process.execPath), 0, 0))
await attempt('memfd', () => call('memfd_create', text('x'), 0))
process.exit(0)
"#
        );
        let outcome = Run::new(&project, &["--allow-read", "--allow-write", "--allow-net"]).script(&attack);
        for (name, code) in [
            ("fork", "EACCES"),
            ("vfork", "EACCES"),
            ("clone", "EACCES"),
            ("clone vm", "EACCES"),
            ("clone newns", "EPERM"),
            ("clone newuser", "EPERM"),
            ("clone3", "ENOSYS"),
            ("execveat", "ENOSYS"),
            ("execve", "EACCES"),
            ("loader", "EACCES"),
            ("itself", "EACCES"),
            ("memfd", "ENOSYS"),
        ] {
            assert!(
                outcome.said(name).starts_with(&format!("refused {code}")),
                "{name}: {outcome:?}"
            );
        }
    });
}

#[test]
fn a_readable_program_starts_through_the_loader_only_with_run() {
    as_root_and_user(|| {
        let project = Project::new();
        let attack = format!(
            r#"{RAW}
const strings = [loader, '/bin/echo', JSON.stringify({{ loader: 'done' }})].map(text)
const argv = at(new Uint8Array(new BigUint64Array([...strings, 0].map(BigInt)).buffer))
await attempt('loader', () => call('execve', strings[0], argv, at(new Uint8Array(8))))
process.exit(0)
"#
        );
        Run::new(&project, &["--allow-read"]).script(&attack).refused("loader");
        Run::new(&project, &["--allow-read", "--allow-run"])
            .script(&attack)
            .done("loader");
    });
}
