//! The tool threw: because of its own failure, or because the sandbox refused an access.

use serde_json::Value;

use super::context::InterpretContext;
use super::memory;
use crate::dispatch::Facts;
use crate::error::{Code, Error, printable};
use crate::sandbox::Denial;
use crate::worker::json;

/// The error, and the refusal that caused it.
pub(super) fn error(facts: &Facts, thrown: &str, context: &InterpretContext) -> (Error, Option<Denial>) {
    let cause = json::raw(thrown);
    let thrown: Value = json::read(thrown).unwrap_or_default();
    let text = |field: &str| thrown.get(field).and_then(Value::as_str).unwrap_or_default();
    let name = match text("name") {
        "" | "Error" => String::new(),
        name => format!("{}: ", printable(name)),
    };
    let tool = facts.tool.as_str();
    let denied = &context.denied;
    let denial = denied.explain(&thrown, &facts.denials, facts.denials_complete);
    let error = match &denial {
        Some(denial) => {
            let permission = denial.permission.as_str();
            let what = if denial.resource.is_empty() {
                String::new()
            } else {
                format!(" to {}", printable(&denial.resource))
            };
            Error::new(
                Code::AccessDenied,
                format!(
                    "tool {tool} was denied {permission} access{what}: {name}{}",
                    text("message")
                ),
            )
            .hint(denied.advice(denial))
            .with(|context| {
                context.permission = Some(permission.to_owned());
                context.resource = Some(denial.resource.clone());
            })
        }
        None if context.max_memory_mb > 0 && memory::was_refused(&thrown) => memory::exhausted(
            context.max_memory_mb,
            &format!(
                "tool {tool} asked for more memory than it can have: {name}{}",
                text("message")
            ),
        ),
        None => Error::new(Code::ToolThrew, format!("tool {tool} threw: {name}{}", text("message"))),
    };
    (error.with(|context| context.cause = cause), denial)
}
