//! Wires the modules together; the only place that knows their order.

mod compiled_worker;
mod confinement;
mod entrypoint_cache;
mod explainer;
mod forkable;
mod launch_selector;
mod module_cache;
mod one_shot_process;
mod open;
mod origin_state;
mod origins;
mod outcome_sink;
mod refused;
mod report;

pub use open::{Manager, Options, RawCall};
