//! Whether what a tool threw comes from an access the sandbox refused, and which flag would allow it.
//!
//! What was thrown is the tool's word, and a tool may lie: nothing here is believed because an error says so.
//!
//! - **Net and run**: the supervisor knows what it refused, exactly. Bun hides refusals behind other errors (fetch to a name
//!   says "unable to connect"), so a failure that looks like one of those is explained by what the supervisor refused during
//!   the call. Where it refused nothing, or the system gives it no listener and it sees nothing, none is claimed.
//! - **Files** are refused by the kernel. Where the supervisor sees what is tried with them, what it wrote down explains the
//!   error. Elsewhere the error's fields say which file, and the policy is asked whether the same access would be refused now;
//!   only then it is a denial.
//! - **Flags** that are named are made of what was checked, and are never wider than the access: where only everything, `/`
//!   or the home directory would do, no flag is named and the advice says what to do instead.

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
mod wording;

#[cfg(test)]
mod forged_tests;
#[cfg(test)]
mod test_support;

pub use explain::DenialExplainer;
pub(super) use explain::{record, refusals};
