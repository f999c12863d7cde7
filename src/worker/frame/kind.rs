//! The kinds of frames: the second field of each.

pub(super) const CALL: u8 = 0x01;
pub(super) const ABORT: u8 = 0x02;
pub(super) const PING: u8 = 0x03;
pub(super) const END: u8 = 0x04;

pub(super) const READY: u8 = 0x81;
pub(super) const LOAD_FAILED: u8 = 0x82;
pub(super) const ENTERED: u8 = 0x83;
pub(super) const RESULT: u8 = 0x84;
pub(super) const PROGRESS: u8 = 0x85;
pub(super) const LOG: u8 = 0x86;
pub(super) const ABORT_ACK: u8 = 0x87;
pub(super) const PONG: u8 = 0x88;
pub(super) const LEAVING: u8 = 0x89;
pub(super) const PRINTED: u8 = 0x8a;
pub(super) const MISSED: u8 = 0x8b;
pub(super) const WANTS: u8 = 0x8c;

/// Bytes of the length that comes before the kind.
pub(super) const LENGTH_BYTES: usize = 4;
