//! Plays the parts of the processes, of the callers and of time in the model of the engine.

use std::time::Duration;

use super::Request;
use super::event::{Ended, Event};
use super::model_steps_test::Step;
use super::model_world_test::{Asked, GROUPS, Process, World, pick};
use super::state::Closing;
use super::usage::CROWD;
use crate::config::{RetryOn, RetryPolicy};
use crate::dispatch::facts::{StartFault, TerminationReason};
use crate::pool::{GroupId, WorkerId};
use crate::spawn::{DiskUsage, Exit, Usage};
use crate::validate::{CallEnv, ExecId, InputText, ToolId};
use crate::worker::frame::{FrameError, FromWorker, ResultFrame, Retry, Status};
use crate::worker::protocol::PROTOCOL;

impl World {
    fn frame(&mut self, worker: WorkerId, frame: FromWorker<'_>) {
        self.on(Event::Frame { worker, frame });
    }

    /// A call that a living process was sent.
    fn serving(&self, at: usize) -> Option<(WorkerId, u32, [u8; 16], bool)> {
        let serving: Vec<_> = self
            .processes
            .iter()
            .filter(|(_, process)| !process.silent)
            .flat_map(|(worker, process)| {
                process
                    .calls
                    .iter()
                    .map(|(number, (nonce, entered))| (*worker, *number, *nonce, *entered))
            })
            .collect();
        pick(&serving, at)
    }

    pub(super) fn apply(&mut self, step: &Step) {
        match *step {
            Step::Submit { on, timeout_ms, group } => self.submit(on, timeout_ms, GROUPS[usize::from(group)]),
            Step::Cancel(at) => {
                let open: Vec<u32> = self
                    .calls
                    .keys()
                    .copied()
                    .filter(|number| !self.settled.contains(number))
                    .collect();
                if let Some(number) = pick(&open, at) {
                    self.on(Event::Cancel {
                        call: number,
                        why: None,
                    });
                }
            }
            Step::Ask => {
                self.next_call += 1;
                self.questions.insert(self.next_call);
                self.on(Event::AskReady(self.next_call));
            }
            Step::Spawned(at) => {
                if let Some(worker) = pick(&self.of(|process| process.pid.is_none()), at) {
                    let pid = self.next_pid.replace(self.next_pid.get() + 1);
                    self.processes.get_mut(&worker).expect("there").pid = Some(pid);
                    self.on(Event::Started {
                        worker,
                        pid,
                        entry_table: at % 2 == 0,
                        forked: at % 3 == 0,
                    });
                }
            }
            Step::NotSpawned(at, retryable) => {
                if let Some(worker) = pick(&self.of(|process| process.pid.is_none()), at) {
                    self.forget(worker);
                    let fault = StartFault::Spawn {
                        step: "execve",
                        errno: 11,
                        retryable,
                    };
                    self.on(Event::StartFailed { worker, fault });
                }
            }
            Step::Imports(at) => {
                let importing = |process: &Process| process.pid.is_some() && !process.imported && !process.silent;
                if let Some(worker) = pick(&self.of(importing), at) {
                    self.imports(worker);
                }
            }
            Step::Rehearsed(at) => {
                let rehearsing = |process: &Process| process.imported && !process.ready && !process.silent;
                if let Some(worker) = pick(&self.of(rehearsing), at) {
                    self.processes.get_mut(&worker).expect("there").ready = true;
                    self.frame(worker, FromWorker::Pong);
                }
            }
            Step::LoadFails(at) => {
                let importing = |process: &Process| process.pid.is_some() && !process.imported && !process.silent;
                if let Some(worker) = pick(&self.of(importing), at) {
                    self.frame(worker, FromWorker::LoadFailed { json: "{}" });
                }
            }
            Step::Enters(at) => self.enters(at),
            Step::Answers { at, threw, retryable } => self.answers(at, threw, retryable),
            Step::Forges(at) => {
                if let Some((worker, call, mut nonce, _)) = self.serving(at) {
                    nonce[0] ^= 1;
                    self.frame(worker, answer(call, nonce, Status::Value, "forged", Retry::Unsaid));
                }
            }
            Step::Acknowledges(at, listens) => {
                if let Some((worker, call, nonce, _)) = self.serving(at) {
                    self.frame(worker, FromWorker::AbortAck { call, nonce, listens });
                }
            }
            Step::Garbage(at) => {
                if let Some(worker) = pick(&self.of(|process| process.pid.is_some() && !process.silent), at) {
                    self.processes.get_mut(&worker).expect("there").silent = true;
                    self.on(Event::BadFrame {
                        worker,
                        error: FrameError::Empty,
                    });
                }
            }
            Step::ChannelEnds(at) => {
                if let Some(worker) = pick(&self.of(|process| process.pid.is_some() && !process.silent), at) {
                    self.processes.get_mut(&worker).expect("there").silent = true;
                    self.on(Event::Eof { worker, unread: false });
                }
            }
            Step::Exits { at, unread } => {
                if let Some(worker) = pick(&self.of(|process| process.pid.is_some()), at) {
                    self.exits(worker, unread);
                }
            }
            Step::UsesTooMuch(at) => {
                self.measured(at, usage(1 << 40, 1));
            }
            Step::IsCrowded(at) => {
                if let Some(worker) = self.measured(at, usage(1, CROWD + 1)) {
                    assert!(
                        self.processes[&worker].stands_back || self.processes[&worker].killed,
                        "a crowd that does not stand back"
                    );
                }
            }
            Step::Wait(ms) => self.wait(Duration::from_millis(ms)),
            Step::Close(force) => {
                self.closing = true;
                self.on(Event::Close { force });
            }
            Step::Abandoned => {
                // Every process is killed and reaped first, as the shell does it.
                self.closing = true;
                for worker in self.of(|_| true) {
                    self.forget(worker);
                }
                self.on(Event::Abandoned);
            }
        }
    }

    /// A process was measured; `None` where none is.
    fn measured(&mut self, at: usize, usage: Usage) -> Option<WorkerId> {
        let worker = pick(&self.engine.measured().collect::<Vec<_>>(), at)?;
        self.processes.get_mut(&worker).expect("there").crowded |= usage.threads > CROWD;
        self.on(Event::Usage(&[(worker, usage)]));
        Some(worker)
    }

    fn submit(&mut self, on: u8, timeout_ms: u64, group: GroupId) {
        self.next_call += 1;
        let number = self.next_call;
        let retry = RetryPolicy {
            on: RetryOn {
                start: on & 1 != 0,
                crash: on & 2 != 0,
                timeout: on & 4 != 0,
                tool: on & 8 != 0,
            },
            max_attempts: Some(4),
            tool_never: on & 16 != 0,
        };
        let asked = Asked {
            group,
            policy: retry,
            may_enter: true,
        };
        self.calls.insert(number, asked);
        self.on(Event::Submit(Request {
            number,
            tool: ToolId::parse("tool").expect("an id"),
            exec: ExecId::generate(),
            input: InputText::from_host("input", None).expect("no input"),
            config: InputText::from_host("config", None).expect("no config"),
            env: CallEnv::default(),
            timeout: Duration::from_millis(timeout_ms),
            group,
            grace: Duration::from_millis(self.setup.grace_ms),
            output_cap: 1000,
            retry,
            logs: false,
            progress: false,
            attempt: None,
            idempotency_key: InputText::from_host("idempotencyKey", None).expect("no key"),
        }));
    }

    fn imports(&mut self, worker: WorkerId) {
        let json = format!(r#"{{"protocol":{PROTOCOL},"entryTable":true,"tools":[]}}"#);
        // Where a call waits, the process becomes ready without a rehearsal.
        let process = self.processes.get_mut(&worker).expect("there");
        process.imported = true;
        process.ready = self.engine.state.pool.waiting_of(process.group).next().is_some();
        self.frame(worker, FromWorker::Ready { json: &json });
    }

    fn enters(&mut self, at: usize) {
        let Some((worker, call, nonce, entered)) = self.serving(at) else {
            return;
        };
        if entered || self.processes[&worker].killed {
            return;
        }
        let asked = self.calls.get_mut(&call).expect("asked");
        assert!(
            asked.may_enter,
            "a tool was entered again although nothing allows it: call {call}"
        );
        // Another entry needs a failure that the policy names.
        asked.may_enter = false;
        self.processes
            .get_mut(&worker)
            .expect("there")
            .calls
            .insert(call, (nonce, true));
        self.frame(worker, FromWorker::Entered { call, nonce });
    }

    fn answers(&mut self, at: usize, threw: bool, retryable: u8) {
        let Some((worker, call, nonce, _)) = self.serving(at) else {
            return;
        };
        // A tool answers after it was entered.
        self.enters(at);
        let process = self.processes.get_mut(&worker).expect("there");
        if process.killed {
            return;
        }
        let retry = [Retry::Unsaid, Retry::Retryable, Retry::NotRetryable][retryable as usize];
        // An answer in a grace period comes too late, and the exit decides what follows.
        if !process.aborted.contains(&call) {
            process.calls.remove(&call);
            let asked = self.calls.get_mut(&call).expect("asked");
            let on = asked.policy.on;
            let says = match retry {
                Retry::Unsaid => on.tool,
                Retry::Retryable => on != RetryOn::NEVER,
                Retry::NotRetryable => false,
            };
            asked.may_enter = threw && says && !asked.policy.tool_never;
        }
        let text = if threw { "{}".to_owned() } else { call.to_string() };
        let status = if threw { Status::Threw } else { Status::Value };
        self.frame(worker, answer(call, nonce, status, &text, retry));
    }

    fn exits(&mut self, worker: WorkerId, unread: bool) {
        self.judge_entered(worker);
        let process = self.forget(worker);
        // The entry table and the unread frames are reported truly by the process and by the kernel.
        let any_entered = process.calls.values().any(|(_, entered)| *entered);
        let ended = Ended {
            exit: if process.killed { Exit::Signal(9) } else { Exit::Code(1) },
            unsent: unread && !any_entered,
            entry_table: Vec::new(),
            out_of_memory: None,
        };
        self.on(Event::Exited { worker, ended });
    }

    /// Records for each tool that was entered in a process that ends whether the call's retry policy allows another entry after
    /// such an end.
    fn judge_entered(&mut self, worker: WorkerId) {
        for (number, (_, entered)) in &self.processes[&worker].calls {
            let asked = self.calls.get_mut(number).expect("asked");
            let reason = self.engine.state.calls.get(number).and_then(|call| call.phase.reason());
            if *entered {
                asked.may_enter = match reason {
                    None => asked.policy.on.crash,
                    Some(TerminationReason::Timeout) => asked.policy.on.timeout,
                    Some(_) => false,
                };
            }
        }
    }

    fn forget(&mut self, worker: WorkerId) -> Process {
        self.gone.insert(worker);
        self.processes.remove(&worker).expect("there")
    }

    /// Lets time pass, with a tick at each moment for which the engine has asked.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        let mut rings = 0;
        while let Some(at) = self.engine.next_wake().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let sampled = self.engine.next_sample().is_some_and(|at| at <= self.now);
            if sampled {
                self.on(Event::Usage(&[]));
            }
            self.on(Event::Tick);
            rings += 1;
            assert!(rings < 10_000, "the clock rings for nothing");
        }
        self.now = until;
    }

    /// Closes the manager and lets all processes do what they are asked to do. Then the manager must end, with every call
    /// settled.
    pub(super) fn run_out(&mut self) {
        self.closing = true;
        self.on(Event::Close { force: false });
        for round in 0..5000 {
            if self.closed > 0 {
                break;
            }
            for worker in self.of(|_| true) {
                let Some(process) = self.processes.get(&worker) else {
                    continue;
                };
                if process.killed || process.silent || process.told_to_end {
                    self.exits(worker, false);
                } else if process.pid.is_none() {
                    self.apply(&Step::Spawned(
                        self.of(|process| process.pid.is_none())
                            .iter()
                            .position(|id| *id == worker)
                            .expect("there"),
                    ));
                } else if !process.imported {
                    self.imports(worker);
                } else if !process.ready {
                    self.processes.get_mut(&worker).expect("there").ready = true;
                    self.frame(worker, FromWorker::Pong);
                } else {
                    self.apply(&Step::Answers {
                        at: round,
                        threw: false,
                        retryable: 0,
                    });
                }
            }
            self.wait(Duration::from_millis(20));
        }
        assert!(self.closed > 0, "it does not end: {:?}", self.processes);
        assert_eq!(self.settled.len(), self.calls.len(), "a call was never settled");
        assert!(self.questions.is_empty(), "a question was never answered");
        assert_eq!(self.engine.closing(), Closing::Done);
        let before = self.closed;
        self.on(Event::Close { force: true });
        assert_eq!(self.closed, before + 1, "who closes again hears that it is closed");
    }
}

fn answer<'a>(call: u32, nonce: [u8; 16], status: Status, text: &'a str, retry: Retry) -> FromWorker<'a> {
    FromWorker::Result(ResultFrame {
        call,
        nonce,
        status,
        retry,
        retry_after_ms: None,
        text,
    })
}

const fn usage(memory: u64, threads: u32) -> Usage {
    Usage {
        memory,
        processes: 1,
        threads,
        watches: 0,
        notifiers: 0,
        temporary: DiskUsage { bytes: 0, entries: 0 },
    }
}
