//! READY, a worker's first word: which protocol it speaks, and what it has.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::worker::protocol::PROTOCOL;

/// What a worker that speaks this protocol says of itself.
#[derive(Debug, Deserialize)]
pub struct Ready {
    /// JSON array of `ToolInfo`.
    #[serde(default)]
    pub tools: Option<Box<RawValue>>,
    /// It notes on the board which calls it entered.
    #[serde(default)]
    pub board: bool,
    /// All frames come through the ring.
    #[serde(default)]
    pub ring: bool,
    /// The entrypoint has a `warmup`, which comes before any call.
    #[serde(default)]
    pub warmup: bool,
}

/// READY of a worker that nothing can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The version it speaks is another one. What its other words mean is not known.
    #[error("it speaks version {0} of toolwarden's protocol, and this host speaks version {PROTOCOL}")]
    OtherProtocol(u64),
    /// It is no READY of any version.
    #[error("a READY that cannot be read")]
    Unreadable,
}

/// What every version has, past and future.
#[derive(Deserialize)]
struct Versioned {
    /// The first version need not say so.
    #[serde(default = "first")]
    protocol: u64,
}

fn first() -> u64 {
    1
}

impl Ready {
    /// Reads READY's body.
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
    fn what_it_has_is_read() {
        let json = format!(
            r#"{{"protocol":{PROTOCOL},"runtime":"1.4.5","board":true,"ring":false,"warmup":true,"tools":[{{"id":"a"}}]}}"#
        );
        let ready = Ready::parse(&json).expect("this version");
        assert!(ready.board && !ready.ring && ready.warmup);
        assert_eq!(ready.tools.expect("tools").get(), r#"[{"id":"a"}]"#);
        let least = Ready::parse(&format!(r#"{{"protocol":{PROTOCOL}}}"#)).expect("this version");
        assert!(least.tools.is_none() && !least.board && !least.ring && !least.warmup);
    }

    #[test]
    fn another_version_is_named_whatever_else_it_says() {
        for (json, version) in [
            (r#"{"protocol":2}"#, 2),
            (r#"{"protocol":0,"tools":[]}"#, 0),
            (r#"{"tools":{"a":1},"board":"yes","protocol":7}"#, 7),
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
        let odd = format!(r#"{{"protocol":{PROTOCOL},"board":"yes"}}"#);
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
