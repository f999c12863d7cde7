//! What a tool may do. One value for both grammars: Deno's flags (`bunPermissions`) and Node's (`nodeOptions`).
//!
//! `grammar` parses one flag, `bun` and `node` define which flags exist, `grants` combines them and rejects what no
//! kernel rule can enforce, `scope` and `net` are the result, `flags` writes it as flags again.

mod bun;
mod covers;
mod flags;
mod grammar;
mod grants;
mod metadata;
mod net;
mod node;
mod node_refused;
mod node_words;
mod paths;
mod scope;

pub use metadata::is_metadata;
pub use net::{Host, NetRule, NetScope};
pub use node::NodeOptions;
pub use node_words::in_nodes_words;
pub use scope::{Deny, Permissions, Scope};
