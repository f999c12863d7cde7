//! Encodes the host's frames: they are appended to a buffer that is sent with one write.

use crate::worker::{Nonce, protocol};

/// The frame's length does not fit its u32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {0} bytes does not fit the channel's length field")]
pub struct TooLong(pub usize);

/// One call as the worker gets it. `env`, `input` and `config` are JSON text that is trusted to be well-formed.
#[derive(Debug, Clone, Copy)]
pub struct CallFrame<'a> {
    /// Number of the call on this channel; not 0, which in LOG means "no call".
    pub call: u32,
    /// The call's secret.
    pub nonce: &'a Nonce,
    /// The tool.
    pub tool_id: &'a str,
    /// The execution's id.
    pub exec_id: &'a str,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// JSON object of this call's variables.
    pub env: Option<&'a str>,
    /// The tool's first argument.
    pub input: Option<&'a str>,
    /// The tool's second argument.
    pub config: Option<&'a str>,
    /// Whether the worker should send ENTERED.
    pub entered: bool,
    /// The slot of the entry table in which the process stores that it entered the call.
    pub slot: Option<u32>,
    /// Whether the worker should send PROGRESS.
    pub progress: bool,
    /// The largest result in bytes, where the tool has a limit of its own.
    pub output_cap: Option<u64>,
    /// JSON string of the key by which what the tool calls knows that it has seen this work before.
    pub idempotency_key: Option<&'a str>,
}

impl CallFrame<'_> {
    /// Appends the frame. On error `out` is unchanged.
    pub fn append(&self, out: &mut Vec<u8>) -> Result<(), TooLong> {
        let payload = |text: Option<&str>| text.map_or(0, |t| t.len() + 6);
        out.reserve(
            96 + self.tool_id.len()
                + self.exec_id.len()
                + payload(self.env)
                + payload(self.input)
                + payload(self.config)
                + payload(self.idempotency_key),
        );
        frame(out, protocol::CALL, |out| {
            call_and_nonce(out, self.call, self.nonce);
            out.extend_from_slice(b",\"t\":");
            push_json_string(out, self.tool_id);
            out.extend_from_slice(b",\"x\":");
            push_json_string(out, self.exec_id);
            out.extend_from_slice(b",\"a\":");
            push_number(out, self.attempt);
            for (name, text) in [
                (b",\"e\":", self.env),
                (b",\"i\":", self.input),
                (b",\"g\":", self.config),
                (b",\"k\":", self.idempotency_key),
            ] {
                if let Some(text) = text {
                    out.extend_from_slice(name);
                    out.extend_from_slice(text.as_bytes());
                }
            }
            if let Some(slot) = self.slot {
                out.extend_from_slice(b",\"s\":");
                push_number(out, slot);
            }
            if self.entered {
                out.extend_from_slice(b",\"m\":1");
            }
            if self.progress {
                out.extend_from_slice(b",\"l\":1");
            }
            if let Some(bytes) = self.output_cap {
                out.extend_from_slice(b",\"o\":");
                out.extend_from_slice(bytes.to_string().as_bytes());
            }
            out.push(b'}');
        })
    }
}

/// Why a call's signal aborts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbortReason {
    /// Its deadline passed.
    Timeout,
    /// The caller gave up.
    Cancelled,
}

/// Appends ABORT. `why`: the caller's own words.
pub fn append_abort(out: &mut Vec<u8>, call: u32, nonce: &Nonce, reason: AbortReason, why: Option<&str>) {
    let reason: &[u8] = match reason {
        AbortReason::Timeout => b",\"r\":\"timeout\"",
        AbortReason::Cancelled => b",\"r\":\"cancelled\"",
    };
    short_frame(out, protocol::ABORT, |out| {
        call_and_nonce(out, call, nonce);
        out.extend_from_slice(reason);
        if let Some(why) = why {
            out.extend_from_slice(b",\"w\":");
            push_json_string(out, why);
        }
        out.push(b'}');
    });
}

/// Appends PING.
pub fn append_ping(out: &mut Vec<u8>) {
    short_frame(out, protocol::PING, |_| ());
}

/// Appends END.
pub fn append_end(out: &mut Vec<u8>) {
    short_frame(out, protocol::END, |_| ());
}

fn frame(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) -> Result<(), TooLong> {
    let start = out.len();
    out.extend_from_slice(&[0; protocol::LENGTH_BYTES]);
    out.push(kind);
    body(out);
    let length = out.len() - start - protocol::LENGTH_BYTES;
    let Ok(field) = u32::try_from(length) else {
        out.truncate(start);
        return Err(TooLong(length));
    };
    out[start..start + protocol::LENGTH_BYTES].copy_from_slice(&field.to_le_bytes());
    Ok(())
}

/// For bodies of a few dozen bytes, whose length always fits.
fn short_frame(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let fits = frame(out, kind, body);
    debug_assert_eq!(fits, Ok(()));
}

fn call_and_nonce(out: &mut Vec<u8>, call: u32, nonce: &Nonce) {
    out.extend_from_slice(b"{\"c\":");
    push_number(out, call);
    out.extend_from_slice(b",\"n\":\"");
    out.extend_from_slice(nonce.as_bytes());
    out.push(b'"');
}

/// Writes decimal digits without the formatting machinery: the hot path writes two numbers per call.
fn push_number(out: &mut Vec<u8>, mut number: u32) {
    let mut digits = [0u8; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn push_json_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut clean_from = 0;
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[clean_from..at]);
        clean_from = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            _ => out.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
    }
    out.extend_from_slice(&text.as_bytes()[clean_from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn take(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        (bytes[4], &bytes[5..4 + length], &bytes[4 + length..])
    }

    #[test]
    fn absent_members_are_absent() {
        let nonce = Nonce::generate().unwrap();
        let mut out = Vec::new();
        let call = CallFrame {
            call: u32::MAX,
            nonce: &nonce,
            tool_id: "a/b.c",
            exec_id: "x",
            attempt: 0,
            env: None,
            input: None,
            config: None,
            entered: false,
            slot: None,
            progress: false,
            output_cap: None,
            idempotency_key: None,
        };
        call.append(&mut out).unwrap();
        let (kind, body, rest) = take(&out);
        let nonce = str::from_utf8(nonce.as_bytes()).unwrap();
        assert_eq!(kind, 1);
        assert_eq!(
            str::from_utf8(body).unwrap(),
            format!(r#"{{"c":4294967295,"n":"{nonce}","t":"a/b.c","x":"x","a":0}}"#)
        );
        assert!(rest.is_empty());
    }

    #[test]
    fn abort_ping_and_end_follow_each_other_in_one_buffer() {
        let nonce = Nonce::generate().unwrap();
        let mut out = Vec::new();
        append_abort(&mut out, 7, &nonce, AbortReason::Timeout, None);
        append_abort(&mut out, 8, &nonce, AbortReason::Cancelled, Some("lock \"lost\""));
        append_ping(&mut out);
        append_end(&mut out);
        let (kind, body, rest) = take(&out);
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!((kind, &body["c"], &body["r"]), (2, &json!(7), &json!("timeout")));
        assert_eq!(body.get("w"), None);
        let (kind, body, rest) = take(rest);
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!((kind, &body["c"], &body["r"]), (2, &json!(8), &json!("cancelled")));
        assert_eq!(body["w"], "lock \"lost\"");
        let (kind, body, rest) = take(rest);
        assert_eq!((kind, body), (3, &b""[..]));
        assert_eq!(take(rest), (4, &b""[..], &b""[..]));
    }

    fn json_text() -> impl Strategy<Value = Option<String>> {
        proptest::option::of(any::<String>().prop_map(|s| json!({ "v": s }).to_string()))
    }

    proptest! {
        #[test]
        fn a_call_reads_back(call: u32, attempt: u32, tool_id: String, exec_id: String, env in json_text(), input in json_text(),
                             config in json_text(), key in json_text(), entered: bool, progress: bool, cap: Option<u64>, before: Vec<u8>) {
            let nonce = Nonce::generate().unwrap();
            let mut out = before.clone();
            CallFrame { call, nonce: &nonce, tool_id: &tool_id, exec_id: &exec_id, attempt, env: env.as_deref(), input: input.as_deref(),
                        config: config.as_deref(), entered, slot: None, progress,
                        output_cap: cap, idempotency_key: key.as_deref() }.append(&mut out).unwrap();
            prop_assert_eq!(&out[..before.len()], &before[..]);
            let (kind, body, rest) = take(&out[before.len()..]);
            prop_assert_eq!(kind, 1);
            prop_assert!(rest.is_empty());
            let read: Value = serde_json::from_slice(body).unwrap();
            let mut expected = json!({ "c": call, "n": str::from_utf8(nonce.as_bytes()).unwrap(), "t": tool_id, "x": exec_id, "a": attempt });
            for (name, text) in [("e", env), ("i", input), ("g", config), ("k", key)] {
                if let Some(text) = text {
                    expected[name] = serde_json::from_str(&text).unwrap();
                }
            }
            if let Some(bytes) = cap {
                expected["o"] = json!(bytes);
            }
            for (name, set) in [("m", entered), ("l", progress)] {
                if set {
                    expected[name] = json!(1);
                }
            }
            prop_assert_eq!(read, expected);
        }
    }
}
