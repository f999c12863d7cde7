//! The error of a call that was rejected.

use crate::config::{self, Config};
use crate::dispatch::{Refusal, Request};
use crate::error::{Code, Error, hints};

/// The error of a call that was rejected.
pub(super) fn refused(refusal: Refusal, request: &Request, config: &Config) -> Box<Error> {
    let tool = request.tool.as_str();
    let error = match refusal {
        Refusal::QueueFull => {
            let waiting = match config.max_queue {
                config::Count::Limited(0) => "no call may wait".to_owned(),
                config::Count::Limited(1) => "1 call waits already".to_owned(),
                config::Count::Limited(limit) => format!("{limit} calls wait already"),
                config::Count::Infinite => "too many calls wait already".to_owned(),
            };
            Error::new(
                Code::QueueFull,
                format!("tool {tool} was not called: {waiting}, as `maxQueue` has it"),
            )
            .hint(hints::QUEUE_FULL)
        }
        Refusal::Closed => Error::new(
            Code::ManagerClosed,
            format!("tool {tool} was not called: the manager is closed"),
        )
        .hint(hints::MANAGER_CLOSED),
    };
    Box::new(error.with(|context| {
        context.operation = Some("queue");
        context.tool_id = Some(tool.to_owned());
        context.tool_exec_id = Some(request.exec.as_str().to_owned());
    }))
}
