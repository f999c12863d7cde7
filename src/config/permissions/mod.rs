//! What a tool may do. One value for both grammars: Deno's flags (`bunPermissions`) and Node's (`nodeOptions`).
//!
//! `grammar` cuts one flag into its parts, `bun` and `node` know which flags there are, `grants` collects what they say and
//! refuses what no kernel rule can hold, `scope` and `net` are the result, `flags` writes it down again.

mod bun;
mod flags;
mod grammar;
mod grants;
mod metadata;
mod net;
mod node;
mod node_refused;
mod paths;
mod scope;

pub use metadata::is_metadata;
pub use net::{Host, NetRule, NetScope};
pub use node::NodeOptions;
pub use scope::{Deny, Permissions, Scope};
