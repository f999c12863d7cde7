//! A cgroup for each worker, where a part of the system's tree is delegated to the host.
//!
//! The watchdog (`usage/`) measures every few milliseconds and kills what is above its limit. A cgroup is enforced by
//! the kernel itself, so no allocation can pass it even for a moment. It is used in addition to the watchdog, and only
//! where a trial showed that it works; where a step fails, the watchdog works as it does without cgroups.
//!
//! The host makes directories beside its own cgroup, under their common parent. It enables no controller and moves no
//! process except those it starts. A parent that does not exist for this host alone is left alone.
//!
//! | file | subject |
//! |---|---|
//! | `place.rs` | where the host's own cgroup is, and so its parent |
//! | `text.rs` | the format of the kernel's files, and the names of our directories |
//! | `delegated.rs` | the parent: judged, swept of what dead hosts left |
//! | `trial.rs` | finding the parent, and trying it once |
//! | `own.rs` | one worker's cgroup: limits, account, removal |
//! | `host_kills.rs` | what the kernel killed in the host's own cgroup, whose limit may be a container's |

mod delegated;
mod host_kills;
mod own;
mod place;
mod text;
mod trial;

pub use delegated::Delegated;
pub(super) use host_kills::kills;
pub(super) use own::Cgroup;
pub use own::Cgroups;
