//! READY, a worker's first frame: its protocol version and its features.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::worker::protocol::PROTOCOL;

/// What a worker with this protocol version reports about itself.
#[derive(Debug, Deserialize)]
pub struct Ready {
    /// JSON array of `ToolInfo`.
    #[serde(default)]
    pub tools: Option<Box<RawValue>>,
    /// The worker stores entered calls in the entry table.
    #[serde(default, rename = "entryTable")]
    pub entry_table: bool,
    /// All frames come through the ring.
    #[serde(default)]
    pub ring: bool,
    /// The entrypoint has a `warmup` function, which runs before any call.
    #[serde(default)]
    pub warmup: bool,
}

/// A READY frame after which the worker cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The worker has another version. The meaning of its other frames is unknown.
    #[error("it speaks version {0} of toolwarden's protocol, and this host speaks version {PROTOCOL}")]
    OtherProtocol(u64),
    /// It is not a READY frame of any version.
    #[error("a READY that cannot be read")]
    Unreadable,
}

/// The fields that every version has, past and future.
#[derive(Deserialize)]
struct Versioned {
    /// The first version need not state it.
    #[serde(default = "first")]
    protocol: u64,
}

fn first() -> u64 {
    1
}

impl Ready {
    /// Parses READY's body.
    pub fn parse(json: &str) -> Result<Self, NotReady> {
        let Versioned { protocol } = serde_json::from_str(json).map_err(|_| NotReady::Unreadable)?;
        if protocol != u64::from(PROTOCOL) {
            return Err(NotReady::OtherProtocol(protocol));
        }
        serde_json::from_str(json).map_err(|_| NotReady::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_fields_are_read() {
        let json = format!(
            r#"{{"protocol":{PROTOCOL},"runtime":"1.4.5","entryTable":true,"ring":false,"warmup":true,"tools":[{{"id":"a"}}]}}"#
        );
        let ready = Ready::parse(&json).expect("this version");
        assert!(ready.entry_table && !ready.ring && ready.warmup);
        assert_eq!(ready.tools.expect("tools").get(), r#"[{"id":"a"}]"#);
        let least = Ready::parse(&format!(r#"{{"protocol":{PROTOCOL}}}"#)).expect("this version");
        assert!(least.tools.is_none() && !least.entry_table && !least.ring && !least.warmup);
    }

    #[test]
    fn another_version_is_named_whatever_the_other_fields() {
        for (json, version) in [
            (r#"{"protocol":2}"#, 2),
            (r#"{"protocol":0,"tools":[]}"#, 0),
            (r#"{"tools":{"a":1},"entryTable":"yes","protocol":7}"#, 7),
            (r#"{"protocol":18446744073709551615}"#, u64::MAX),
        ] {
            assert_eq!(
                Ready::parse(json).err(),
                Some(NotReady::OtherProtocol(version)),
                "{json}"
            );
        }
    }

    #[test]
    fn no_version_is_the_first_and_anything_else_is_none() {
        assert_eq!(Ready::parse("{}").is_ok(), PROTOCOL == 1);
        let odd = format!(r#"{{"protocol":{PROTOCOL},"entryTable":"yes"}}"#);
        for json in [
            "",
            "1",
            "{\"protocol\":\"1\"}",
            "{\"protocol\":null}",
            "{\"protocol\":1.5}",
            "{\"protocol\":-1}",
            "{\"protocol\":1",
            odd.as_str(),
        ] {
            assert_eq!(Ready::parse(json).err(), Some(NotReady::Unreadable), "{json}");
        }
    }

    proptest! {
        #[test]
        fn only_this_version_is_ready(version: u64, rest in "[a-z]{0,8}") {
            let parsed = Ready::parse(&format!(r#"{{"x":"{rest}","protocol":{version}}}"#));
            prop_assert_eq!(parsed.is_ok(), version == u64::from(PROTOCOL));
        }

        #[test]
        fn no_text_panics(json: String) {
            let _ = Ready::parse(&json);
        }
    }
}
