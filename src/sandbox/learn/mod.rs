//! What tools do while nothing is enforced, and the smallest flags that would allow it: docs/learn.md.
//!
//! The supervisor notes each access that would need a flag ([`Observations`]); [`Learned`] turns what one tool did into flags.
//!
//! The decisions behind it: docs/decisions.md#learn.

mod activity;
mod fold;
mod learned;
mod network;
mod observations;
mod optional;
mod wide_places;

pub use activity::{Activity, Need};
pub use learned::{Learned, Surroundings};
pub use observations::Observations;
