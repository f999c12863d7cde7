//! Which failures of a call are retried.

/// The failures that are retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryOn {
    /// Failures before the tool function was entered.
    pub start: bool,
    /// The process ended without an answer.
    pub crash: bool,
    /// The deadline passed.
    pub timeout: bool,
    /// The tool threw.
    pub tool: bool,
}

impl RetryOn {
    /// No failure is retried, not even one that asks for it: the meaning of `on: []`.
    pub const NEVER: RetryOn = RetryOn {
        start: false,
        crash: false,
        timeout: false,
        tool: false,
    };
}

/// When a call is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Which failures are retried.
    pub on: RetryOn,
    /// The number of attempts, the first included; `None` means as many as the backoff's time allows.
    pub max_attempts: Option<u32>,
    /// Once its tool was entered a call is not tried again, whatever the tool's error says.
    pub tool_never: bool,
}

/// A tool never runs twice unless its caller allows it, so only failures before it was entered are retried.
impl Default for RetryPolicy {
    fn default() -> Self {
        let on = RetryOn {
            start: true,
            crash: false,
            timeout: false,
            tool: false,
        };
        Self {
            on,
            max_attempts: None,
            tool_never: false,
        }
    }
}
