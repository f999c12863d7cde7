//! A filter program as data.

use libc::sock_filter;

/// A program that is ready to be loaded, except for the process's own id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    pub code: Vec<sock_filter>,
    /// The instructions whose constant is the process's own id.
    pub own_pid_at: Vec<usize>,
}
