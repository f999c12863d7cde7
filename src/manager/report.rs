//! What a manager reports about itself, as JSON text. Names and order are those of the public contract.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::origins::OriginReport;
use crate::dispatch::Counters;
use crate::pool::Gauges;
use crate::sandbox::HeldBy;

/// The fixed properties of an open manager.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Info<'a> {
    pub(super) config: Option<Box<RawValue>>,
    pub(super) working_dir: &'a str,
    pub(super) worker_file_hash: &'a str,
    pub(super) enforcement: &'a Enforcement,
}

/// The public `Enforcement`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Enforcement {
    pub(super) level: &'static str,
    pub(super) landlock_abi: Option<u32>,
    pub(super) seccomp: bool,
    /// What enforces the parts that differ between kernels; `None` without a sandbox.
    pub(super) held_by: Option<HeldBy>,
    /// What enforces `maxMemoryMb`.
    pub(super) memory: &'static str,
    /// The normalised flags in force.
    pub(super) permissions: Vec<String>,
    /// What is readable whatever the permissions are.
    pub(super) readable: Vec<String>,
    /// What looks like a secret in the packages of the tools, and no list names it.
    pub(super) secrets: Vec<String>,
    /// The directory in which each process has its own directory.
    pub(super) temporary: Option<String>,
    /// The normalised flags of the tools with settings of their own, by their keys.
    pub(super) tools: BTreeMap<String, Vec<String>>,
}

pub(super) fn info(info: &Info<'_>) -> String {
    text(info)
}

/// The public `ManagerStats`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    workers: Workers,
    queued: usize,
    calls: Calls,
    worker_exits: u64,
    origin: OriginReport,
}

#[derive(Serialize)]
struct Workers {
    starting: usize,
    idle: usize,
    busy: usize,
}

#[derive(Serialize)]
struct Calls {
    started: u64,
    succeeded: u64,
    failed: u64,
    retried: u64,
}

pub(super) fn stats(gauges: &Gauges, counters: &Counters, origin: OriginReport) -> String {
    text(&Stats {
        workers: Workers {
            starting: gauges.starting,
            idle: gauges.idle,
            busy: gauges.busy,
        },
        queued: gauges.queued,
        calls: Calls {
            started: counters.started,
            succeeded: counters.succeeded,
            failed: counters.failed,
            retried: counters.retried,
        },
        worker_exits: counters.exits.total(),
        origin,
    })
}

/// Structs of numbers and strings can always be serialised.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
