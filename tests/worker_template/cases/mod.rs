//! The cases that every runtime must pass.

mod answers;
mod calls;
mod life;
mod printing;

pub(crate) use answers::*;
pub(crate) use calls::*;
pub(crate) use life::*;
pub(crate) use printing::*;

use serde_json::Value;
use toolwarden::worker::frame::{Retry, Status};

use crate::driver::Got;

pub(crate) fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(crate) fn result_of(got: Got) -> (Status, Retry, Option<u32>, Value) {
    match got {
        Got::Result {
            status,
            retry,
            after,
            text,
            ..
        } => (status, retry, after, parse(&text)),
        other => panic!("{other:?} instead of an answer"),
    }
}
