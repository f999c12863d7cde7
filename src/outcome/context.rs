//! What interpreting needs besides the facts of a call.

use super::denied::DenialExplainer;
use super::variables::Variables;

/// What messages need besides the facts.
#[derive(Debug, Clone)]
pub struct InterpretContext {
    /// Largest serialised result, in bytes.
    pub max_output_size: u64,
    /// The memory limit of one process tree.
    pub max_memory_mb: u64,
    /// Explains refused accesses.
    pub denied: DenialExplainer,
    /// The host's variables that tools do not get.
    pub variables: Variables,
    /// The project's packages are those of yarn's Plug'n'Play, which are in no `node_modules`.
    pub plug_n_play: bool,
}

impl InterpretContext {
    /// The same for a call whose own list of flags narrows what its tool may do.
    pub fn of_call(self) -> Self {
        Self {
            denied: self.denied.of_call(),
            variables: self.variables.of_call(),
            ..self
        }
    }

    /// The same for tools whose list of flags stands at this place of the configuration.
    pub fn of_tool(self, place: &str) -> Self {
        Self {
            denied: self.denied.of_tool(place),
            variables: self.variables.of_tool(place),
            ..self
        }
    }
}
