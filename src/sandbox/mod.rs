//! What a worker may access, enforced by the kernel: policy (pure) -> prepare (parent) -> apply (child).
//!
//! The decisions behind it: docs/decisions.md#sandbox.

mod apply;
mod attempt;
pub(crate) mod blocked_signals;
mod caps;
mod child;
mod denial;
mod denials;
mod destinations;
mod distribution;
mod forks;
mod lacking;
mod landlock;
mod landlock_abi;
mod learn;
mod lives;
mod locks;
pub mod modes;
mod mountinfo;
mod net;
mod opened;
mod opened_rules;
pub(crate) mod other_descriptors;
mod own_attempts;
mod own_directories;
mod place;
pub mod policy;
mod prepare;
mod probe;
pub(crate) mod proc_stat;
mod rule_paths;
mod run;
mod seccomp;
mod short_child;
mod supervise;
mod surroundings;
mod survey;

pub use child::{ChildSetup, InChild, StepFailure};
pub use denial::{Denial, Permission};
pub use denials::{Denials, TakenDenials};
pub(crate) use forks::ORIGIN_CLONE;
pub use learn::{Activity, Learned, Need, Observations, Surroundings};
pub use locks::HeldBy;
pub(crate) use mountinfo::mounts;
pub(crate) use net::MOST_WAITING;
pub use net::{Connection, Connections, ListeningPort};
pub use policy::{Command, Disk, NetPolicy, NoProgram, PlanInput, Policy, Run, plan};
pub use prepare::{Learning, Sandbox, prepare, prepare_learning};
pub use probe::{Support, probe};
pub use run::{CleanupRegistration, Guardian};
pub(crate) use short_child::run as in_short_child;
pub use supervise::{Lack, SocketMaker};
pub use survey::{Survey, survey};
