//! One worker's cgroup. The worker is in it before its program runs, and the directory is removed after the worker.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{AtFlags, Mode, mkdirat, unlinkat};
use rustix::io::Errno;

use super::delegated::Delegated;
use super::text;
use crate::spawn::cgroup_account::{Account, CgroupLimits};

/// Names tried at most. A name can be taken by a dead host that had the same process id.
const NAMES: u32 = 64;
/// How often, a millisecond apart, a cgroup is removed whose process was dropped without a regular end.
const DROP_TRIES: u32 = 20;
/// The number in the name of this host's next cgroup.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Gives each process of a launch a cgroup of its own.
#[derive(Debug, Clone)]
pub struct Cgroups {
    /// The directory in which they are made.
    pub parent: Arc<Delegated>,
    /// The limits of each.
    pub limits: CgroupLimits,
}

/// The cgroup of one worker. Dropping it removes it and kills what still runs in it.
#[derive(Debug)]
pub(in crate::spawn) struct Cgroup {
    parent: Arc<Delegated>,
    name: String,
    removed: AtomicBool,
}

impl Cgroup {
    /// Makes a cgroup under the parent, with its limits.
    pub(in crate::spawn) fn new(parent: &Arc<Delegated>, limits: CgroupLimits) -> io::Result<Self> {
        let host = std::process::id();
        for _ in 0..NAMES {
            let name = text::name(host, NEXT.fetch_add(1, Ordering::Relaxed));
            match mkdirat(parent.directory(), &name, Mode::from_raw_mode(0o755)) {
                Ok(()) => {
                    let cgroup = Self {
                        parent: Arc::clone(parent),
                        name,
                        removed: AtomicBool::new(false),
                    };
                    cgroup.limit(limits)?;
                    return Ok(cgroup);
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Err(Errno::EXIST.into())
    }

    fn limit(&self, limits: CgroupLimits) -> io::Result<()> {
        if let Some(memory) = limits.memory {
            self.write("memory.max", &memory.to_string())?;
            match self.write("memory.swap.max", "0") {
                // The kernel has no swap, or does not account for it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
            // The kernel kills the whole cgroup or nothing: a worker whose helper was killed could not be told from one
            // that works.
            self.write("memory.oom.group", "1")?;
        }
        self.write("pids.max", &limits.threads.to_string())
    }

    /// Whether the kernel took these limits.
    pub(super) fn has(&self, limits: CgroupLimits) -> bool {
        let found = |file| self.read(file).ok().and_then(|text| text::number(&text));
        found("pids.max") == Some(limits.threads.into())
            && (limits.memory.is_none() || found("memory.max") == limits.memory)
    }

    /// A process that writes "0" to this descriptor enters the cgroup.
    pub(in crate::spawn) fn door(&self) -> io::Result<OwnedFd> {
        self.parent.open_to_write(&self.path("cgroup.procs"))
    }

    /// What the kernel has accounted for it so far.
    pub(in crate::spawn) fn account(&self) -> Account {
        Account {
            was_out_of_memory: self
                .read("memory.events")
                .is_ok_and(|events| text::oom_kills(&events) > 0),
            of_the_host: false,
            peak: self.read("memory.peak").ok().and_then(|peak| text::number(&peak)),
        }
    }

    /// Removes the cgroup. False while processes are in it, which are then killed, those included that left the process
    /// group.
    pub(in crate::spawn) fn remove(&self) -> bool {
        if self.removed.load(Ordering::Acquire) {
            return true;
        }
        match unlinkat(self.parent.directory(), &self.name, AtFlags::REMOVEDIR) {
            Err(Errno::BUSY) => {
                // Needs Linux 5.14. Before that, remaining processes keep the directory until they end.
                let _ = self.write("cgroup.kill", "1");
                false
            }
            // Any other error is permanent.
            _ => {
                self.removed.store(true, Ordering::Release);
                true
            }
        }
    }

    fn path(&self, file: &str) -> String {
        format!("{}/{file}", self.name)
    }

    fn read(&self, file: &str) -> io::Result<String> {
        self.parent.read(&self.path(file))
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        let file = self.parent.open_to_write(&self.path(file))?;
        rustix::io::retry_on_intr(|| rustix::io::write(&file, text.as_bytes()))?;
        Ok(())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for _ in 0..DROP_TRIES {
            if self.remove() {
                return;
            }
            sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const LIMITS: CgroupLimits = CgroupLimits {
        memory: Some(300 << 20),
        threads: 1024,
    };

    /// A directory with these files, as the kernel would have made it.
    fn cgroup(tree: &TempDir, files: &[(&str, &str)]) -> Cgroup {
        fs::write(tree.path().join("cgroup.subtree_control"), "memory pids\n").unwrap();
        fs::create_dir(tree.path().join("own")).unwrap();
        for (file, text) in files {
            fs::write(tree.path().join("own").join(file), text).unwrap();
        }
        Cgroup {
            parent: Delegated::open(tree.path()).unwrap(),
            name: "own".to_owned(),
            removed: AtomicBool::new(false),
        }
    }

    fn content(tree: &TempDir, file: &str) -> String {
        fs::read_to_string(tree.path().join("own").join(file)).unwrap()
    }

    const FILES: [(&str, &str); 3] = [("memory.max", ""), ("memory.oom.group", ""), ("pids.max", "")];

    #[test]
    fn limits_are_written_and_read_back() {
        let tree = TempDir::new().unwrap();
        let own = cgroup(&tree, &FILES);
        own.limit(LIMITS).unwrap();
        assert_eq!(content(&tree, "memory.max"), (300 << 20).to_string());
        assert_eq!(content(&tree, "memory.oom.group"), "1");
        assert_eq!(content(&tree, "pids.max"), "1024");
        assert!(own.has(LIMITS));
        fs::write(tree.path().join("own/memory.max"), "max\n").unwrap();
        assert!(!own.has(LIMITS), "the kernel says otherwise");
    }

    #[test]
    fn swap_is_closed_where_there_is_any() {
        let tree = TempDir::new().unwrap();
        let files = [FILES.as_slice(), &[("memory.swap.max", "")]].concat();
        cgroup(&tree, &files).limit(LIMITS).unwrap();
        assert_eq!(content(&tree, "memory.swap.max"), "0");
    }

    #[test]
    fn no_memory_limit_leaves_memory_alone() {
        let tree = TempDir::new().unwrap();
        let own = cgroup(&tree, &FILES);
        let limits = CgroupLimits { memory: None, ..LIMITS };
        own.limit(limits).unwrap();
        assert_eq!(
            (content(&tree, "memory.max"), content(&tree, "pids.max")),
            (String::new(), "1024".to_owned())
        );
        assert!(own.has(limits));
    }

    #[test]
    fn each_file_that_is_missing_is_a_refusal() {
        for (missing, _) in FILES {
            let tree = TempDir::new().unwrap();
            let files: Vec<_> = FILES.into_iter().filter(|(file, _)| *file != missing).collect();
            assert!(cgroup(&tree, &files).limit(LIMITS).is_err(), "{missing}");
        }
    }

    #[test]
    fn the_account_is_the_kernels() {
        let tree = TempDir::new().unwrap();
        let events = "low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\n";
        let own = cgroup(&tree, &[("memory.events", events), ("memory.peak", "314572800\n")]);
        let account = Account {
            was_out_of_memory: true,
            of_the_host: false,
            peak: Some(300 << 20),
        };
        assert_eq!(own.account(), account);
        let other = TempDir::new().unwrap();
        assert_eq!(
            cgroup(&other, &[("memory.events", "oom_kill 0\n")]).account(),
            Account::default()
        );
    }
}
