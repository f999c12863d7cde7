//! The `binding` room.
