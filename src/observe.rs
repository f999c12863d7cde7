//! What the core tells the outside.
