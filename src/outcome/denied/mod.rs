//! Finds out whether a thrown error comes from an access that the sandbox refused, and which flag would allow it.
//!
//! The thrown value is untrusted, and a tool may lie: no statement of an error is used without a check.
//!
//! - **Net and run**: the supervisor knows exactly what it refused. Bun hides refusals behind other errors (fetch to a
//!   name reports "unable to connect"), so a failure that looks like one of those is explained by what the supervisor
//!   refused during the call. Where it refused nothing, or the system gives it no listener, no denial is reported.
//! - **Files** are refused by the kernel. Where the supervisor sees file accesses, its record explains the error.
//!   Elsewhere the error's fields name the file, and the policy is asked whether the same access would be refused now;
//!   only then it is a denial.
//! - **Flags** are built from checked facts and are never wider than the access: where only everything, `/` or the home
//!   directory would work, no flag is named and the advice says what to do instead.
//!
//! The decisions behind it: docs/decisions.md#sandbox.

mod chosen_port;
mod explain;
mod file;
mod import;
mod lasting;
mod likeliest;
mod net;
mod program_name;
mod run;
mod seen;
mod thrown;
mod width;

#[cfg(test)]
mod forged_tests;
#[cfg(test)]
mod test_support;

pub use explain::DenialExplainer;
pub(super) use explain::{record, refusals};
pub use width::narrow;
