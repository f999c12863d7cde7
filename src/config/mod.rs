//! Turns the user's settings into the settings that the program uses.
//!
//! `user_value` holds what JavaScript sent, [`Config`] is what the rest of the crate uses, and [`resolve`] turns the
//! former into the latter: `presets` has the defaults, `fields` the valid values of each setting, and every problem is
//! reported at once. `from_env` reads environment variables, `resolved` shows the result to the user.
//!
//! The decisions behind it: docs/decisions.md#configuration.

mod duration;
pub mod env_names;
mod env_rules;
mod fields;
mod from_env;
mod in_force;
mod learn;
mod limits;
mod nearest;
pub mod permissions;
mod presets;
mod resolve;
mod resolved;
mod retry;
mod retry_policy;
mod set;
mod settings;
mod tool_settings;
mod tools;
mod user_value;
mod widening;

pub use duration::{LONGEST, ZeroAllowed, parse_duration};
pub use env_rules::{name_problem, value_problem};
#[cfg(test)]
pub(crate) use from_env::MARKERS as OWN_VARIABLES;
pub use from_env::from_env;
pub use nearest::nearest;
pub use permissions::{Deny, Host, NetRule, NetScope, NodeOptions, Permissions, Scope, in_nodes_words, is_metadata};
pub use presets::{Preset, preset};
pub use resolve::resolve;
pub use retry_policy::{RetryOn, RetryPolicy};
pub use settings::{BackoffLimits, Config, Count, Isolation, Learn, ProcessStart, RuntimeType, SandboxMode, Telemetry};
pub use tool_settings::moved;
pub use tools::{ToolEntry, ToolTable, place};
pub use user_value::UserValue;
pub use widening::{Widening, widenings};
