//! The Node-API surface: convert, call, convert. Nothing else in the crate knows napi.
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
mod outbox;
mod protocol;
mod text;
