//! Parses a worker's JSON about errors, tools and issues.
//!
//! JavaScript writes half of a surrogate pair as `\ud800`, which no Rust string can contain, and nests deeper than
//! serde_json follows. Either would make the whole text unreadable, and with it the error's message and the denial in
//! it. So such a half becomes U+FFFD, and what is nested deeper than [`READ_DEPTH`] becomes null.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// No useful message, cause or schema issue is nested deeper; serde_json follows 127 levels.
const READ_DEPTH: usize = 100;

const REPLACEMENT: &str = "\u{fffd}";

/// The value; `None` where the text is not JSON, or not such a value.
pub fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(&mended(json)).ok()
}

/// The text itself, for the host to parse; `None` where it is not JSON.
pub fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(mended(json).into_owned()).ok()
}

fn mended(json: &str) -> Cow<'_, str> {
    let mut pieces = Pieces {
        json,
        written: String::new(),
        from: 0,
    };
    let bytes = json.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            b'"' => string_end(json, at, Some(&mut pieces)),
            b'[' | b'{' if depth == READ_DEPTH => {
                let end = container_end(json, at);
                pieces.replace(at, end, "null");
                end
            }
            b'[' | b'{' => {
                depth += 1;
                at + 1
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at + 1
            }
            _ => at + 1,
        }
    }
    pieces.end()
}

/// A text with pieces of it replaced. Pieces begin and end at ASCII characters.
struct Pieces<'a> {
    json: &'a str,
    written: String,
    /// Everything before this was written.
    from: usize,
}

impl<'a> Pieces<'a> {
    fn replace(&mut self, start: usize, end: usize, with: &str) {
        self.written += &self.json[self.from..start];
        self.written += with;
        self.from = end;
    }

    fn end(mut self) -> Cow<'a, str> {
        if self.from == 0 {
            return Cow::Borrowed(self.json);
        }
        self.written += &self.json[self.from..];
        Cow::Owned(self.written)
    }
}

/// Where the string that begins at `start` ends. Its unpaired surrogates are replaced.
fn string_end(json: &str, start: usize, mut pieces: Option<&mut Pieces<'_>>) -> usize {
    let bytes = json.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => {
                let escape = escape(bytes, at);
                if let (Escape::Half, Some(pieces)) = (&escape, pieces.as_deref_mut()) {
                    pieces.replace(at, at + UNIT, REPLACEMENT);
                }
                at += match escape {
                    Escape::Short => 2,
                    Escape::Unit | Escape::Half => UNIT,
                    Escape::Pair => 2 * UNIT,
                };
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where the array or object that begins at `start` ends.
fn container_end(json: &str, start: usize) -> usize {
    let bytes = json.as_bytes();
    let mut open = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(json, at, None);
                continue;
            }
            b'[' | b'{' => open += 1,
            b']' | b'}' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return at;
        }
    }
    bytes.len()
}

/// The length of `\uXXXX`.
const UNIT: usize = 6;

enum Escape {
    /// A backslash and one character.
    Short,
    /// `\uXXXX` of a whole character.
    Unit,
    /// Two of them that form a character.
    Pair,
    /// An unpaired half.
    Half,
}

fn escape(bytes: &[u8], at: usize) -> Escape {
    match unit(bytes, at) {
        None => Escape::Short,
        Some(0xd800..=0xdbff) if matches!(unit(bytes, at + UNIT), Some(0xdc00..=0xdfff)) => Escape::Pair,
        Some(0xd800..=0xdfff) => Escape::Half,
        Some(_) => Escape::Unit,
    }
}

fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + UNIT)?.strip_prefix(b"\\u")?;
    let digits = str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn text(json: &str) -> Value {
        read(json).unwrap_or(Value::Null)
    }

    #[test]
    fn unpaired_surrogates_are_replaced_and_pairs_are_kept() {
        for (json, meant) in [
            (r#""a\ud800b""#, "a\u{fffd}b"),
            (r#""\udc00""#, "\u{fffd}"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\\ud800""#, "\\ud800"),
            (r#""\n\"\u0041ä""#, "\n\"Aä"),
        ] {
            assert_eq!(text(json), Value::from(meant), "{json}");
        }
        assert_eq!(text(r#"{"\ud800":1}"#)["\u{fffd}"], 1);
    }

    #[test]
    fn values_nested_too_deeply_are_cut_and_the_rest_is_kept() {
        for open in ["[", r#"{"a":"#, r#"[{"]":"\"","b":"#] {
            let close = open
                .chars()
                .filter(|c| matches!(c, '[' | '{'))
                .fold(String::new(), |close, c| {
                    format!("{}{close}", if c == '[' { ']' } else { '}' })
                });
            // In the last form `]` is in a string, where it closes nothing.
            let close = if open.len() > 5 { "}]".to_owned() } else { close };
            let deep = format!(
                r#"{{"deep":{}1{},"message":"kept"}}"#,
                open.repeat(9000),
                close.repeat(9000)
            );
            assert_eq!(text(&deep)["message"], "kept", "{open}");
            assert!(raw(&deep).is_some_and(|raw| raw.get().len() < deep.len()));
        }
    }

    #[test]
    fn text_that_serde_reads_is_unchanged() {
        let json = format!("{}1{}", "[".repeat(READ_DEPTH), "]".repeat(READ_DEPTH));
        assert!(matches!(mended(&json), Cow::Borrowed(_)));
        assert!(read::<Value>(&json).is_some());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"[\[\]{}"\\ud8c0é,:1]{0,60}"#) {
            let _ = read::<Value>(&text);
            let _ = raw(&text);
        }

        #[test]
        fn every_string_is_read_as_it_was(given: String) {
            let json = serde_json::to_string(&given).unwrap_or_default();
            prop_assert_eq!(read::<String>(&json), Some(given));
        }
    }
}
