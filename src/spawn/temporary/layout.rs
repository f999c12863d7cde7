//! Names in the place of temporary directories, and how removals are divided.

use std::ffi::CStr;
use std::time::Duration;

/// The beginning of the names of hosts' directories; 16 digits follow.
pub(super) const PREFIX: &str = "toolwarden-";
pub(super) const HOST_DIGITS: usize = 16;
/// The file whose lock shows that the host lives. It gets this name once it is locked.
pub(super) const LOCK: &CStr = c"lock";
/// How long the removal thread works on one tree before it turns to another, and how often it returns to it. What
/// cannot be removed in that time is removed after the host's end.
pub(super) const PIECE: Duration = Duration::from_millis(500);
pub(super) const PIECES: u32 = 120;
