//! What to start, made ready for the kernel once and shared by every start of it.

use std::ffi::{CString, OsStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;

use super::cgroup::Cgroups;
use super::child::Resource;
use super::failure::SpawnFailure;

/// Files one worker may have open where nothing else is said: what a login shell gives most programs. Each may hold memory
/// of the kernel, and watches of epoll count by pairs of them.
const DEFAULT_OPEN_FILES: u64 = 1024;
/// Timers and queued signals of one worker's user. Every user has only so many, the host's processes among them.
const PENDING_SIGNALS: u64 = 1024;
/// No core dumps. A limit of 0 does not keep the kernel from starting a program that is to take one; this does.
const CORE: u64 = 1;

/// What to start.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// The executable's real path; also argv[0].
    pub program: PathBuf,
    /// Arguments after argv[0].
    pub args: Vec<OsString>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The current directory.
    pub cwd: PathBuf,
    /// RLIMIT_NOFILE. None: 1024.
    pub max_open_files: Option<u64>,
    /// RLIMIT_NPROC, counted per user. None: as the host.
    pub max_processes: Option<u64>,
    /// Calls that can be noted in the memory it shares with the host, its descriptor 4. None: there is none.
    pub shared_memory: Option<usize>,
    /// Whether the process is killed when the spawner ends, in whatever way.
    pub die_with_parent: bool,
    /// A cgroup for the process. None: it stays in the host's.
    pub cgroup: Option<Cgroups>,
}

/// A checked `LaunchOptions` in the form the kernel takes.
pub struct Launch {
    program: CString,
    cwd: CString,
    argv: StringArray,
    envp: StringArray,
    limits: Vec<(Resource, u64)>,
    open_files: u64,
    shared_memory: Option<usize>,
    die_with_parent: bool,
    cgroup: Option<Cgroups>,
}

impl Launch {
    /// Fails when a string contains NUL.
    pub fn new(options: LaunchOptions) -> Result<Self, SpawnFailure> {
        let program = c_string(options.program.as_os_str())?;
        let mut argv = vec![program.clone()];
        for arg in &options.args {
            argv.push(c_string(arg)?);
        }
        let mut envp = Vec::with_capacity(options.env.len());
        for (name, value) in &options.env {
            let mut entry = name.clone();
            entry.push("=");
            entry.push(value);
            envp.push(c_string(&entry)?);
        }
        let mut limits = vec![
            (libc::RLIMIT_CORE, CORE),
            (libc::RLIMIT_SIGPENDING, PENDING_SIGNALS),
            (libc::RLIMIT_MSGQUEUE, 0),
        ];
        if let Some(limit) = options.max_processes {
            limits.push((libc::RLIMIT_NPROC, limit));
        }
        Ok(Self {
            program,
            cwd: c_string(options.cwd.as_os_str())?,
            argv: StringArray::new(argv),
            envp: StringArray::new(envp),
            limits,
            open_files: options.max_open_files.unwrap_or(DEFAULT_OPEN_FILES),
            shared_memory: options.shared_memory,
            die_with_parent: options.die_with_parent,
            cgroup: options.cgroup,
        })
    }

    pub(super) fn program(&self) -> *const c_char {
        self.program.as_ptr()
    }

    pub(super) fn cwd(&self) -> *const c_char {
        self.cwd.as_ptr()
    }

    pub(super) fn argv(&self) -> *const *const c_char {
        self.argv.as_ptr()
    }

    pub(super) fn envp(&self) -> *const *const c_char {
        self.envp.as_ptr()
    }

    pub(super) fn shared_memory(&self) -> Option<usize> {
        self.shared_memory
    }

    pub(super) fn die_with_parent(&self) -> bool {
        self.die_with_parent
    }

    pub(super) fn cgroup(&self) -> Option<&Cgroups> {
        self.cgroup.as_ref()
    }

    /// The limits for a child of this process: never above what it may set, since raising a hard limit is refused.
    pub(super) fn limits(&self) -> Vec<(Resource, libc::rlimit)> {
        self.limits
            .iter()
            .map(|&(resource, wanted)| (resource, limit(resource, wanted)))
            .collect()
    }

    /// The one that is set last, as it would keep the child itself from opening files: a host may have more open than it
    /// allows.
    pub(super) fn open_files(&self) -> libc::rlimit {
        limit(libc::RLIMIT_NOFILE, self.open_files)
    }
}

fn limit(resource: Resource, wanted: u64) -> libc::rlimit {
    let limit = wanted.min(hard_limit(resource));
    libc::rlimit {
        rlim_cur: limit,
        rlim_max: limit,
    }
}

fn hard_limit(resource: Resource) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: writes one rlimit; on failure the value above stays.
    unsafe { libc::getrlimit(resource, &raw mut limit) };
    limit.rlim_max
}

fn c_string(text: &OsStr) -> Result<CString, SpawnFailure> {
    CString::new(text.as_bytes()).map_err(|_| SpawnFailure::system("prepare", libc::EINVAL))
}

/// Strings and the NULL-terminated array of pointers to them.
struct StringArray {
    pointers: Vec<*const c_char>,
    /// Keeps what `pointers` points to; a CString's text does not move when the CString does.
    _strings: Vec<CString>,
}

impl StringArray {
    fn new(strings: Vec<CString>) -> Self {
        let pointers = strings
            .iter()
            .map(|string| string.as_ptr())
            .chain([ptr::null()])
            .collect();
        Self {
            pointers,
            _strings: strings,
        }
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

// SAFETY: the pointers lead to text that this value owns and nobody changes.
unsafe impl Send for StringArray {}
// SAFETY: as above; sharing only reads.
unsafe impl Sync for StringArray {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn options() -> LaunchOptions {
        LaunchOptions {
            program: "/bin/true".into(),
            args: vec!["one".into(), "two".into()],
            env: vec![("NAME".into(), "a=b".into())],
            cwd: "/".into(),
            max_open_files: Some(64),
            max_processes: None,
            shared_memory: None,
            die_with_parent: true,
            cgroup: None,
        }
    }

    fn read(mut array: *const *const c_char) -> Vec<String> {
        let mut found = Vec::new();
        // SAFETY: a NULL-terminated array of C strings, alive while the Launch is.
        unsafe {
            while !(*array).is_null() {
                found.push(CStr::from_ptr(*array).to_str().unwrap().to_owned());
                array = array.add(1);
            }
        }
        found
    }

    #[test]
    fn arrays_are_what_the_kernel_reads() {
        let launch = Launch::new(options()).unwrap();
        assert_eq!(read(launch.argv()), ["/bin/true", "one", "two"]);
        assert_eq!(read(launch.envp()), ["NAME=a=b"]);
    }

    #[test]
    fn a_nul_is_refused() {
        let mut bad = options();
        bad.args.push("a\0b".into());
        assert_eq!(
            Launch::new(bad).err().map(|f| (f.step, f.errno)),
            Some(("prepare", libc::EINVAL))
        );
    }

    #[test]
    fn a_worker_has_limits_of_its_own() {
        let launch = Launch::new(options()).unwrap();
        let limits = launch.limits();
        let of = |wanted| {
            limits
                .iter()
                .find(|(r, _)| *r == wanted)
                .map(|(_, l)| (l.rlim_cur, l.rlim_max))
        };
        // Runtimes reserve far more than they use: a limit on what is reserved is none on memory.
        assert_eq!(of(libc::RLIMIT_DATA), None);
        assert_eq!(of(libc::RLIMIT_CORE), Some((1, 1)));
        assert_eq!((launch.open_files().rlim_cur, launch.open_files().rlim_max), (64, 64));
        assert_eq!(of(libc::RLIMIT_NPROC), None);
    }
}
