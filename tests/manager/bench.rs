//! A manager in a project of its own, and the events that it reported.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toolwarden::dispatch::HostReads;
use toolwarden::error::Error;
use toolwarden::manager::{Manager, Options, RawCall};
use toolwarden::observe::{Event, Line, Observer};

/// Only a test that hangs reaches this limit.
const HANG: Duration = Duration::from_secs(30);

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Value(Option<String>),
    Failed(Box<Error>),
}

#[derive(Default)]
pub(crate) struct Told {
    pub(crate) outcomes: BTreeMap<u32, Outcome>,
    pub(crate) lines: Vec<String>,
    pub(crate) tools: Vec<Result<String, Box<Error>>>,
    pub(crate) ready: Vec<Result<(), Box<Error>>>,
    pub(crate) drains: usize,
    pub(crate) closed: usize,
    pub(crate) doorbells: Vec<OwnedFd>,
    /// The events since the last flush: no observer would have been woken for these.
    unflushed: usize,
}

#[derive(Default)]
pub(crate) struct Listener {
    told: Mutex<Told>,
    changed: Condvar,
    panics_on_lines: bool,
}

impl Listener {
    /// Runs even if the test has failed: its manager ends then and reports events.
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Listener {
    fn notify(&self, event: Event) {
        let mut told = self.lock();
        told.unflushed += 1;
        match event {
            Event::Value { call, json } => settle(&mut told, call, Outcome::Value(json)),
            Event::Failed { call, error } => settle(&mut told, call, Outcome::Failed(error)),
            Event::Tools { result, .. } => told.tools.push(result),
            Event::Ready { result, .. } => told.ready.push(result),
            Event::Drain => told.drains += 1,
            Event::Listen { doorbell } => told.doorbells.push(doorbell),
            Event::Closed => told.closed += 1,
            Event::Progress { .. } | Event::Record { .. } => {}
        }
    }

    fn line(&self, line: &Line<'_>) {
        assert!(!self.panics_on_lines, "a fault for the test");
        let mut told = self.lock();
        told.unflushed += 1;
        told.lines.push(line.text.to_owned());
    }

    fn flush(&self) {
        self.lock().unflushed = 0;
        self.changed.notify_all();
    }

    fn congested(&self) -> bool {
        false
    }

    fn wants_logs(&self) -> bool {
        true
    }

    fn wants_records(&self) -> bool {
        false
    }
}

fn settle(told: &mut Told, call: u32, outcome: Outcome) {
    assert!(
        told.outcomes.insert(call, outcome).is_none(),
        "call {call} was settled twice"
    );
}

pub(crate) struct Bench {
    manager: Option<Manager>,
    listener: Arc<Listener>,
    project: tempfile::TempDir,
}

pub(crate) fn bun() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/bun/bin/bun.exe")
}

/// A runtime that is a shell script: `frame KIND BODY` writes a frame, and `ready BODY` and `pong` write the two that
/// make it ready.
pub(crate) fn fake(script: &str) -> String {
    format!(
        r#"#!/bin/sh
byte() {{ printf "\\$(printf %03o "$1")" >&3; }}
frame() {{ length=$((${{#2}} + 1)); byte $((length % 256)); byte $((length / 256)); byte 0; byte 0; byte "$1"; printf %s "$2" >&3; }}
ready() {{ frame 129 "$1"; }}
pong() {{ frame 136 ''; }}
{script}
"#
    )
}

impl Bench {
    pub(crate) fn new(tools: &str, config: &Value) -> Self {
        Self::open(tools, None, config, Listener::default(), None)
    }

    pub(crate) fn with_runtime(script: &str, config: &Value) -> Self {
        Self::open("", Some(script), config, Listener::default(), None)
    }

    pub(crate) fn panicking(tools: &str, config: &Value) -> Self {
        let listener = Listener {
            panics_on_lines: true,
            ..Listener::default()
        };
        Self::open(tools, None, config, listener, None)
    }

    /// A manager whose host has a thread that can watch `reads`.
    pub(crate) fn watched(tools: &str, config: &Value, reads: HostReads) -> Self {
        Self::open(tools, None, config, Listener::default(), Some(reads))
    }

    fn open(tools: &str, runtime: Option<&str>, config: &Value, listener: Listener, reads: Option<HostReads>) -> Self {
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join("tools.ts"), tools).unwrap();
        let runtime = match runtime {
            None => bun(),
            Some(script) => {
                let path = project.path().join("runtime");
                std::fs::write(&path, script).unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
                path
            }
        };
        let mut given = json!({ "sandbox": "off", "runtimePath": runtime });
        for (name, value) in config.as_object().unwrap() {
            given[name] = value.clone();
        }
        let options: Options = serde_json::from_str(
            &json!({
                "workingDir": project.path(), "config": given, "hostDirs": [], "path": "/usr/bin:/bin",
                "env": { "PATH": "/usr/bin:/bin" },
            })
            .to_string(),
        )
        .unwrap();
        let listener = Arc::new(listener);
        let manager = Manager::open(&options, Arc::clone(&listener) as Arc<dyn Observer>, reads).unwrap();
        Self {
            manager: Some(manager),
            listener,
            project,
        }
    }

    pub(crate) fn manager(&self) -> &Manager {
        self.manager.as_ref().unwrap()
    }

    pub(crate) fn drop_manager(&mut self) {
        self.manager = None;
    }

    pub(crate) fn execute(&self, asked: RawCall<'_>) -> Result<(), Box<Error>> {
        match self.manager().execute([asked].into_iter()).pop() {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Waits until `find` returns a value for the events that were reported and flushed.
    pub(crate) fn until<R>(&self, what: &str, mut look: impl FnMut(&mut Told) -> Option<R>) -> R {
        let limit = Instant::now() + HANG;
        let mut told = self.listener.lock();
        loop {
            if told.unflushed == 0
                && let Some(found) = look(&mut told)
            {
                return found;
            }
            let left = limit.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "hung: {what}; {} {}",
                told.unflushed,
                self.manager().stats()
            );
            told = self.listener.changed.wait_timeout(told, left).unwrap().0;
        }
    }

    pub(crate) fn outcome(&self, number: u32) -> Outcome {
        self.until(&format!("call {number}"), |told| told.outcomes.remove(&number))
    }

    /// Waits for a printed line that contains this.
    pub(crate) fn line(&self, text: &str) -> String {
        self.until(text, |told| told.lines.iter().find(|line| line.contains(text)).cloned())
    }

    /// Waits for a condition that causes no event.
    pub(crate) fn until_stats(&self, holds: impl Fn(&Value) -> bool) {
        let limit = Instant::now() + HANG;
        while !holds(&serde_json::from_str(&self.manager().stats()).unwrap()) {
            assert!(Instant::now() < limit, "hung: {}", self.manager().stats());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.project.path().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.project.path().join(name)).unwrap()
    }

    pub(crate) fn closed(&self) {
        self.until("the end", |told| (told.closed > 0).then_some(()));
    }
}

pub(crate) fn call(number: u32, tool: &str) -> RawCall<'_> {
    RawCall {
        number,
        tool,
        input: Some("1"),
        ..RawCall::default()
    }
}

/// The child processes of this one; nextest runs each test in a process of its own.
#[cfg(not(target_os = "linux"))]
pub(crate) fn children() -> Vec<u32> {
    let ps = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,ppid="])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (itself, own) = (ps.id(), std::process::id());
    let output = ps.wait_with_output().unwrap();
    let numbers = |line: &str| -> Option<(u32, u32)> {
        let (pid, parent) = line.trim().split_once(' ')?;
        Some((pid.parse().ok()?, parent.trim().parse().ok()?))
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let children = text.lines().filter_map(numbers).filter(|(_, parent)| *parent == own);
    children.map(|(pid, _)| pid).filter(|pid| *pid != itself).collect()
}

/// The child processes of this one; nextest runs each test in a process of its own.
#[cfg(target_os = "linux")]
pub(crate) fn children() -> Vec<u32> {
    let own = std::process::id().to_string();
    let parent = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        parent.map(str::trim) == Some(own.as_str())
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(parent).collect()
}
