//! What systems do in different ways, in small pieces that have the same names everywhere: `linux.rs` is what Linux can do, and
//! `portable.rs` what every Unix can. `build.rs` says which of them is compiled (`cfg(portable)`). Larger twins have rooms of
//! their own: `spawn/portable`, `sandbox/absent.rs`, `dispatch/io/driver_reads.rs`.
//!
//! The decisions behind it: docs/decisions.md#portable-backend.

#[cfg(not(portable))]
mod linux;
#[cfg(portable)]
mod portable;

#[cfg(not(portable))]
pub(crate) use linux::{
    NO_SIGNAL, NOT_LISTED, PATH_ONLY, TELLS_UNREAD, before_opening, change_mode, path_of_open, pipe, placeholder,
    socket_pair,
};
#[cfg(portable)]
pub(crate) use portable::{
    NO_SIGNAL, NOT_LISTED, PATH_ONLY, TELLS_UNREAD, before_opening, change_mode, path_of_open, pipe, placeholder,
    socket_pair,
};

use rustix::fs::Stat;

/// What distinguishes a file from all others: its device and its number there.
#[allow(
    clippy::unnecessary_cast,
    clippy::cast_sign_loss,
    clippy::allow_attributes,
    reason = "types differ between systems"
)]
pub(crate) fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// The kind and the mode of a file.
#[allow(
    clippy::useless_conversion,
    clippy::allow_attributes,
    reason = "types differ between systems"
)]
pub(crate) fn mode(stat: &Stat) -> u32 {
    stat.st_mode.into()
}

/// A mode as a number.
#[cfg(test)]
#[allow(
    clippy::useless_conversion,
    clippy::allow_attributes,
    reason = "types differ between systems"
)]
pub(crate) fn bits(mode: rustix::fs::Mode) -> u32 {
    mode.bits().into()
}
