//! The worker's side of the codec, for tests: owned frames, their encoding, and a strategy that generates them.

use super::{FromWorker, Level, Retry, Status, Stream};
use crate::worker::protocol::{self, level};
use proptest::prelude::*;

/// A worker's frame that owns its texts.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnedFrame {
    /// READY
    Ready(String),
    /// LOAD_FAILED
    LoadFailed(String),
    /// ENTERED
    Entered(u32, [u8; 16]),
    /// RESULT: call, nonce, status, retry, retry after, text
    Result(u32, [u8; 16], Status, Retry, Option<u32>, String),
    /// PROGRESS
    Progress(u32, [u8; 16], String),
    /// LOG: call, stream, level, time, bytes
    Log(Option<u32>, Stream, Option<Level>, f64, Vec<u8>),
    /// ABORT_ACK
    AbortAck(u32, [u8; 16], bool),
    /// PONG
    Pong,
    /// LEAVING
    Leaving(u32, [u8; 16]),
    /// PRINTED
    Printed,
    /// MISSED
    Missed(u32, [u8; 16], String),
    /// WANTS
    Wants(String),
    /// READS
    Reads(String),
}

impl From<FromWorker<'_>> for OwnedFrame {
    fn from(frame: FromWorker<'_>) -> OwnedFrame {
        match frame {
            FromWorker::Ready { json } => OwnedFrame::Ready(json.into()),
            FromWorker::LoadFailed { json } => OwnedFrame::LoadFailed(json.into()),
            FromWorker::Entered { call, nonce } => OwnedFrame::Entered(call, nonce),
            FromWorker::Result(r) => {
                OwnedFrame::Result(r.call, r.nonce, r.status, r.retry, r.retry_after_ms, r.text.into())
            }
            FromWorker::Progress { call, nonce, json } => OwnedFrame::Progress(call, nonce, json.into()),
            FromWorker::Log(l) => OwnedFrame::Log(l.call, l.stream, l.level, l.time, l.bytes.into()),
            FromWorker::AbortAck { call, nonce, listens } => OwnedFrame::AbortAck(call, nonce, listens),
            FromWorker::Pong => OwnedFrame::Pong,
            FromWorker::Leaving { call, nonce } => OwnedFrame::Leaving(call, nonce),
            FromWorker::Printed => OwnedFrame::Printed,
            FromWorker::Missed { call, nonce, names } => OwnedFrame::Missed(call, nonce, names.into()),
            FromWorker::Wants { place } => OwnedFrame::Wants(place.into()),
            FromWorker::Reads { name } => OwnedFrame::Reads(name.into()),
        }
    }
}

impl OwnedFrame {
    /// The frame as a worker would write it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let call_nonce = |call: &u32, nonce: &[u8; 16]| [&call.to_le_bytes()[..], nonce].concat();
        let (kind, body) = match self {
            OwnedFrame::Ready(json) => (protocol::READY, json.clone().into_bytes()),
            OwnedFrame::LoadFailed(json) => (protocol::LOAD_FAILED, json.clone().into_bytes()),
            OwnedFrame::Entered(call, nonce) => (protocol::ENTERED, call_nonce(call, nonce)),
            OwnedFrame::Result(call, nonce, status, retry, after, text) => {
                let mut body = call_nonce(call, nonce);
                body.extend([*status as u8, *retry as u8]);
                body.extend(after.unwrap_or(protocol::NO_RETRY_AFTER).to_le_bytes());
                body.extend(text.as_bytes());
                (protocol::RESULT, body)
            }
            OwnedFrame::Progress(call, nonce, json) => (
                protocol::PROGRESS,
                [&call_nonce(call, nonce)[..], json.as_bytes()].concat(),
            ),
            OwnedFrame::Log(call, stream, level, time, bytes) => {
                let mut body = call.unwrap_or(0).to_le_bytes().to_vec();
                body.extend([*stream as u8, level.map_or(level::RAW, |level| level as u8)]);
                body.extend(time.to_le_bytes());
                body.extend(bytes);
                (protocol::LOG, body)
            }
            OwnedFrame::AbortAck(call, nonce, listens) => (
                protocol::ABORT_ACK,
                [&call_nonce(call, nonce)[..], &[u8::from(*listens)]].concat(),
            ),
            OwnedFrame::Pong => (protocol::PONG, Vec::new()),
            OwnedFrame::Leaving(call, nonce) => (protocol::LEAVING, call_nonce(call, nonce).to_vec()),
            OwnedFrame::Printed => (protocol::PRINTED, Vec::new()),
            OwnedFrame::Missed(call, nonce, names) => (
                protocol::MISSED,
                [&call_nonce(call, nonce)[..], names.as_bytes()].concat(),
            ),
            OwnedFrame::Wants(place) => (protocol::WANTS, place.clone().into_bytes()),
            OwnedFrame::Reads(name) => (protocol::READS, name.clone().into_bytes()),
        };
        let length = u32::try_from(body.len() + 1).expect("a test frame is small");
        [&length.to_le_bytes()[..], &[kind], &body].concat()
    }
}

/// Any frame of a worker.
pub fn any_frame() -> impl Strategy<Value = OwnedFrame> {
    let status = proptest::sample::select(vec![
        Status::Value,
        Status::Undefined,
        Status::Threw,
        Status::NotFound,
        Status::InputInvalid,
        Status::OutputInvalid,
        Status::OutputTooLarge,
        Status::OtherGroup,
    ]);
    let retry = proptest::sample::select(vec![Retry::Unsaid, Retry::Retryable, Retry::NotRetryable]);
    let stream = proptest::sample::select(vec![Stream::Stdout, Stream::Stderr]);
    let level = proptest::option::of(proptest::sample::select(vec![
        Level::Debug,
        Level::Info,
        Level::Log,
        Level::Warn,
        Level::Error,
    ]));
    let nonce = any::<[u8; 16]>();
    prop_oneof![
        any::<String>().prop_map(OwnedFrame::Ready),
        any::<String>().prop_map(OwnedFrame::LoadFailed),
        (any::<u32>(), nonce).prop_map(|(c, n)| OwnedFrame::Entered(c, n)),
        (
            any::<u32>(),
            nonce,
            status,
            retry,
            proptest::option::of(0..u32::MAX),
            any::<String>()
        )
            .prop_map(|(c, n, s, r, a, t)| OwnedFrame::Result(c, n, s, r, a, t)),
        (any::<u32>(), nonce, any::<String>()).prop_map(|(c, n, t)| OwnedFrame::Progress(c, n, t)),
        (
            proptest::option::of(1..=u32::MAX),
            stream,
            level,
            -1e15..1e15f64,
            any::<Vec<u8>>()
        )
            .prop_map(|(c, s, l, t, b)| OwnedFrame::Log(c, s, l, t, b)),
        (any::<u32>(), nonce, any::<bool>()).prop_map(|(c, n, l)| OwnedFrame::AbortAck(c, n, l)),
        (any::<u32>(), nonce).prop_map(|(c, n)| OwnedFrame::Leaving(c, n)),
        (any::<u32>(), nonce, any::<String>()).prop_map(|(c, n, t)| OwnedFrame::Missed(c, n, t)),
        any::<String>().prop_map(OwnedFrame::Wants),
        any::<String>().prop_map(OwnedFrame::Reads),
        Just(OwnedFrame::Pong),
        Just(OwnedFrame::Printed),
    ]
}
