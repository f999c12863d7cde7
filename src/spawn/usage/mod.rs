//! What a process group uses: memory, threads and processes.
//!
//! | file | subject |
//! |---|---|
//! | `status.rs` | /proc/<pid>/status of one process: cheap, read every few milliseconds |
//! | `mappings.rs` | shared memory that no count of resident pages shows |
//! | `descriptors.rs` | kernel memory behind sockets and pipes, and epoll watches |
//! | `hidden_sockets.rs` | sockets that no process has open: closed, not accepted, in flight |
//! | `group.rs` | the other members of the group |
//! | `meter.rs` | all of them together, each as often as its cost allows; elsewhere `portable/meter.rs` |
//! | `figures.rs` | what is measured, and what is allowed |
//! | `weigher.rs` | temporary directories |

#[cfg(not(portable))]
mod descriptors;
mod figures;
#[cfg(not(portable))]
mod group;
#[cfg(not(portable))]
mod hidden_sockets;
#[cfg(not(portable))]
mod mappings;
#[cfg(not(portable))]
mod meter;
#[cfg(not(portable))]
mod status;
mod weigher;

pub use figures::{Caps, Measured, Usage};
#[cfg(not(portable))]
pub use meter::UsageMeter;
#[cfg(portable)]
pub(in crate::spawn) use weigher::Weigher;
