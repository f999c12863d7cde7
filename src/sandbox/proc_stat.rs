//! Parses /proc/<pid>/stat: the few fields that are used.

use std::{fs, io};

/// Whether a process may be in the group, at a fraction of the cost of reading its file; true where the system does not
/// tell. Kernel threads are in group 0, which rustix does not accept.
pub(crate) fn may_be_of(process: u32, group: u32) -> bool {
    // SAFETY: no memory is passed.
    match unsafe { libc::getpgid(process.cast_signed()) } {
        -1 => std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH),
        found => found.unsigned_abs() == group,
    }
}

/// A process's state, parent and group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcStat {
    state: u8,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// Clock ticks since the machine started.
    pub(crate) started: u64,
}

impl ProcStat {
    /// Reads the file of a process.
    pub(crate) fn read(process: u32) -> io::Result<Self> {
        let stat = fs::read(format!("/proc/{process}/stat"))?;
        Self::parse(&stat).ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))
    }

    /// State, parent and group follow the name in brackets, which may contain spaces and brackets; the start time is the 20th
    /// field after the name.
    pub(crate) fn parse(stat: &[u8]) -> Option<Self> {
        let end_of_name = stat.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(stat.get(end_of_name + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        Some(Self {
            state: *fields.next()?.as_bytes().first()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            started: fields.nth(16)?.parse().ok()?,
        })
    }

    /// Whether it is a zombie: it has ended, and its parent has yet to reap it.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_fields() {
        let stat = ProcStat::parse(b"12 (a) Z 1 2 (b)) S 7 42 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 77 0").unwrap();
        assert_eq!((stat.parent, stat.group, stat.has_ended()), (7, 42, false));
        assert_eq!(stat.started, 77);
        let stat = ProcStat::parse(b"12 (\xff\xfe) Z 1 5 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 78").unwrap();
        assert_eq!((stat.parent, stat.group, stat.has_ended()), (1, 5, true));
    }

    #[test]
    fn a_process_is_of_its_group_only() {
        let own = rustix::process::getpgrp().as_raw_nonzero().get().unsigned_abs();
        assert!(may_be_of(std::process::id(), own));
        assert!(!may_be_of(std::process::id(), own + 1));
        assert!(!may_be_of(i32::MAX as u32, own), "nobody has this number");
    }

    #[test]
    fn a_process_that_there_is_can_be_read() {
        let own = ProcStat::read(std::process::id()).unwrap();
        // SAFETY: no memory is passed.
        let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.unsigned_abs();
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let seconds: u64 = uptime.split('.').next().unwrap().parse().unwrap();
        assert!(
            !own.has_ended() && own.started > 0 && own.started / ticks <= seconds,
            "{own:?} {uptime}"
        );
        assert_eq!(
            ProcStat::read(i32::MAX as u32).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn text_that_is_not_a_stat_line_is_rejected() {
        for text in ["", "12 (x)", "12 (x) S 1 notanumber", "12 (x) S 1"] {
            assert_eq!(ProcStat::parse(text.as_bytes()), None, "{text}");
        }
    }
}
