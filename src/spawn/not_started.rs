//! Why a spawner's thread could not begin.

use super::failure::SpawnFailure;
use crate::error::descriptors;
use crate::error::{Code, Error};

/// The sandbox could not prepare the thread.
pub(super) fn unavailable(failure: SpawnFailure) -> Box<Error> {
    if descriptors::is_shortage(failure.errno) {
        let what = format!("the sandbox could not be prepared: {} failed", failure.step);
        return Box::new(descriptors::shortage(&what, failure.errno));
    }
    let message = format!("the sandbox could not be prepared: {failure}");
    Box::new(Error::new(Code::SandboxUnavailable, message).source(failure))
}

/// Something else is missing.
pub(super) fn not_started(why: &str) -> Box<Error> {
    Box::new(
        Error::new(Code::WorkerStart, format!("the spawner could not start: {why}")).with(|context| {
            context.operation = Some("start worker");
        }),
    )
}

/// There is no /dev/null for its processes.
pub(super) fn without_null(failure: SpawnFailure) -> Box<Error> {
    match failure.errno {
        errno if descriptors::is_shortage(errno) => {
            Box::new(descriptors::shortage("the spawner could not start: open failed", errno))
        }
        _ => not_started(&failure.to_string()),
    }
}
