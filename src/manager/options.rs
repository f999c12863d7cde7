//! What a host passes to open a manager.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::value::RawValue;

/// What a host passes to open a manager.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// The project root, as given.
    pub working_dir: String,
    /// The configuration, as given.
    pub config: Box<RawValue>,
    /// The directories of the host program, where a `bun` package may be found.
    pub host_dirs: Vec<PathBuf>,
    /// The host's PATH.
    pub path: String,
    /// The host's environment.
    pub env: BTreeMap<String, String>,
    /// The host's own executable, where the host is Node.
    #[serde(default)]
    pub node: Option<PathBuf>,
}
