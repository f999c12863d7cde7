//! Which of the two lists of flags applies.

use super::permissions::Permissions;
use super::settings::{Config, RuntimeType, SandboxMode};
use crate::error::Problem;

/// The list that applies to the runtime becomes the permissions. Both lists were read before, so their problems are
/// already known.
pub(super) fn set_permissions(config: &mut Config, problems: &mut Vec<Problem>) {
    match config.runtime_type {
        RuntimeType::Bun => {
            if let Ok(permissions) = Permissions::from_bun_flags(&config.bun_permissions) {
                config.permissions = permissions;
            }
        }
        RuntimeType::Node => {
            if let Ok(options) = Permissions::from_node_options(&config.node_options) {
                config.permissions = options.permissions;
                config.runtime_options = options.rest;
                if config.sandbox == SandboxMode::Required {
                    problems.extend(options.needs_no_sandbox);
                }
            }
        }
    }
}
