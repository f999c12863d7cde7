//! What a worker may touch, held by the kernel: policy (pure) -> prepare (parent) -> apply (child).

mod child;
mod denials;
pub mod landlock;
pub mod policy;
pub mod seccomp;

pub use child::{ChildSetup, InChild, StepFailure};
pub use denials::{Denial, Denials};
