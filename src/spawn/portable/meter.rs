//! Measures what one process group uses, as far as every system tells: resident memory, threads, processes and the temporary
//! directory. Memory behind sockets and pipes, and watches, are not known.

use std::io;
use std::time::{Duration, Instant};

use super::members::{Member, look_at, of_group};
use crate::spawn::usage::{Caps, Measured, Usage, Weigher};

/// The time between two lists of the group, which takes a look at every process of the machine.
const LIST_EVERY: Duration = Duration::from_millis(50);

/// Measures one group.
#[derive(Debug)]
pub struct UsageMeter {
    leader: u32,
    /// None where there can be no other members.
    others: Option<Vec<Member>>,
    listed: Instant,
    weigher: Weigher,
}

impl UsageMeter {
    /// A meter of the group that `leader` leads. Fails when the process is gone.
    pub fn open(leader: u32, measured: Measured, now: Instant) -> io::Result<Self> {
        look_at(leader).ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
        Ok(Self {
            leader,
            others: measured.may_start_programs.then(Vec::new),
            listed: now,
            weigher: Weigher::new(measured.temporary, now),
        })
    }

    /// `None` when the leader is gone.
    pub fn usage(&mut self, _caps: Caps, now: Instant) -> Option<Usage> {
        let own = look_at(self.leader)?;
        if let Some(others) = &mut self.others
            && now.duration_since(self.listed) >= LIST_EVERY
        {
            self.listed = now;
            let members = of_group(self.leader).unwrap_or_default();
            *others = members.into_iter().filter(|member| member.id != self.leader).collect();
        }
        let others = self.others.as_deref().unwrap_or_default();
        let members = || others.iter().chain([&own]);
        let temporary = self.weigher.weigh(now);
        Some(Usage {
            memory: members().map(|member| member.memory).sum(),
            processes: members().count() as u32,
            threads: members().map(|member| member.threads).sum(),
            watches: 0,
            notifiers: 0,
            temporary,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        processes: u32::MAX,
        threads: u32::MAX,
        watches: u64::MAX,
        notifiers: u64::MAX,
    };

    #[test]
    fn memory_that_is_used_is_seen() {
        let now = Instant::now();
        let mut meter = UsageMeter::open(std::process::id(), Measured::default(), now).unwrap();
        let before = meter.usage(CAPS, now).unwrap();
        let used = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = meter.usage(CAPS, now).unwrap();
        assert!(after.memory >= before.memory + (48 << 20), "{before:?} {after:?}");
        assert_eq!((after.processes, used.len()), (1, 64 << 20));
    }

    #[test]
    fn a_process_that_is_gone_uses_nothing() {
        assert!(UsageMeter::open(u32::MAX >> 1, Measured::default(), Instant::now()).is_err());
    }
}
