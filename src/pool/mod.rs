//! The `pool` room.
