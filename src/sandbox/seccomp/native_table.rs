//! The table of the architecture that this is compiled for.

#[cfg(target_arch = "x86_64")]
pub(super) use super::table_x86_64::TABLE as NATIVE;

#[cfg(target_arch = "aarch64")]
pub(super) use super::table_aarch64::TABLE as NATIVE;
