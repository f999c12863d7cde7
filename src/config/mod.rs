//! What the user gave becomes what the program uses.
//!
//! `given` is what JavaScript sent, [`Config`] is what the rest of the crate uses, and `resolve` is the one way from the
//! first to the second: it fills in the defaults of `presets` and reports every problem at once.

pub mod permissions;
mod settings;

pub use permissions::{Deny, Host, NetRule, NetScope, Permissions, Scope};
pub use settings::{BackoffLimits, Config, Count, Isolation, RuntimeType, SandboxMode, Telemetry};
