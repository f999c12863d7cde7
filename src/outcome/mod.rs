//! What the facts of a call mean: a result, or an error a person can act on.

mod denied;
mod interpret;
mod memory;
mod metrics;
mod place;
mod process;
mod record;
mod thrown;
mod variables;

pub use denied::Denied;

pub use interpret::{Meaning, interpret};
pub use metrics::{Metrics, Moment};
pub use process::start_error;
pub use record::record;
pub use variables::Variables;
