//! What the user gave becomes what the program uses.
//!
//! `given` is what JavaScript sent, [`Config`] is what the rest of the crate uses, and [`resolve`] is the one way from the
//! first to the second: `presets` has the defaults, `fields` what each setting may be, and every problem is reported at
//! once. `from_env` makes the first out of environment variables, `resolved` shows the second to the user.

mod duration;
pub mod env_names;
mod fields;
mod from_env;
mod given;
mod limits;
mod nearest;
pub mod permissions;
mod presets;
mod resolve;
mod resolved;
mod retry;
mod settings;
mod widening;

pub use duration::{LONGEST, ZeroAllowed, parse_duration};
#[cfg(test)]
pub(crate) use from_env::MARKERS as OWN_VARIABLES;
pub use from_env::from_env;
pub use given::Given;
pub use nearest::nearest;
pub use permissions::{Deny, Host, NetRule, NetScope, NodeOptions, Permissions, Scope, is_metadata};
pub use presets::{Preset, preset};
pub use resolve::resolve;
pub use retry::{RetryOn, RetryPolicy};
pub use settings::{BackoffLimits, Config, Count, Isolation, RuntimeType, SandboxMode, Telemetry};
pub use widening::{Widening, widenings};
