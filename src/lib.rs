//! toolwarden runs JavaScript and TypeScript tools in supervised Bun and Node processes.
//!
//! A call is data that goes one way:
//!
//! ```text
//! config -> validate -> worker -> sandbox -> spawn -> pool -> dispatch -> outcome
//! ```
//!
//! A room uses rooms to its left and the two neutral ones (`error`, `observe`), never a room to its right;
//! `tests/rooms.rs` reads the `use crate::` lines and fails when one does. Only `manager` knows the order, only
//! `binding` knows napi.

// Blank lines keep the order of the picture above.
pub mod error;

pub mod observe;

pub mod config;

pub mod validate;

pub mod worker;

pub mod sandbox;

pub mod spawn;

pub mod pool;

pub mod dispatch;

pub mod outcome;

pub mod manager;

#[cfg(feature = "binding")]
mod binding;
