//! The `spawn` room.
