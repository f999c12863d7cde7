//! Sets any field of the public `Config`.

use std::sync::Arc;

use super::fields;
use super::settings::Config;
use super::tool_settings;
use super::user_value::UserValue;
use crate::error::Problem;

/// The field with the settings of single tools. They depend on the others.
pub(super) const TOOLS: &str = "tools";

/// Sets one field, or reports everything that is wrong with the value.
pub(super) fn set(config: &mut Config, name: &str, given: &UserValue) -> Result<(), Vec<Problem>> {
    if name != TOOLS {
        return fields::set(config, name, given);
    }
    config.tools = Arc::new(tool_settings::read(config, given)?);
    Ok(())
}
