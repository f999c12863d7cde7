//! Wires the modules together; the only place that knows their order.

mod compiled_worker;
mod confinement;
mod contexts;
mod entrypoint_cache;
mod explainer;
mod forkable;
mod groups;
mod launch_selector;
mod learned_report;
mod lessons;
mod module_cache;
mod narrowing;
mod one_shot_process;
mod open;
mod options;
mod origin_report;
mod origin_state;
mod origins;
mod outcome_sink;
mod refused;
mod report;
mod tool_list;

pub use open::{Manager, RawCall};
pub use options::Options;
