//! Prepares files outside of the sandbox and attacks from inside: the real Bun (or Node) runs a script in the real
//! sandbox.
//!
//! Each script prints one line of JSON for each access it tried; the harness returns these lines with the supervisor's
//! records. On a machine that cannot run this the tests fail.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;

use toolwarden::config::{Permissions, RuntimeType};
use toolwarden::sandbox::{Denial, PlanInput, Policy, Sandbox, Support, plan, prepare, probe};
use toolwarden::spawn::{Child, Launch, LaunchOptions, Spawner, bun_arguments, node_arguments};

/// The variable that marks this process as the second run of a test, as an ordinary user.
const SECOND: &str = "TOOLWARDEN_TEST_SECOND_RUN";
/// With this variable there is no second run: `npm run kernels` has both users' runs side by side.
const FIRST_ONLY: &str = "TOOLWARDEN_TEST_FIRST_RUN_ONLY";
/// An ordinary user and its group; the number needs no entry in the user database.
const ORDINARY: u32 = 54321;

/// Runs the body of the test that calls this as root in this process, and once more as an ordinary user in a process of its own.
pub(crate) fn as_root_and_user(body: impl FnOnce()) {
    // SAFETY: cannot fail and touches no memory.
    let root = unsafe { libc::geteuid() } == 0;
    if std::env::var_os(SECOND).is_some() {
        assert!(!root, "the second run is an ordinary user's");
        return body();
    }
    assert!(root, "run as root: the suite changes to an ordinary user by itself");
    body();
    if std::env::var_os(FIRST_ONLY).is_some() {
        return;
    }
    // The test harness names a test's thread after the test.
    let thread = std::thread::current();
    let test = thread.name().expect("a test runs on a thread of its own");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(SECOND, "1")
        .env("TMPDIR", "/tmp")
        .uid(ORDINARY)
        .gid(ORDINARY)
        .output()
        .expect("the second run starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("1 passed"),
        "as an ordinary user:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn bun() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/bun/bin/bun.exe");
    path.canonicalize().expect("npm install puts the real Bun there")
}

pub(crate) fn node() -> PathBuf {
    let path = std::env::var("PATH").expect("PATH");
    let found = path
        .split(':')
        .map(|directory| Path::new(directory).join("node"))
        .find(|path| path.is_file());
    found.expect("node is on PATH").canonicalize().expect("node")
}

/// A project directory, which is the current directory of the scripts, next to a directory of secrets.
pub(crate) struct Project {
    pub(crate) directory: tempfile::TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let project = Project { directory };
        for name in ["project/.toolwarden", "outside", "open"] {
            std::fs::create_dir_all(project.path(name)).expect("made");
        }
        std::fs::write(project.path("outside/secret.txt"), "secret").expect("written");
        std::fs::write(project.path("open/data.txt"), "data").expect("written");
        project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().expect("there").join(name)
    }

    pub(crate) fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

/// The results of a script.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The last value printed under each name.
    pub(crate) said: BTreeMap<String, String>,
    pub(crate) stderr: String,
    pub(crate) denials: Vec<Denial>,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn said(&self, name: &str) -> &str {
        self.said
            .get(name)
            .unwrap_or_else(|| panic!("nothing said of {name}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn refused(&self, name: &str) {
        let said = self.said(name);
        assert!(said.starts_with("refused "), "{name} was {said}: {self:?}");
    }

    #[track_caller]
    pub(crate) fn done(&self, name: &str) {
        let said = self.said(name);
        assert!(said.starts_with("done"), "{name} was {said}: {self:?}");
    }

    pub(crate) fn denied(&self, permission: &str) -> Vec<&str> {
        let of_kind = self
            .denials
            .iter()
            .filter(|denial| denial.permission.as_str() == permission);
        of_kind.map(|denial| denial.resource.as_str()).collect()
    }
}

/// One run of a script.
pub(crate) struct Run<'a> {
    project: &'a Project,
    flags: Vec<String>,
    runtime: RuntimeType,
    support: Option<Support>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(project: &'a Project, flags: &[&str]) -> Self {
        let flags = flags.iter().map(ToString::to_string).collect();
        Run {
            project,
            flags,
            runtime: RuntimeType::Bun,
            support: None,
        }
    }

    pub(crate) fn node(mut self) -> Self {
        self.runtime = RuntimeType::Node;
        self
    }

    /// Acts as if the kernel had only these features.
    pub(crate) fn support(mut self, support: Support) -> Self {
        self.support = Some(support);
        self
    }

    fn binary(&self) -> PathBuf {
        if self.runtime == RuntimeType::Bun {
            bun()
        } else {
            node()
        }
    }

    pub(crate) fn policy(&self, script: &Path) -> Policy {
        let permissions = Permissions::from_bun_flags(&self.flags).expect("flags");
        plan(&PlanInput {
            permissions: &permissions,
            working_dir: &self.project.path("project"),
            entrypoint: Some(script),
            worker_file: Some(&self.project.path("project/.toolwarden/worker.mjs")),
            command: None,
            runtime_binary: &self.binary(),
            runtime: self.runtime,
            path_var: "/usr/local/bin:/usr/bin:/bin",
            home: None,
            addon: None,
        })
        .expect("a policy")
    }

    pub(crate) fn sandbox(&self, script: &Path) -> Sandbox {
        let support = self
            .support
            .unwrap_or_else(|| probe().expect("this machine can hold a sandbox"));
        prepare(self.policy(script), &support).expect("prepared")
    }

    /// Writes the script and returns its path.
    pub(crate) fn write(&self, script: &str) -> PathBuf {
        let path = self.project.path("project/attack.mjs");
        std::fs::write(&path, format!("{PRELUDE}\n{script}\n")).expect("written");
        path
    }

    pub(crate) fn launch(&self, script: &Path, sandbox: Option<&Sandbox>) -> Arc<Launch> {
        let args = match self.runtime {
            RuntimeType::Bun => bun_arguments(script),
            RuntimeType::Node => node_arguments(&[], script),
        };
        let mut env: Vec<(OsString, OsString)> = vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
        env.push(("HOST_PID".into(), std::process::id().to_string().into()));
        env.push(("BASE".into(), self.project.shown("").into()));
        let more = sandbox.map(Sandbox::environment).unwrap_or_default();
        env.extend(more.into_iter().map(|(name, value)| (name.into(), value.into())));
        Arc::new(
            Launch::new(LaunchOptions {
                program: self.binary(),
                name: None,
                args,
                env,
                cwd: self.project.path("project"),
                max_open_files: None,
                max_processes: None,
                shared_memory: None,
                die_with_parent: true,
                cgroup: None,
                temporary: None,
                origin: false,
            })
            .expect("a launch"),
        )
    }

    /// Runs the script to its end.
    pub(crate) fn script(&self, script: &str) -> Outcome {
        let path = self.write(script);
        let sandbox = self.sandbox(&path);
        let launch = self.launch(&path, Some(&sandbox));
        let denials = sandbox.denials();
        let spawner = Spawner::start(Some(Box::new(sandbox))).expect("a spawner");
        let child = spawn(&spawner, launch);
        let pid = child.process.pid();
        let (stdout, stderr) = drained(child);
        let mut said = BTreeMap::new();
        for line in stdout.lines().filter(|line| line.starts_with('{')) {
            let object: BTreeMap<String, String> = serde_json::from_str(line).expect("one object of strings a line");
            said.extend(object);
        }
        Outcome {
            said,
            stderr,
            denials: denials.take(pid).denials,
        }
    }
}

pub(crate) fn spawn(spawner: &Spawner, launch: Arc<Launch>) -> Child {
    let (sender, receiver) = channel();
    spawner.spawn(launch, move |child| {
        let _ = sender.send(child);
    });
    receiver.recv().expect("an answer").expect("a child")
}

/// Everything that the child writes until it has ended.
pub(crate) fn drained(child: Child) -> (String, String) {
    let Child {
        channel,
        stdout,
        stderr,
        process,
        entry_table: _,
        ring: _,
        temporary: _,
        forked: _,
    } = child;
    let stderr = std::thread::spawn(move || text(stderr));
    let stdout = text(stdout);
    let stderr = stderr.join().expect("read");
    drop(channel);
    drop(process);
    (stdout, stderr)
}

/// The next line that the child writes.
pub(crate) fn read_line(fd: &OwnedFd, line: &mut String) {
    let flags = rustix::fs::fcntl_getfl(fd).expect("flags");
    rustix::fs::fcntl_setfl(fd, flags & !rustix::fs::OFlags::NONBLOCK).expect("blocking");
    let mut byte = [0];
    while rustix::io::read(fd, &mut byte).expect("read") == 1 && byte[0] != b'\n' {
        line.push(char::from(byte[0]));
    }
}

fn text(fd: OwnedFd) -> String {
    let flags = rustix::fs::fcntl_getfl(&fd).expect("flags");
    rustix::fs::fcntl_setfl(&fd, flags & !rustix::fs::OFlags::NONBLOCK).expect("blocking");
    let mut bytes = Vec::new();
    std::fs::File::from(fd).read_to_end(&mut bytes).expect("read");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `attempt` reports the result of an access: "done <value>" or "refused <code>".
const PRELUDE: &str = r#"
export const said = (name, value) => console.log(JSON.stringify({ [name]: String(value) }))
export const attempt = async (name, action) => {
  try { said(name, `done ${await action()}`) }
  catch (error) { said(name, `refused ${error?.code ?? error?.name} ${error?.message}`) }
}
export const base = process.env.BASE
export const hostPid = Number(process.env.HOST_PID)
"#;
