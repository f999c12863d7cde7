//! Landlock, the kernel's access control by inode, by raw system calls and up to one tested ABI.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::landlock_abi::{SCOPE_ABI, TCP_ABI};

/// Rights over files, by their number in the kernel's interface.
pub(super) mod fs {
    pub(crate) const EXECUTE: u64 = 1 << 0;
    pub(crate) const WRITE_FILE: u64 = 1 << 1;
    pub(crate) const READ_FILE: u64 = 1 << 2;
    pub(crate) const READ_DIR: u64 = 1 << 3;
    pub(crate) const REMOVE_DIR: u64 = 1 << 4;
    pub(crate) const REMOVE_FILE: u64 = 1 << 5;
    #[cfg(test)]
    pub(crate) const MAKE_CHAR: u64 = 1 << 6;
    pub(crate) const MAKE_DIR: u64 = 1 << 7;
    pub(crate) const MAKE_REG: u64 = 1 << 8;
    pub(crate) const MAKE_SOCK: u64 = 1 << 9;
    #[cfg(test)]
    pub(crate) const MAKE_FIFO: u64 = 1 << 10;
    #[cfg(test)]
    pub(crate) const MAKE_BLOCK: u64 = 1 << 11;
    pub(crate) const MAKE_SYM: u64 = 1 << 12;
    pub(crate) const REFER: u64 = 1 << 13;
    pub(crate) const TRUNCATE: u64 = 1 << 14;
    pub(crate) const IOCTL_DEV: u64 = 1 << 15;

    /// The rights that a rule on a file may have; the kernel rejects a rule with others.
    pub(crate) const OF_A_FILE: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
}

const NET_BIND_TCP: u64 = 1 << 0;
const NET_CONNECT_TCP: u64 = 1 << 1;
const SCOPE_ABSTRACT_UNIX_SOCKET: u64 = 1 << 0;
const SCOPE_SIGNAL: u64 = 1 << 1;

const CREATE_RULESET_VERSION: u32 = 1;
/// The descriptors below are the ones that a child is started with: stdio, the channel, shared memory.
const FIRST_FREE: i64 = 5;
const RULE_PATH_BENEATH: i32 = 1;

/// The accesses that a ruleset governs: each of them is refused unless a rule allows it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HandledAccess {
    fs: u64,
    net: u64,
    scoped: u64,
}

/// What the policy leaves to the kernel's other checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ungoverned {
    /// Any address may be reached, so TCP is not governed.
    pub net: bool,
}

impl HandledAccess {
    /// Everything that a kernel of this ABI can govern, without what is `free`.
    pub(super) fn of(abi: u32, free: Ungoverned) -> Self {
        let fs = match abi {
            0 | 1 => (1 << 13) - 1,
            2 => (1 << 14) - 1,
            3 | 4 => (1 << 15) - 1,
            _ => (1 << 16) - 1,
        };
        let net = if abi >= TCP_ABI && !free.net {
            NET_BIND_TCP | NET_CONNECT_TCP
        } else {
            0
        };
        let scoped = match abi >= SCOPE_ABI {
            false => 0,
            true => SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX_SOCKET,
        };
        HandledAccess { fs, net, scoped }
    }

    /// The file rights of this ABI; a rule may have no others.
    pub(super) fn fs(&self) -> u64 {
        self.fs
    }

    /// The attribute's size in this ABI: a field that the kernel does not know must not be passed.
    fn size(&self, abi: u32) -> usize {
        match abi {
            0..=3 => 8,
            4 | 5 => 16,
            _ => 24,
        }
    }
}

/// The ABI of the running kernel; an errno when Landlock is missing or switched off.
pub(super) fn version() -> Result<u32, i32> {
    // SAFETY: with the version flag the kernel reads no memory of ours.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<HandledAccess>(),
            0usize,
            CREATE_RULESET_VERSION,
        )
    };
    u32::try_from(version).map_err(|_| errno())
}

/// A ruleset under construction. Each spawn has its own, because the process's own /proc files are part of it.
#[derive(Debug)]
pub(super) struct Ruleset(OwnedFd);

#[repr(C, packed)]
struct PathBeneath {
    allowed: u64,
    parent: i32,
}

impl Ruleset {
    pub(super) fn new(abi: u32, handled: &HandledAccess) -> io::Result<Self> {
        // SAFETY: `handled` outlives the call and the size is at most its own.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_landlock_create_ruleset,
                std::ptr::from_ref(handled),
                handled.size(abi),
                0u32,
            )
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just gave us this descriptor; nobody else owns it.
        let ruleset = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        if fd >= FIRST_FREE {
            return Ok(Ruleset(ruleset));
        }
        // A host may have low numbers free, but in a child those are stdio's and the channel's.
        Ok(Ruleset(rustix::io::fcntl_dupfd_cloexec(&ruleset, FIRST_FREE as i32)?))
    }

    /// Allows `rights` beneath (or on) an open path.
    pub(super) fn allow(&self, path: BorrowedFd<'_>, rights: u64) -> io::Result<()> {
        // SAFETY: both descriptors are open for the length of the call.
        match unsafe { add_rule(self.0.as_raw_fd(), path.as_raw_fd(), rights) } {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    pub(super) fn as_raw_fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

impl From<Ruleset> for OwnedFd {
    fn from(ruleset: Ruleset) -> Self {
        ruleset.0
    }
}

impl AsFd for Ruleset {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Adds a rule; 0 or an errno. Async-signal-safe.
///
/// # Safety
/// Both must be open descriptors: a ruleset and a path.
pub(super) unsafe fn add_rule(ruleset: i32, path: i32, rights: u64) -> i32 {
    let rule = PathBeneath {
        allowed: rights,
        parent: path,
    };
    // SAFETY: `rule` has the kernel's packed layout and outlives the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset,
            RULE_PATH_BENEATH,
            std::ptr::from_ref(&rule),
            0u32,
        )
    };
    if done == 0 { 0 } else { errno() }
}

/// Restricts the calling thread permanently; 0 or an errno. Async-signal-safe.
///
/// # Safety
/// `ruleset` must be an open ruleset; the thread must have no_new_privs.
pub(super) unsafe fn restrict_self(ruleset: i32) -> i32 {
    // SAFETY: no memory is passed.
    let done = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset, 0u32) };
    if done == 0 { 0 } else { errno() }
}

fn errno() -> i32 {
    // SAFETY: the location is this thread's own (a vfork child borrows its parent's, which is suspended).
    unsafe { *libc::__errno_location() }
}

/// The rights among `wanted` that a rule on this kind of file may have.
pub(super) fn rights_for(is_dir: bool, wanted: u64, handled: &HandledAccess) -> u64 {
    let of_kind = if is_dir { wanted } else { wanted & fs::OF_A_FILE };
    of_kind & handled.fs()
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::sandbox::landlock_abi::{MINIMUM_ABI, TESTED_ABI};

    #[test]
    fn governs_what_each_abi_can() {
        let all = |abi| HandledAccess::of(abi, Ungoverned::default());
        assert_eq!(all(1).fs & (fs::REFER | fs::TRUNCATE | fs::IOCTL_DEV), 0);
        assert_eq!(all(2).fs & (fs::REFER | fs::TRUNCATE), fs::REFER);
        assert_eq!((all(3).fs & fs::TRUNCATE, all(3).net), (fs::TRUNCATE, 0));
        assert_eq!(all(4).fs & fs::IOCTL_DEV, 0);
        assert_eq!(all(5).fs & fs::IOCTL_DEV, fs::IOCTL_DEV);
        assert_eq!((all(4).net, all(4).scoped), (3, 0));
        assert_eq!((all(6).net, all(6).scoped), (3, 3));
        assert_eq!(
            HandledAccess::of(6, Ungoverned { net: true }),
            HandledAccess {
                fs: 0xffff,
                net: 0,
                scoped: 3
            }
        );
    }

    #[test]
    fn this_machine_has_an_abi_the_tests_need() {
        assert!(
            version().is_ok_and(|abi| abi >= MINIMUM_ABI),
            "the sandbox tests need Landlock: {:?}",
            version()
        );
    }

    #[test]
    fn every_supported_abi_makes_a_ruleset() {
        for abi in MINIMUM_ABI..=version().expect("Landlock").min(TESTED_ABI) {
            let handled = HandledAccess::of(abi, Ungoverned::default());
            let set = Ruleset::new(abi, &handled).expect("a ruleset");
            let dir = File::open("/").expect("the root");
            set.allow(dir.as_fd(), rights_for(true, fs::READ_FILE | fs::READ_DIR, &handled))
                .expect("a rule");
        }
    }

    #[test]
    fn a_ruleset_leaves_the_low_numbers_to_the_child() {
        let handled = HandledAccess::of(MINIMUM_ABI, Ungoverned::default());
        // The kernel assigns the lowest free numbers: two rulesets of a host without stdin would be 0 and so on.
        let many: Vec<_> = (0..8)
            .map(|_| Ruleset::new(MINIMUM_ABI, &handled).expect("a ruleset"))
            .collect();
        assert!(many.iter().all(|set| i64::from(set.as_raw_fd()) >= FIRST_FREE));
    }

    #[test]
    fn a_rule_on_a_file_carries_no_directory_rights() {
        let handled = HandledAccess::of(TESTED_ABI, Ungoverned::default());
        assert_eq!(rights_for(false, fs::READ_FILE | fs::READ_DIR, &handled), fs::READ_FILE);
    }
}
