//! What a worker may access, enforced by the kernel: policy (pure) -> prepare (parent) -> apply (child).
//!
//! On systems without Landlock and seccomp only what the rest needs of it is compiled: policies, the record of refusals, and
//! `absent.rs`, which says that nothing can be enforced.
//!
//! The decisions behind it: docs/decisions.md#sandbox.

#[cfg(portable)]
mod absent;
#[cfg(not(portable))]
mod apply;
#[cfg(not(portable))]
mod attempt;
pub(crate) mod blocked_signals;
#[cfg(not(portable))]
mod caps;
mod child;
mod denial;
#[cfg_attr(portable, expect(dead_code, reason = "the supervisor adds to the record"))]
mod denials;
mod destinations;
#[cfg(not(portable))]
mod distribution;
#[cfg(not(portable))]
mod forks;
mod held_by;
#[cfg(not(portable))]
mod lacking;
#[cfg(not(portable))]
mod landlock;
#[cfg(not(portable))]
mod landlock_abi;
#[cfg_attr(portable, expect(dead_code, reason = "the supervisor notes what tools do"))]
mod learn;
mod lives;
#[cfg(not(portable))]
mod locks;
pub mod modes;
#[cfg(not(portable))]
mod mountinfo;
#[cfg(not(portable))]
mod net;
#[cfg(portable)]
mod no_guardian;
#[cfg(not(portable))]
mod opened;
#[cfg(not(portable))]
mod opened_rules;
#[cfg(not(portable))]
pub(crate) mod other_descriptors;
#[cfg(not(portable))]
mod own_attempts;
#[cfg(not(portable))]
mod own_directories;
#[cfg(not(portable))]
mod place;
pub mod policy;
#[cfg(not(portable))]
mod prepare;
#[cfg(not(portable))]
mod probe;
#[cfg(not(portable))]
pub(crate) mod proc_stat;
#[cfg(not(portable))]
mod rule_paths;
#[cfg(not(portable))]
mod run;
#[cfg(not(portable))]
mod seccomp;
#[cfg(not(portable))]
mod short_child;
#[cfg(not(portable))]
mod supervise;
mod support;
#[cfg(not(portable))]
mod surroundings;
#[cfg(not(portable))]
mod survey;

#[cfg(portable)]
pub use absent::{Connections, Learning, Sandbox, prepare, prepare_learning, probe, survey};
pub use child::{ChildSetup, InChild, StepFailure};
pub use denial::{Denial, Permission};
pub use denials::{Denials, TakenDenials};
#[cfg(not(portable))]
pub(crate) use forks::ORIGIN_CLONE;
pub use held_by::HeldBy;
pub use learn::{Activity, Learned, Need, Observations, Surroundings};
#[cfg(not(portable))]
pub(crate) use mountinfo::mounts;
#[cfg(not(portable))]
pub(crate) use net::MOST_WAITING;
#[cfg(not(portable))]
pub use net::{Connection, Connections, ListeningPort};
#[cfg(not(portable))]
pub(crate) use net::{Found, SockDiag, TcpSockets, socket_memory};
#[cfg(portable)]
pub use no_guardian::{CleanupRegistration, Guardian};
pub use policy::{Command, Disk, NetPolicy, NoProgram, PlanInput, Policy, Run, plan};
#[cfg(not(portable))]
pub use prepare::{Learning, Sandbox, prepare, prepare_learning};
#[cfg(not(portable))]
pub use probe::probe;
#[cfg(not(portable))]
pub use run::{CleanupRegistration, Guardian};
#[cfg(not(portable))]
pub(crate) use short_child::run as in_short_child;
pub use support::{Lack, SocketMaker, Support, Survey};
#[cfg(not(portable))]
pub use survey::survey;
