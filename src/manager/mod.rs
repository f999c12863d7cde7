//! Wires the rooms; the one place that knows their order.

mod confinement;
mod open;
mod report;
mod told;

pub use open::{Asked, Manager, Options};
