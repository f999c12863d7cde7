//! What a process group uses: memory, threads and processes.
//!
//! | file | subject |
//! |---|---|
//! | `status.rs` | what /proc/<pid>/status says of one process: cheap, read every few milliseconds |
//! | `mappings.rs` | shared memory that no count of resident pages shows |
//! | `descriptors.rs` | memory of the kernel behind sockets and pipes, and watches of epoll |
//! | `group.rs` | who else is in the group |
//! | `meter.rs` | all of it together, each part as often as it is worth |

mod descriptors;
mod group;
mod mappings;
mod meter;
mod status;

pub use meter::{Caps, Usage, UsageMeter};
