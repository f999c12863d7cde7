//! Wires the rooms.
