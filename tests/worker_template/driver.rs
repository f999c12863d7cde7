//! Starts a worker like the module `spawn`, and talks to it by frames.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use toolwarden::config::Isolation;
use toolwarden::worker::frame::{
    AbortReason, CallFrame, FrameReader, FromWorker, Level, Retry, Status, Stream, append_abort, append_end,
    append_ping, max_frame,
};
use toolwarden::worker::{BundleReply, Compiled, Nonce, WorkerFile, WorkerSettings, compile_script, render};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Runtime {
    Bun,
    /// Bun with the worker file compiled beforehand.
    Compiled,
    Node,
}

impl Runtime {
    fn command(self) -> Command {
        match self {
            Runtime::Bun | Runtime::Compiled => {
                let mut bun = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/bun/bin/bun.exe"));
                bun.args(["--no-env-file", "--config=/dev/null", "--no-install"]);
                bun
            }
            Runtime::Node => Command::new("node"),
        }
    }
}

/// A frame from the worker, owned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Got {
    Ready(Value),
    LoadFailed(Value),
    Entered(u32),
    Leaving(u32),
    Result {
        call: u32,
        status: Status,
        retry: Retry,
        after: Option<u32>,
        text: String,
    },
    Progress(u32, Value),
    Log {
        call: Option<u32>,
        stream: Stream,
        level: Option<Level>,
        text: String,
    },
    AbortAck(u32, bool),
    /// MISSED, WANTS
    Noted,
    Pong,
}

/// The settings in which the workers of the cases differ.
pub(crate) struct Options {
    pub(crate) max_output_size: u64,
    pub(crate) concurrent: u32,
    pub(crate) isolation: Isolation,
    pub(crate) directory: String,
    /// The value of `TOOLWARDEN_BUNDLE`.
    pub(crate) bundle: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_output_size: 10 << 20,
            concurrent: 1,
            isolation: Isolation::Worker,
            directory: "project".into(),
            bundle: None,
        }
    }
}

/// A call to make; the fields that most calls leave out have defaults.
#[derive(Default, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) tool: &'a str,
    pub(crate) env: Option<&'a str>,
    pub(crate) input: Option<&'a str>,
    pub(crate) config: Option<&'a str>,
    pub(crate) entered: bool,
    pub(crate) progress: bool,
    pub(crate) idempotency_key: Option<&'a str>,
}

pub(crate) struct Worker {
    child: Child,
    channel: UnixStream,
    reader: FrameReader,
    nonces: Vec<Nonce>,
    pub(crate) project: PathBuf,
    _file: WorkerFile,
    _root: TempDir,
}

impl Worker {
    /// Starts a worker over an entrypoint with this source.
    pub(crate) fn start(runtime: Runtime, entrypoint: &str) -> Worker {
        Worker::start_with(runtime, entrypoint, Options::default())
    }

    pub(crate) fn start_with(runtime: Runtime, entrypoint: &str, options: Options) -> Worker {
        let root = TempDir::new().unwrap();
        let project = root.path().canonicalize().unwrap().join(&options.directory);
        std::fs::create_dir_all(&project).unwrap();
        let tools = project.join("tools.mjs");
        std::fs::write(&tools, entrypoint).unwrap();
        let settings = WorkerSettings {
            entrypoint: Some(tools.to_str().unwrap().into()),
            project_root: project.to_str().unwrap().into(),
            max_output_size: options.max_output_size,
            concurrent: options.concurrent,
            isolation: options.isolation,
            shared_memory: false,
            tools: std::sync::Arc::default(),
            all_in_ring: false,
        };
        let file = WorkerFile::write(&project, &render(&settings), 0o600).unwrap();
        let main = match runtime {
            Runtime::Compiled => compile(&file, settings, &project),
            Runtime::Bun | Runtime::Node => file.path().to_owned(),
        };
        let (channel, theirs) = UnixStream::pair().unwrap();
        let child = spawn(
            runtime.command().arg(&main),
            &project,
            &theirs,
            options.bundle.as_deref(),
        );
        channel.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let reader = FrameReader::new(max_frame(options.max_output_size));
        Worker {
            child,
            channel,
            reader,
            nonces: Vec::new(),
            project,
            _file: file,
            _root: root,
        }
    }

    /// Starts a worker and reads its READY frame.
    pub(crate) fn ready(runtime: Runtime, entrypoint: &str) -> Worker {
        Worker::ready_with(runtime, entrypoint, Options::default())
    }

    pub(crate) fn ready_with(runtime: Runtime, entrypoint: &str, options: Options) -> Worker {
        let mut worker = Worker::start_with(runtime, entrypoint, options);
        match worker.next() {
            Got::Ready(_) => {}
            other => panic!("{other:?} instead of READY"),
        }
        worker
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.channel.write_all(bytes).unwrap();
    }

    /// Writes the bytes of a CALL; the call's number counts the calls so far.
    pub(crate) fn frame(&mut self, ask: Ask) -> (u32, Vec<u8>) {
        let nonce = Nonce::generate().unwrap();
        self.nonces.push(nonce);
        let call = u32::try_from(self.nonces.len()).unwrap();
        let mut bytes = Vec::new();
        CallFrame {
            call,
            nonce: &nonce,
            tool_id: ask.tool,
            exec_id: &format!("exec-{call}"),
            attempt: 3,
            env: ask.env,
            input: ask.input,
            config: ask.config,
            entered: ask.entered,
            slot: None,
            progress: ask.progress,
            output_cap: None,
            idempotency_key: ask.idempotency_key,
        }
        .append(&mut bytes)
        .unwrap();
        (call, bytes)
    }

    pub(crate) fn call(&mut self, ask: Ask) -> u32 {
        let (call, bytes) = self.frame(ask);
        self.send(&bytes);
        call
    }

    /// Calls a tool with only an input and reads its answer.
    pub(crate) fn ask(&mut self, tool: &str, input: &str) -> (Status, String) {
        let call = self.call(Ask {
            tool,
            input: Some(input),
            ..Ask::default()
        });
        match self.next() {
            Got::Result {
                call: answered,
                status,
                text,
                ..
            } if answered == call => (status, text),
            other => panic!("{other:?} instead of the answer of {tool}"),
        }
    }

    /// The same for calls whose answer is a value.
    pub(crate) fn value(&mut self, tool: &str, input: &str) -> Value {
        let (status, text) = self.ask(tool, input);
        assert_eq!(status, Status::Value, "{tool}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn abort(&mut self, call: u32, reason: AbortReason) {
        let mut bytes = Vec::new();
        append_abort(&mut bytes, call, &self.nonces[call as usize - 1].clone(), reason, None);
        self.send(&bytes);
    }

    pub(crate) fn ping(&mut self) {
        let mut bytes = Vec::new();
        append_ping(&mut bytes);
        self.send(&bytes);
    }

    pub(crate) fn end(&mut self) {
        let mut bytes = Vec::new();
        append_end(&mut bytes);
        self.send(&bytes);
    }

    /// The next frame; `None` at the end of the channel.
    pub(crate) fn try_next(&mut self) -> Option<Got> {
        loop {
            if let Some(frame) = self.reader.next() {
                match own(frame.unwrap(), &self.nonces) {
                    // Runtimes read variables too. The variables that tools read and the places that they connect to are
                    // reported to callers, whose tests look at them.
                    Got::Noted => continue,
                    frame => return Some(frame),
                }
            }
            match self.channel.read(self.reader.space(64 * 1024)) {
                Ok(0) => return None,
                Ok(count) => self.reader.filled(count),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("reading the channel: {error}"),
            }
        }
    }

    pub(crate) fn next(&mut self) -> Got {
        self.try_next().expect("the channel ended")
    }

    /// A log entry's level and text.
    pub(crate) fn log(&mut self) -> (Option<Level>, String) {
        match self.next() {
            Got::Log { level, text, .. } => (level, text),
            other => panic!("{other:?} instead of a log entry"),
        }
    }

    pub(crate) fn close(mut self) -> ExitStatus {
        self.channel.shutdown(std::net::Shutdown::Both).unwrap();
        self.child.wait().unwrap()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the compiled form of a worker file.
fn compile(file: &WorkerFile, settings: WorkerSettings, project: &Path) -> PathBuf {
    let (mut channel, theirs) = UnixStream::pair().unwrap();
    let mut compiler = spawn(
        Runtime::Compiled
            .command()
            .args(["-e", &compile_script(settings.entrypoint.as_deref())]),
        project,
        &theirs,
        None,
    );
    drop(theirs);
    let mut reply = Vec::new();
    channel.read_to_end(&mut reply).unwrap();
    compiler.wait().unwrap();
    match BundleReply::parse(&reply).unwrap() {
        BundleReply::Compiled { files, .. } => {
            file.compiled_location()
                .put(&Compiled { files, settings })
                .unwrap()
                .path
        }
        other => panic!("{other:?} instead of bytecode"),
    }
}

fn spawn(command: &mut Command, project: &Path, theirs: &UnixStream, bundle: Option<&str>) -> Child {
    command
        .current_dir(project)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(bundle.map(|url| ("TOOLWARDEN_BUNDLE", url)));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit());
    let fd = theirs.as_raw_fd();
    // SAFETY: between fork and exec only dup2 and fcntl run, which are async-signal-safe, on a descriptor that stays
    // open until `spawn` returned.
    unsafe {
        command.pre_exec(move || {
            // dup2 onto the same number would keep close-on-exec.
            let done = if fd == 3 {
                libc::fcntl(3, libc::F_SETFD, 0)
            } else {
                libc::dup2(fd, 3)
            };
            if done < 0 {
                Err(std::io::Error::last_os_error())
            } else {
                Ok(())
            }
        });
    }
    command.spawn().unwrap()
}

fn own(frame: FromWorker, nonces: &[Nonce]) -> Got {
    let check = |call: u32, nonce: [u8; 16]| {
        assert!(nonces[call as usize - 1].matches(&nonce), "the nonce of call {call}");
        call
    };
    let json = |text: &str| serde_json::from_str(text).unwrap();
    match frame {
        FromWorker::Ready { json: text } => Got::Ready(json(text)),
        FromWorker::LoadFailed { json: text } => Got::LoadFailed(json(text)),
        FromWorker::Entered { call, nonce } => Got::Entered(check(call, nonce)),
        FromWorker::Leaving { call, nonce } => Got::Leaving(check(call, nonce)),
        FromWorker::Result(r) => Got::Result {
            call: check(r.call, r.nonce),
            status: r.status,
            retry: r.retry,
            after: r.retry_after_ms,
            text: r.text.into(),
        },
        FromWorker::Progress {
            call,
            nonce,
            json: text,
        } => Got::Progress(check(call, nonce), json(text)),
        FromWorker::Log(l) => {
            assert!(l.time > 1.6e12 && l.time < 1e13, "time {}", l.time);
            Got::Log {
                call: l.call,
                stream: l.stream,
                level: l.level,
                text: l.text().into_owned(),
            }
        }
        FromWorker::AbortAck { call, nonce, listens } => Got::AbortAck(check(call, nonce), listens),
        FromWorker::Pong => Got::Pong,
        FromWorker::Printed => panic!("there is no ring here"),
        FromWorker::Missed { .. } | FromWorker::Wants { .. } | FromWorker::Reads { .. } => Got::Noted,
    }
}
