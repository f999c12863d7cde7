//! Wires the rooms; the one place that knows their order.

mod confinement;
mod entrypoint_cache;
mod open;
mod refused;
mod report;
mod told;

pub use open::{Asked, Manager, Options};
