//! A tool threw.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dispatch::Facts;
use crate::error::{Code, Error};

/// What is known of permissions, to tell a denial from another failure.
#[derive(Debug, Clone, Default)]
pub struct Denied;

#[derive(Deserialize, Default)]
struct Thrown {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

pub(super) fn error(facts: &Facts, json: &str, _denied: &Denied) -> Error {
    let thrown: Thrown = serde_json::from_str(json).unwrap_or_default();
    let name = thrown
        .name
        .filter(|name| name != "Error")
        .map(|name| format!("{name}: "))
        .unwrap_or_default();
    let message = thrown.message.unwrap_or_default();
    Error::new(
        Code::ToolThrew,
        format!("tool {} threw: {name}{message}", facts.tool.as_str()),
    )
    .with(|context| context.cause = RawValue::from_string(json.to_owned()).ok())
}
