//! File descriptors: who uses them, whether some are left, and the errors when there are none.
//!
//! Two limits have the same effect: the process's own (EMFILE) and the machine's (ENFILE). Either shortage may pass,
//! and somebody can raise either limit, so the error names the limit, its value, and how many descriptors toolwarden
//! uses.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;

use super::{Code, Error, hints};

static MANAGERS: AtomicUsize = AtomicUsize::new(0);
static PROCESSES: AtomicUsize = AtomicUsize::new(0);

/// Counts as a user of descriptors until it is dropped.
#[derive(Debug)]
pub struct Holder(&'static AtomicUsize);

impl Holder {
    /// A manager.
    pub fn manager() -> Self {
        Self::of(&MANAGERS)
    }

    /// A process that a manager started.
    pub fn process() -> Self {
        Self::of(&PROCESSES)
    }

    fn of(count: &'static AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Workers with a call that failed because the host had no descriptor, with the errno.
static UNSERVED: Mutex<BTreeMap<u32, i32>> = Mutex::new(BTreeMap::new());
/// The number of entries, checked for every call that ends.
static UNSERVED_COUNT: AtomicUsize = AtomicUsize::new(0);

fn unserved() -> MutexGuard<'static, BTreeMap<u32, i32>> {
    UNSERVED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host had no descriptor for a request of this worker's tool.
pub fn went_without(worker: u32, errno: i32) {
    let mut unserved = unserved();
    unserved.insert(worker, errno);
    UNSERVED_COUNT.store(unserved.len(), Ordering::Release);
}

/// Whether that happened since the last call.
pub fn take_unserved(worker: u32) -> Option<i32> {
    if UNSERVED_COUNT.load(Ordering::Acquire) == 0 {
        return None;
    }
    let mut unserved = unserved();
    let errno = unserved.remove(&worker);
    UNSERVED_COUNT.store(unserved.len(), Ordering::Release);
    errno
}

/// What to do about a call that failed in a tool because the host had no descriptor left for it.
pub fn advice_for_tool(errno: i32) -> String {
    let name = if errno == libc::ENFILE { "ENFILE" } else { "EMFILE" };
    hints::descriptors::of_host(name, &advice(errno))
}

/// Whether an errno means that no descriptor was left.
pub fn is_shortage(errno: i32) -> bool {
    matches!(errno, libc::EMFILE | libc::ENFILE)
}

/// The same for an error of the standard library.
pub fn is_shortage_error(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(is_shortage)
}

/// Placeholder descriptors that reserve room until they are dropped.
#[derive(Debug)]
pub struct DescriptorReservation(#[expect(dead_code, reason = "kept open, never used")] Vec<OwnedFd>);

impl DescriptorReservation {
    /// Reserves `count` descriptors. It fails like the calls that need them would, but before anything has begun.
    pub fn new(count: usize) -> io::Result<Self> {
        let mut reserved = Vec::with_capacity(count);
        // A duplicate does not count as an open file of the machine, so the first one is not a duplicate.
        let first = crate::system::placeholder()?;
        for _ in 1..count {
            reserved.push(rustix::io::fcntl_dupfd_cloexec(&first, 0)?);
        }
        reserved.push(first);
        Ok(Self(reserved))
    }
}

/// `what` failed because no descriptor was left: the error names the limit and the way out.
pub fn shortage(what: &str, errno: i32) -> Error {
    let error = io::Error::from_raw_os_error(errno);
    let name = if errno == libc::ENFILE { "ENFILE" } else { "EMFILE" };
    let cause = serde_json::json!({ "name": "Error", "message": error.to_string(), "code": name, "errno": errno });
    Error::new(Code::WorkerStart, format!("{what}: {}", reason(errno)))
        .hint(advice(errno))
        .with(|context| {
            context.operation = Some("start worker");
            context.cause = RawValue::from_string(cause.to_string()).ok();
        })
        .source(error)
}

/// Which limit was reached.
pub fn reason(errno: i32) -> String {
    match errno {
        libc::ENFILE => "too many open files: the machine may have no more (ENFILE, fs.file-max)".to_owned(),
        _ => format!(
            "too many open files: this process may have {} (EMFILE, RLIMIT_NOFILE)",
            limits().rlim_cur
        ),
    }
}

/// How to get more descriptors, and who uses them.
pub fn advice(errno: i32) -> String {
    let raise = match errno {
        libc::ENFILE => hints::descriptors::RAISE_MACHINE_LIMIT.to_owned(),
        _ => raise(&limits()),
    };
    let (managers, processes) = (MANAGERS.load(Ordering::Relaxed), PROCESSES.load(Ordering::Relaxed));
    hints::descriptors::or_close(&raise, managers, processes)
}

fn raise(limits: &libc::rlimit) -> String {
    match (limits.rlim_cur, limits.rlim_max) {
        (soft, libc::RLIM_INFINITY) if soft < libc::RLIM_INFINITY => {
            hints::descriptors::raise_own_limit(soft, &"unlimited")
        }
        (soft, hard) if soft < hard => hints::descriptors::raise_own_limit(soft, &hard),
        (soft, _) => hints::descriptors::raise_limit_at_start(soft),
    }
}

/// RLIMIT_NOFILE of this process. Reading it needs no descriptor.
fn limits() -> libc::rlimit {
    let mut limits = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: writes one rlimit; it cannot fail for a resource that every Unix has.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limits) };
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_limit_and_its_users() {
        let (_manager, _process) = (Holder::manager(), Holder::process());
        let error = shortage("the manager cannot be opened", libc::EMFILE);
        let soft = limits().rlim_cur.to_string();
        assert_eq!(
            (error.code, error.context.operation),
            (Code::WorkerStart, Some("start worker"))
        );
        assert!(
            error.message.contains("EMFILE") && error.message.contains(&soft),
            "{error}"
        );
        let hint = error.hint.expect("a hint");
        assert!(
            hint.contains(&soft) && hint.contains("manager") && hint.contains("process"),
            "{hint}"
        );
        let error = shortage("a process cannot be started", libc::ENFILE);
        assert!(error.message.contains("ENFILE"), "{error}");
        assert!(error.to_json().contains(r#""code":"ENFILE""#), "{}", error.to_json());
        assert!(error.hint.is_some_and(|hint| hint.contains("fs.file-max")));
    }

    #[test]
    fn a_user_who_may_raise_the_limit_is_told_how() {
        let advice = |rlim_cur, rlim_max| raise(&libc::rlimit { rlim_cur, rlim_max });
        assert!(advice(1024, 4096).contains("1024 now and 4096 at the most"));
        assert!(advice(1024, libc::RLIM_INFINITY).contains("unlimited at the most"));
        assert!(advice(1024, 1024).contains("where it is started"));
    }

    #[test]
    fn holders_are_counted_while_they_live() {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let two = [Holder::of(&COUNT), Holder::of(&COUNT)];
        assert_eq!(COUNT.load(Ordering::Relaxed), 2);
        drop(two);
        assert_eq!(COUNT.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_workers_shortage_is_reported_once() {
        let worker = u32::MAX - 1;
        assert_eq!(take_unserved(worker), None);
        went_without(worker, libc::ENFILE);
        assert_eq!(
            (take_unserved(worker - 1), take_unserved(worker)),
            (None, Some(libc::ENFILE))
        );
        assert_eq!(take_unserved(worker), None);
        assert!(advice_for_tool(libc::EMFILE).contains("EMFILE"));
    }

    #[test]
    fn room_is_refused_where_there_is_none() {
        let many = usize::try_from(limits().rlim_cur).expect("a limit");
        if many < 1 << 20 {
            let error = DescriptorReservation::new(many).expect_err("more than there may be");
            assert!(is_shortage_error(&error), "{error}");
        }
        assert!(DescriptorReservation::new(8).is_ok());
        assert!(is_shortage(libc::EMFILE) && is_shortage(libc::ENFILE) && !is_shortage(libc::ENOENT));
    }
}
