//! What to start, prepared for the kernel once and shared by every start.

use std::ffi::{CString, OsStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;

use super::cgroup::Cgroups;
use super::failure::SpawnFailure;
use super::plan::Resource;
use super::temporary::TemporaryDirectories;

/// The limit on open files of a worker where no other is set: what a login shell gives most programs. Each open file
/// may hold kernel memory, and the number of epoll watches grows with pairs of descriptors.
const DEFAULT_OPEN_FILES: u64 = 1024;
/// The limit on timers and queued signals. The kernel counts them per user, the host's processes included.
#[cfg(not(portable))]
const PENDING_SIGNALS: u64 = 1024;
/// No core dumps. With a limit of 0 the kernel still starts a program that core_pattern names; with 1 it does not.
const CORE: u64 = 1;

/// What to start.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// The executable's real path.
    pub program: PathBuf,
    /// argv[0]. None: the executable's path.
    pub name: Option<OsString>,
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
    /// The number of calls that the shared memory (descriptor 4) can record as entered. None: there is no shared
    /// memory.
    pub shared_memory: Option<usize>,
    /// Whether the process is killed when the spawner ends, in whatever way.
    pub die_with_parent: bool,
    /// A cgroup for the process. None: it stays in the host's.
    pub cgroup: Option<Cgroups>,
    /// What gives each process a directory for temporary files. None: it gets none.
    pub temporary: Option<Arc<TemporaryDirectories>>,
    /// The process is to become an origin.
    pub origin: bool,
}

/// Checked `LaunchOptions` in the form that the kernel takes.
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
    temporary: Option<Arc<TemporaryDirectories>>,
    #[cfg(not(portable))]
    origin: bool,
}

impl Launch {
    /// Fails when a string contains NUL.
    pub fn new(options: LaunchOptions) -> Result<Self, SpawnFailure> {
        let program = c_string(options.program.as_os_str())?;
        let mut argv = vec![match &options.name {
            Some(name) => c_string(name)?,
            None => program.clone(),
        }];
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
        let mut limits = vec![(libc::RLIMIT_CORE, CORE)];
        #[cfg(not(portable))]
        limits.extend([(libc::RLIMIT_SIGPENDING, PENDING_SIGNALS), (libc::RLIMIT_MSGQUEUE, 0)]);
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
            temporary: options.temporary,
            #[cfg(not(portable))]
            origin: options.origin,
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

    /// The environment of one process, with the temporary directory that was made for it. It must live until the
    /// process runs.
    pub(super) fn environment(&self, temporary: Option<&Path>) -> Result<StringArray, SpawnFailure> {
        let names = self
            .temporary
            .as_ref()
            .map_or(&[][..], |directories| directories.names());
        match temporary {
            Some(path) => self.envp.with(names, path),
            None => Ok(self.envp.clone()),
        }
    }

    pub(super) fn temporary(&self) -> Option<&TemporaryDirectories> {
        self.temporary.as_deref()
    }

    #[cfg(not(portable))]
    pub(super) fn is_origin(&self) -> bool {
        self.origin
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

    /// The resource limits of a child. None is above what this process may set, because raising a hard limit is
    /// refused.
    pub(super) fn limits(&self) -> Vec<(Resource, libc::rlimit)> {
        self.limits
            .iter()
            .map(|&(resource, wanted)| (resource, limit(resource, wanted)))
            .collect()
    }

    /// The limit on open files. It is set last, because it would keep the child itself from opening files: a host may
    /// have more open than it allows.
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

/// Strings, and the NULL-terminated array of pointers to them.
#[derive(Clone)]
pub(super) struct StringArray {
    pointers: Vec<*const c_char>,
    /// Keeps what `pointers` points to alive, also in copies; a CString's text does not move when the CString does.
    strings: Arc<[CString]>,
    /// Strings that only this copy owns, kept alive for the same reason.
    _own: Vec<CString>,
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
            strings: strings.into(),
            _own: Vec::new(),
        }
    }

    /// A copy of an environment with these variables set to a path.
    fn with(&self, names: &[&str], path: &Path) -> Result<Self, SpawnFailure> {
        let is_set = |string: &CString| {
            let name = string.as_bytes().split(|byte| *byte == b'=').next();
            names.iter().any(|set| name == Some(set.as_bytes()))
        };
        let set = names.iter().map(|name| {
            let mut entry = OsString::from(name);
            entry.push("=");
            entry.push(path);
            c_string(&entry)
        });
        let own = set.collect::<Result<Vec<_>, _>>()?;
        let kept = self.strings.iter().filter(|string| !is_set(string));
        let pointers = kept.chain(&own).map(|string| string.as_ptr());
        Ok(Self {
            pointers: pointers.chain([ptr::null()]).collect(),
            strings: Arc::clone(&self.strings),
            _own: own,
        })
    }

    pub(super) fn as_ptr(&self) -> *const *const c_char {
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
            name: None,
            args: vec!["one".into(), "two".into()],
            env: vec![("NAME".into(), "a=b".into())],
            cwd: "/".into(),
            max_open_files: Some(64),
            max_processes: None,
            shared_memory: None,
            die_with_parent: true,
            cgroup: None,
            temporary: None,
            origin: false,
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
    fn arrays_have_the_kernels_layout() {
        let launch = Launch::new(options()).unwrap();
        assert_eq!(read(launch.argv()), ["/bin/true", "one", "two"]);
        assert_eq!(read(launch.environment(None).unwrap().as_ptr()), ["NAME=a=b"]);
    }

    #[test]
    fn a_directory_is_named_by_the_variables_that_are_for_it() {
        let envp = StringArray::new(
            ["TMPDIR=/host", "A=TMP=1", "TMPDIRS=x"]
                .map(|entry| CString::new(entry).unwrap())
                .to_vec(),
        );
        let with = envp.with(&["TMPDIR", "TMP"], Path::new("/own")).unwrap();
        drop(envp);
        assert_eq!(read(with.as_ptr()), ["A=TMP=1", "TMPDIRS=x", "TMPDIR=/own", "TMP=/own"]);
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
        // Runtimes reserve far more memory than they use, so a limit on reservations would not limit use.
        assert_eq!(of(libc::RLIMIT_DATA), None);
        assert_eq!(of(libc::RLIMIT_CORE), Some((1, 1)));
        assert_eq!((launch.open_files().rlim_cur, launch.open_files().rlim_max), (64, 64));
        assert_eq!(of(libc::RLIMIT_NPROC), None);
    }
}
