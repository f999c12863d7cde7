//! What a process group uses: memory, threads and processes.
//!
//! | file | subject |
//! |---|---|
//! | `status.rs` | /proc/<pid>/status of one process: cheap, read every few milliseconds |
//! | `mappings.rs` | shared memory that no count of resident pages shows |
//! | `descriptors.rs` | kernel memory behind sockets and pipes, and epoll watches |
//! | `socket_memory.rs` | what the kernel accounts to one socket |
//! | `hidden_sockets.rs` | sockets that no process has open: closed, not accepted, in flight |
//! | `sock_diag.rs` | what the kernel says of such sockets |
//! | `group.rs` | the other members of the group |
//! | `meter.rs` | all of them together, each as often as its cost allows |

mod descriptors;
mod group;
mod hidden_sockets;
mod mappings;
mod meter;
mod sock_diag;
mod socket_memory;
mod status;

pub use meter::{Caps, Measured, Usage, UsageMeter};
