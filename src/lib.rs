//! toolwarden runs JavaScript and TypeScript tools in supervised Bun and Node processes.
//!
//! A call is data that flows in one direction:
//!
//! ```text
//! config -> validate -> worker -> sandbox -> spawn -> pool -> dispatch -> outcome
//! ```
//!
//! Each of these modules is a layer. A layer uses the layers to its left and the three neutral modules (`error`,
//! `observe`, `system`), never a layer to its right;
//! `tests/layers.rs` reads the `use crate::` lines and fails where one does. Only `manager` and `wrap` know the order, only
//! `binding` uses napi.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::unwrap_used,
        reason = "a test makes files and processes of its own, and fails by panicking"
    )
)]

// Blank lines keep the order of the picture above.
pub mod error;

pub mod observe;

pub(crate) mod system;

pub mod config;

pub mod validate;

pub mod worker;

pub mod sandbox;

pub mod spawn;

pub mod pool;

pub mod dispatch;

pub mod outcome;

pub mod manager;

pub mod wrap;

#[cfg(feature = "binding")]
mod binding;
