//! What an origin's worker file uses of the addon. It is not part of what the package exports.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::spawn::{Served, copy_ahead as copy, resident_bytes, serve_forks as serve};

/// Serves the host with children of this process. Returns in a child `["child", its temporary directory]`, otherwise
/// `["closed"]` or `["failed", why]`. `memory`: the mapping that the process shares with the host.
#[napi]
pub fn serve_forks(memory: Uint8Array) -> Vec<String> {
    let base = memory.as_ptr().cast_mut().cast();
    // SAFETY: the worker file calls it in a process that the host started for this, and the host asks for no fork before it
    // has found a single thread. The mapping is the one that the host made, and only this thread uses it.
    match unsafe { serve(base, memory.len()) } {
        Served::Child(directory) => vec!["child".to_owned(), String::from_utf8_lossy(&directory).into_owned()],
        Served::Closed => vec!["closed".to_owned()],
        Served::Failed((step, errno)) => {
            let error = std::io::Error::from_raw_os_error(errno);
            vec!["failed".to_owned(), format!("{step} failed: {error}")]
        }
    }
}

/// The id of this process, which is another one after a fork.
#[napi]
pub fn own_pid() -> u32 {
    std::process::id()
}

/// In a forked process that waits for a call: copies the memory that calls change. In others it does nothing.
#[napi]
pub fn copy_ahead() {
    copy();
}

/// Resident bytes of a forked process; 0 in others.
#[napi]
pub fn resident_bytes_of_fork() -> f64 {
    resident_bytes().unwrap_or(0) as f64
}
