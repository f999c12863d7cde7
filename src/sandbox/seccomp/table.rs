//! The system call numbers of an architecture, as data.

/// One architecture. A call that the rules name is either in `calls` or in `absent`; a test holds that.
#[derive(Debug)]
pub(super) struct Table {
    #[allow(dead_code, reason = "for the tests' messages")]
    pub arch: &'static str,
    /// The kernel's AUDIT_ARCH value; a call under another one kills the process.
    pub audit_arch: u32,
    /// Whether numbers from 0x4000_0000 on are a second ABI with the same arch value.
    pub x32: bool,
    pub calls: &'static [(&'static str, u32)],
    /// Calls the architecture never had.
    #[allow(dead_code, reason = "a test holds that no call is forgotten")]
    pub absent: &'static [&'static str],
}

impl Table {
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.calls.iter().find(|(n, _)| *n == name).map(|(_, number)| *number)
    }
}

/// The table of the architecture this is built for.
#[cfg(target_arch = "x86_64")]
pub(super) use super::table_x86_64::TABLE as NATIVE;

#[cfg(target_arch = "aarch64")]
pub use super::table_aarch64::TABLE as NATIVE;
