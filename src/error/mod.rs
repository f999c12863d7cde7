//! The `error` room.
