//! A cgroup for each worker, where somebody delegated a part of the system's tree to the host.
//!
//! The watchdog (`usage/`) looks every few milliseconds, and kills what it finds above its limit. A cgroup is the kernel's own
//! account, which nothing that a process allocates can pass even for a moment. It is used in addition, and only where it was
//! seen to hold: wherever a step fails, the watchdog is there as it is without one.
//!
//! The host makes directories beside its own cgroup, under their common parent. It switches no controller on and moves no
//! process but those it starts. Where the parent is not there for this host alone it is left alone.
//!
//! | file | subject |
//! |---|---|
//! | `place.rs` | where the host's own cgroup is, and so its parent |
//! | `text.rs` | what the kernel's files say, and the names of our directories |
//! | `delegated.rs` | the parent: found, judged, tried once, cleared of what dead hosts left |
//! | `own.rs` | one worker's cgroup: limits, account, removal |

mod delegated;
mod own;
mod place;
mod text;

pub use delegated::Delegated;
pub(super) use own::Cgroup;
pub use own::{Account, CgroupLimits, Cgroups};
