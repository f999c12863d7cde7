//! The events about the program that the caller gets.

use serde::Serialize;

use crate::error::hints;
use crate::sandbox::Denial;
use crate::spawn::{Exit, signal_name};

/// Crosses to JavaScript as JSON: `NativeWrapEvent` in `js/native-interface.d.ts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Event {
    /// An access was refused for the first time.
    #[serde(rename_all = "camelCase")]
    Denied {
        permission: &'static str,
        resource: String,
        /// Empty where no flag would allow it.
        flag: String,
    },
    /// Further refusals are not listed.
    Unlisted,
    /// It is being ended.
    #[serde(rename_all = "camelCase")]
    Ending { why: String, hint: String, timed_out: bool },
    /// It has ended, with everything that it had started. The last event.
    Ended {
        code: Option<i32>,
        signal: Option<i32>,
        name: Option<String>,
    },
}

impl Event {
    pub(super) fn denied(denial: Denial) -> Self {
        Self::Denied {
            permission: denial.permission.as_str(),
            resource: denial.resource,
            flag: denial.flag,
        }
    }

    pub(super) fn timed_out(why: String) -> Self {
        Self::Ending {
            why,
            hint: hints::WRAPPED_TIMEOUT.to_owned(),
            timed_out: true,
        }
    }

    pub(super) fn ended(exit: Exit) -> Self {
        let (code, signal) = match exit {
            Exit::Code(code) => (Some(code), None),
            Exit::Signal(signal) => (None, Some(signal)),
            Exit::Unknown => (None, None),
        };
        Self::Ended {
            code,
            signal,
            name: signal.map(signal_name),
        }
    }

    /// As JSON text.
    pub fn to_json(&self) -> String {
        // Strings and numbers can always be serialised.
        serde_json::to_string(self).unwrap_or_default()
    }
}
