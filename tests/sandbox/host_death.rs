//! The host is killed: nothing of a worker may be left, whatever processes it started.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use toolwarden::spawn::Spawner;

use crate::harness::{Project, Run, as_root_and_user, read_line, spawn};

/// The variable that makes this process a host that waits to be killed.
const HOST: &str = "TOOLWARDEN_TEST_HOST";

#[test]
fn nothing_is_left_of_a_worker_whose_host_was_killed() {
    if std::env::var_os(HOST).is_some() {
        return be_a_host();
    }
    let test = "host_death::nothing_is_left_of_a_worker_whose_host_was_killed";
    as_root_and_user(test, || {
        let mut host = Command::new(std::env::current_exe().expect("this test"))
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(HOST, "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("a host");
        let output = BufReader::new(host.stdout.take().expect("piped"));
        let group: u32 = output
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.rsplit_once("worker ")?.1.trim().parse().ok())
            .expect("the host says its worker");
        assert!(members(group).len() >= 4, "{:?}", members(group));
        host.kill().expect("killed");
        host.wait().expect("reaped");
        // Each pipe closes when its process has ended: the loop ends when the kernel has killed all, otherwise the
        // limit of the test runner ends the test.
        while !members(group).is_empty() {
            std::thread::yield_now();
        }
    });
}

fn be_a_host() {
    let project = Project::new();
    let run = Run::new(&project, &["--allow-run"]);
    let path = run.write(
        r#"
import { spawn } from 'node:child_process'
const child = spawn('/bin/sh', ['-c', 'trap "" TERM HUP; (sleep 1000 & sleep 1000) & echo up; sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
child.on('error', (error) => said('error', error))
const other = spawn('/bin/sh', ['-c', '(trap "" TERM HUP; sleep 1000) & (sleep 1000 &) ; echo up; wait'], { stdio: ['ignore', 'pipe', 'ignore'] })
other.stdout.once('data', () => said('ready', 1))
"#,
    );
    let sandbox = run.sandbox(&path);
    let launch = run.launch(&path, Some(&sandbox));
    let spawner = Spawner::start(Some(Box::new(sandbox))).expect("a spawner");
    let child = spawn(&spawner, launch);
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        read_line(&child.stdout, &mut line);
    }
    println!("worker {}", child.process.pid());
    loop {
        std::thread::park();
    }
}

/// The running processes of a group, without zombies.
fn members(group: u32) -> Vec<PathBuf> {
    let of_group = |path: &PathBuf| {
        let stat = std::fs::read_to_string(path.join("stat")).ok()?;
        let mut fields = stat.rsplit(')').next()?.split_whitespace();
        let state = fields.next()?.to_owned();
        let of: u32 = fields.nth(1)?.parse().ok()?;
        Some(of == group && state != "Z" && state != "X")
    };
    let entries = std::fs::read_dir("/proc").expect("/proc");
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| of_group(path) == Some(true))
        .collect()
}
