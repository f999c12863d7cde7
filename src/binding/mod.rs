//! The Node-API surface: convert, call, convert. Nothing else in the crate knows napi.
//!
//! Failures cross as JSON text and become error classes in `js/errors.js`; nothing here throws on purpose.

mod functions;
mod manager;
mod outbox;
