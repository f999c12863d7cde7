//! Signs of exhausted memory other than the watchdog's.
//!
//! A heap has limits of its own, and the system may have no more memory. A runtime then throws where a tool allocated,
//! and aborts where it allocated itself; its wording shows which.

use serde_json::Value;

use crate::error::{Code, Error, hints};

/// What JavaScriptCore and V8 throw when a buffer or a string cannot be allocated.
const THROWN: [&str; 3] = ["Out of memory", "Array buffer allocation failed", "Out of memory."];
/// What JavaScriptCore, Bun's allocator, V8 and Node print before they abort.
const PRINTED: [&str; 5] = [
    "MemoryExhaustion",
    "Bun ran out of memory",
    "Bun has run out of memory",
    "JavaScript heap out of memory",
    "process out of memory",
];
/// Signals with which a runtime aborts.
const ABORTS: [i32; 4] = [libc::SIGABRT, libc::SIGTRAP, libc::SIGILL, libc::SIGSEGV];

/// Whether a thrown value is the runtime's failure to allocate.
pub(super) fn was_refused(thrown: &Value) -> bool {
    let text = |field: &str| thrown.get(field).and_then(Value::as_str).unwrap_or_default();
    text("name") == "RangeError" && THROWN.contains(&text("message"))
}

/// Whether a process aborted for lack of memory, judging by the signal and its output.
pub(super) fn gave_up(signal: i32, stderr: &str) -> bool {
    ABORTS.contains(&signal) && PRINTED.iter().any(|text| stderr.contains(text))
}

/// The error for exhausted memory.
pub(super) fn exhausted(max_memory_mb: u64, what: &str) -> Error {
    let error = Error::new(Code::ToolOutOfMemory, what);
    match max_memory_mb {
        0 => error.hint(hints::IN_PIECES),
        limit => error.hint(hints::out_of_memory(limit)),
    }
}

/// The error for a process that the system killed because the host's cgroup was full.
pub(super) fn exhausted_host(tool: &str) -> Error {
    let what = format!(
        "the process of tool {tool} was killed by the system, because the cgroup of this host (its container or service) had no memory left"
    );
    Error::new(Code::ToolOutOfMemory, what).hint(hints::HOST_MEMORY)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_runtimes_own_words_count() {
        assert!(was_refused(&json!({"name": "RangeError", "message": "Out of memory"})));
        assert!(was_refused(
            &json!({"name": "RangeError", "message": "Array buffer allocation failed"})
        ));
        assert!(!was_refused(&json!({"name": "Error", "message": "Out of memory"})));
        assert!(!was_refused(
            &json!({"name": "RangeError", "message": "Invalid array length"})
        ));
        assert!(!was_refused(&json!("Out of memory")));
    }

    #[test]
    fn a_kill_by_the_hosts_cgroup_is_exhausted_memory_with_advice_of_its_own() {
        let error = exhausted_host("eat");
        assert_eq!(error.code, Code::ToolOutOfMemory);
        assert!(error.message.contains("eat") && error.message.contains("container"));
        assert_eq!(error.hint.as_deref(), Some(hints::HOST_MEMORY));
    }

    #[test]
    fn an_abort_needs_both_the_signal_and_the_words() {
        assert!(gave_up(
            libc::SIGABRT,
            "ASSERTION FAILED: MemoryExhaustion: Crash intentionally"
        ));
        assert!(gave_up(
            libc::SIGTRAP,
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
        ));
        assert!(!gave_up(libc::SIGKILL, "JavaScript heap out of memory"));
        assert!(!gave_up(libc::SIGABRT, "assertion failed"));
    }
}
