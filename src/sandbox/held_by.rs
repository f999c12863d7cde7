//! What `enforcement` says about the parts of a policy that differ between kernels.

use serde::Serialize;

/// What enforces the parts of a policy that differ between kernels: the public `Enforcement.heldBy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeldBy {
    pub tcp: &'static str,
    pub signals: &'static str,
    pub truncate: &'static str,
}
