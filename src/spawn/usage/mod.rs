//! What a process group uses: memory, threads and processes.
//!
//! | file | subject |
//! |---|---|
//! | `status.rs` | /proc/<pid>/status of one process: cheap, read every few milliseconds |
//! | `mappings.rs` | shared memory that no count of resident pages shows |
//! | `descriptors.rs` | kernel memory behind sockets and pipes, and epoll watches |
//! | `group.rs` | the other members of the group |
//! | `meter.rs` | all of them together, each as often as its cost allows |

mod descriptors;
mod group;
mod mappings;
mod meter;
mod status;

pub use meter::{Caps, Usage, UsageMeter};
