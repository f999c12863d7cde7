//! A call: what was asked, and where it stands.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::phase::Phase;
use super::retry::Attempts;
use crate::config::RetryPolicy;
use crate::sandbox::Denial;
use crate::spawn::Captured;
use crate::validate::{CallEnv, ExecId, InputText, ToolId};
use crate::worker::Nonce;

/// What a caller asked for, checked.
#[derive(Debug)]
pub struct Request {
    /// The caller's number; unique among its calls that are not over.
    pub number: u32,
    /// The tool.
    pub tool: ToolId,
    /// The execution's id.
    pub exec: ExecId,
    /// The first argument.
    pub input: InputText,
    /// The second argument.
    pub config: InputText,
    /// Variables of this call.
    pub env: CallEnv,
    /// Longest one attempt may take.
    pub timeout: Duration,
    /// What starts another attempt.
    pub retry: RetryPolicy,
    /// Its lines are wanted.
    pub logs: bool,
    /// Its progress values are wanted.
    pub progress: bool,
    /// Which attempt this is for whoever hands out the work; none: only this manager's own attempts count.
    pub attempt: Option<u32>,
    /// JSON string that stays the same for all attempts at one piece of work.
    pub idempotency_key: InputText,
}

pub(super) struct Call {
    pub(super) request: Request,
    pub(super) phase: Phase,
    pub(super) attempts: Attempts,
    /// Proves that an answer belongs to this attempt.
    pub(super) nonce: Option<Nonce>,
    /// The tool function may have been entered in this attempt.
    pub(super) entered: bool,
    /// Where its process notes that it entered it.
    pub(super) slot: Option<u32>,
    /// Its caller gave up, whatever else ends this attempt first: there is no other one.
    pub(super) cancelled: bool,
    /// Why, in the caller's words.
    pub(super) why_cancelled: Option<String>,
    pub(super) submitted: Instant,
    pub(super) execution_time: Duration,
    pub(super) stderr: Captured,
    pub(super) pid: Option<u32>,
    pub(super) peak_memory_mb: Option<u64>,
    pub(super) denials: Vec<Denial>,
    pub(super) denials_dropped: u64,
    /// Variables that its tool read in vain.
    pub(super) missed: Vec<String>,
    /// Refusals may be missing in `denials`.
    pub(super) denials_unsure: bool,
}

impl Call {
    /// The call's variables as a JSON object; none where it brings none.
    pub(super) fn env_json(&self) -> Option<String> {
        let env = &self.request.env;
        if env.is_empty() {
            return None;
        }
        // Strings always serialise.
        serde_json::to_string(&env.iter().collect::<BTreeMap<_, _>>()).ok()
    }

    /// What it printed to stderr, without the values of its variables.
    pub(super) fn stderr(&self) -> String {
        if self.stderr.is_empty() {
            return String::new();
        }
        let values: Vec<&str> = self.request.env.iter().map(|(_, value)| value).collect();
        self.stderr.redacted(&values)
    }

    pub(super) fn new(request: Request, stderr_cap: usize, now: Instant) -> Self {
        Self {
            request,
            phase: Phase::Waiting,
            attempts: Attempts::default(),
            nonce: None,
            entered: false,
            slot: None,
            cancelled: false,
            why_cancelled: None,
            submitted: now,
            execution_time: Duration::ZERO,
            stderr: Captured::new(stderr_cap),
            pid: None,
            peak_memory_mb: None,
            denials: Vec::new(),
            denials_dropped: 0,
            missed: Vec::new(),
            denials_unsure: false,
        }
    }
}
