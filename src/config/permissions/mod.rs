//! What a tool may do. One value for both grammars: Deno's flags (`bunPermissions`) and Node's (`nodeOptions`).

mod net;
mod scope;

pub use net::{Host, NetRule, NetScope};
pub use scope::{Deny, Permissions, Scope};
