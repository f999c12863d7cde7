//! Interprets the facts of a call: a result, or an error that a person can act on.

mod denied;
mod interpret;
mod memory;
mod metrics;
mod place;
mod process;
mod record;
mod thrown;
mod variables;

pub use denied::DenialExplainer;

pub use interpret::{InterpretContext, interpret};
pub use metrics::{GaugeSnapshot, Metrics};
pub use process::start_error;
pub use record::record;
pub use variables::Variables;
