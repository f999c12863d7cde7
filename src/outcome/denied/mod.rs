//! Whether what a tool threw comes from an access the sandbox refused, and which flag would allow it.
//!
//! The supervisor knows refusals of net and run exactly; Bun hides them behind other errors (fetch to a name says "unable to
//! connect"), so a failure that looks like one of those is explained by what the supervisor refused during the call.
//! Refusals of files come from the kernel without a witness: the error's own fields say which file, and the policy whether
//! it was the sandbox or the file's own mode.

mod explain;
mod file;
mod import;
mod net;
mod run;
mod thrown;
mod wording;

#[cfg(test)]
mod kit;

pub use explain::Denied;
pub(super) use explain::record;
