//! The `outcome` room.
