//! The file a runtime executes and the words it speaks.
//!
//! | file | subject |
//! |---|---|
//! | `frame/` | the frames of the channel: encode what the host says, decode what a worker says |
//! | `nonce.rs` | the secret of one call, without which no answer counts |
//! | `template/` | the worker file's source, JavaScript for Bun and Node |
//! | `render.rs` | the template with the host's settings in it |
//! | `store.rs` | the worker file in the project: written whole, shared, removed after use |

pub mod frame;
mod nonce;
mod render;
mod store;

pub use nonce::Nonce;
pub use render::{WorkerSettings, render};
pub use store::WorkerFile;
