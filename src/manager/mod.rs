//! Wires the modules together; the only place that knows their order.

mod compiled_worker;
mod confinement;
mod entrypoint_cache;
mod errand;
mod module_cache;
mod open;
mod refused;
mod report;
mod starts;
mod told;

pub use open::{Manager, Options, RawCall};
