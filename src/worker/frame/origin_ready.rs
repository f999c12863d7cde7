//! What the READY of an origin says besides: what it has loaded, and why it had better not be forked.

use serde::Deserialize;

use super::ready::Ready;

/// The part of READY that only an origin sends.
#[derive(Debug, Deserialize)]
pub struct OriginReady {
    /// The files of the modules that it has loaded.
    pub files: Vec<String>,
    /// Why its children would not be like processes that are started anew. The origin says that for the tool's sake:
    /// nothing that the sandbox holds depends on it.
    #[serde(default)]
    pub objection: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    origin: OriginReady,
}

impl OriginReady {
    /// Parses READY's body. `None` where it is not an origin's, or of another version.
    pub fn parse(json: &str) -> Option<Self> {
        Ready::parse(json).ok()?;
        serde_json::from_str::<Body>(json).ok().map(|body| body.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::protocol::PROTOCOL;

    #[test]
    fn an_origin_says_what_it_loaded() {
        let with = |rest: &str| format!(r#"{{"protocol":{PROTOCOL},"tools":[],"origin":{rest}}}"#);
        let ready = OriginReady::parse(&with(r#"{"files":["/a.ts"]}"#)).expect("an origin's");
        assert_eq!((ready.files, ready.objection), (vec!["/a.ts".to_owned()], None));
        let ready = OriginReady::parse(&with(r#"{"files":[],"objection":"timers"}"#)).expect("an origin's");
        assert_eq!(ready.objection.as_deref(), Some("timers"));
        assert!(OriginReady::parse(&format!(r#"{{"protocol":{PROTOCOL}}}"#)).is_none());
        assert!(OriginReady::parse(r#"{"protocol":99,"origin":{"files":[]}}"#).is_none());
    }
}
