//! The Node-API surface: it converts arguments, calls the core and converts the result. Nothing else in the crate uses
//! napi.
//!
//! Failures cross as JSON text and become error classes in `js/errors.js`; nothing here throws on purpose.

#![cfg_attr(test, allow(dead_code, reason = "napi registers nothing in a test build"))]
#![expect(
    unreachable_pub,
    reason = "what #[napi] exports is reached from JavaScript, not from Rust"
)]

mod calls;
mod event_loop;
mod functions;
mod lines;
mod manager;
mod origin;
mod outbox;
mod protocol;
mod text;
mod wrap;
