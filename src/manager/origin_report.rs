//! What `stats().origin` says.

use serde::Serialize;

use crate::config::ProcessStart;

/// The public `OriginStats`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct OriginReport {
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) forked: u64,
}

impl OriginReport {
    pub(super) fn never(start: ProcessStart, reason: &str) -> Self {
        Self {
            state: match start {
                ProcessStart::Spawn => "off",
                _ => "unavailable",
            },
            reason: Some(reason.to_owned()),
            pid: None,
            forked: 0,
        }
    }
}
