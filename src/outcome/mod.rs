//! Interprets the facts of a call: a result, or an error that a person can act on.

mod context;
mod denied;
mod interpret;
mod memory;
mod metrics;
mod place;
mod process;
mod record;
mod thrown;
mod variables;

pub use context::InterpretContext;
pub use denied::{DenialExplainer, narrow};
pub use interpret::{exceeded, interpret};
pub use metrics::{GaugeSnapshot, Metrics};
pub use process::start_error;
pub use record::record;
pub use variables::{Variables, matters};
