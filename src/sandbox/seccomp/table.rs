//! The system call numbers of an architecture, as data.

/// Since Linux 5.1 all architectures number new calls alike. `file_setattr`, 469, is the newest of Linux 6.18.
pub(super) const END: u32 = 470;

/// One architecture. Each call that the rules name is either in `calls` or in `absent`; a test checks that.
#[derive(Debug)]
pub(super) struct Table {
    #[allow(dead_code, reason = "for the tests' messages")]
    pub arch: &'static str,
    /// The kernel's AUDIT_ARCH value; a call with another one kills the process.
    pub audit_arch: u32,
    /// The first number that no supported kernel had when the rules were written. From here on a call returns ENOSYS:
    /// its effects are unknown, and programs can do without it on an older kernel. On x86-64 this also refuses x32, a
    /// second ABI with the same arch value whose numbers start at 0x4000_0000.
    pub end: u32,
    pub calls: &'static [(&'static str, u32)],
    /// Calls that the architecture never had.
    #[allow(dead_code, reason = "a test holds that no call is forgotten")]
    pub absent: &'static [&'static str],
}

impl Table {
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.calls.iter().find(|(n, _)| *n == name).map(|(_, number)| *number)
    }
}
