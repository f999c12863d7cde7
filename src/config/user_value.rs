//! A value as the user passed it in JavaScript, before it is interpreted.
//!
//! It arrives as JSON text. A value that JSON cannot express arrives as `{"$js": <type>, "text": <as printed>}`, so
//! that an error can still name it: `NaN (number)`, `10n (bigint)`, `undefined`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Longest excerpt of a value in a message, in characters.
const SHOWN: usize = 60;

/// A value as given.
#[derive(Debug, Clone, PartialEq)]
pub enum UserValue {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; NaN and the infinities included.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<UserValue>),
    /// An object, in the order of its keys.
    Object(Vec<(String, UserValue)>),
    /// A value that JSON cannot express: its JavaScript type and its printed form.
    Foreign {
        /// `undefined`, `bigint`, `function`, `symbol` or `object`.
        kind: String,
        /// As printed.
        text: String,
    },
}

impl UserValue {
    /// Parses what JavaScript sent. The error never repeats the text.
    pub fn from_json(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| {
            let reason = match error.classify() {
                serde_json::error::Category::Eof => "it ends too early",
                _ => "its text is malformed or nested too deeply",
            };
            format!(
                "not readable as JSON: {reason} (line {}, column {})",
                error.line(),
                error.column()
            )
        })
    }

    /// Whether JavaScript would treat this as not given.
    pub fn is_undefined(&self) -> bool {
        matches!(self, UserValue::Foreign { kind, .. } if kind == "undefined")
    }

    /// The type as a message names it; `None` where the value names it itself (`null`, `undefined`).
    fn kind(&self) -> Option<&str> {
        match self {
            UserValue::Null => None,
            UserValue::Bool(_) => Some("boolean"),
            UserValue::Number(_) => Some("number"),
            UserValue::Text(_) => Some("string"),
            UserValue::List(_) => Some("array"),
            UserValue::Object(_) => Some("object"),
            UserValue::Foreign { kind, .. } if kind == "undefined" => None,
            UserValue::Foreign { kind, .. } => Some(kind),
        }
    }

    /// The encoding that `from_json` reads.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    fn to_value(&self) -> serde_json::Value {
        use serde_json::Value;
        let foreign = |kind: &str, text: &str| serde_json::json!({ "$js": kind, "text": text });
        match self {
            UserValue::Null => Value::Null,
            UserValue::Bool(value) => Value::Bool(*value),
            UserValue::Number(value) if !value.is_finite() => foreign("number", &printed(*value)),
            UserValue::Number(value) => number(*value),
            UserValue::Text(value) => Value::String(value.clone()),
            UserValue::List(values) => values.iter().map(UserValue::to_value).collect(),
            UserValue::Object(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_value()))
                .collect(),
            UserValue::Foreign { kind, text } => foreign(kind, text),
        }
    }
}

/// A finite number as JSON; whole ones without ".0", as in JavaScript.
fn number(value: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        // In range by the check above, so the cast is exact.
        (value as i64).into()
    } else {
        value.into()
    }
}

/// A number as JavaScript prints it, close enough for a message.
fn printed(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        value if value != 0.0 && !(1e-6..1e21).contains(&value.abs()) => format!("{value:e}"),
        value => format!("{value}"),
    }
}

/// The value and its type: `-1 (number)`, `"30" (string)`, `null`.
impl fmt::Display for UserValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            UserValue::Number(value) => printed(*value),
            UserValue::Foreign { text, .. } => text.clone(),
            other => other.to_json(),
        };
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push_str("...");
        }
        match self.kind() {
            Some(kind) => write!(formatter, "{shown} ({kind})"),
            None => formatter.write_str(&shown),
        }
    }
}

impl<'de> Deserialize<'de> for UserValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UserValueVisitor)
    }
}

struct UserValueVisitor;

impl<'de> Visitor<'de> for UserValueVisitor {
    type Value = UserValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<UserValue, E> {
        Ok(UserValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<UserValue, E> {
        Ok(UserValue::Bool(value))
    }

    // JavaScript's numbers are f64, so any precision that is lost here was lost before.
    fn visit_u64<E>(self, value: u64) -> Result<UserValue, E> {
        Ok(UserValue::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<UserValue, E> {
        Ok(UserValue::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<UserValue, E> {
        Ok(UserValue::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<UserValue, E> {
        Ok(UserValue::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<UserValue, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(UserValue::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UserValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(foreign(&entries).unwrap_or(UserValue::Object(entries)))
    }
}

/// The value that an object with exactly `$js` and `text` represents.
fn foreign(entries: &[(String, UserValue)]) -> Option<UserValue> {
    let [(first, UserValue::Text(kind)), (second, UserValue::Text(text))] = entries else {
        return None;
    };
    if first != "$js" || second != "text" {
        return None;
    }
    match (kind.as_str(), text.as_str()) {
        ("number", "NaN") => Some(UserValue::Number(f64::NAN)),
        ("number", "Infinity") => Some(UserValue::Number(f64::INFINITY)),
        ("number", "-Infinity") => Some(UserValue::Number(f64::NEG_INFINITY)),
        ("undefined" | "bigint" | "function" | "symbol" | "object", _) => Some(UserValue::Foreign {
            kind: kind.clone(),
            text: text.clone(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(json: &str) -> String {
        UserValue::from_json(json).expect("valid").to_string()
    }

    #[test]
    fn a_value_is_shown_with_its_type() {
        let cases = [
            ("-1", "-1 (number)"),
            ("1.50", "1.5 (number)"),
            ("1e300", "1e300 (number)"),
            ("1e-9", "1e-9 (number)"),
            ("0", "0 (number)"),
            ("true", "true (boolean)"),
            ("null", "null"),
            (r#""3\n0""#, r#""3\n0" (string)"#),
            ("[1, \"a\"]", r#"[1,"a"] (array)"#),
            (r#"{"a": null}"#, r#"{"a":null} (object)"#),
            (r#"{"$js":"number","text":"NaN"}"#, "NaN (number)"),
            (r#"{"$js":"number","text":"-Infinity"}"#, "-Infinity (number)"),
            (r#"{"$js":"undefined","text":"undefined"}"#, "undefined"),
            (r#"{"$js":"bigint","text":"10n"}"#, "10n (bigint)"),
            (
                r#"{"$js":"function","text":"[Function: f]"}"#,
                "[Function: f] (function)",
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(shown(json), expected, "{json}");
        }
        let long = format!("\"{}\"", "é".repeat(100));
        assert_eq!(shown(&long), format!("\"{}... (string)", "é".repeat(59)));
    }

    #[test]
    fn an_object_that_only_looks_foreign_stays_an_object() {
        for json in [
            r#"{"$js":"number","text":"7"}"#,
            r#"{"$js":"wat","text":"x"}"#,
            r#"{"$js":"bigint"}"#,
            r#"{"$js":"bigint","text":"1n","more":1}"#,
        ] {
            assert!(matches!(UserValue::from_json(json), Ok(UserValue::Object(_))), "{json}");
        }
    }

    #[test]
    fn unreadable_text_is_refused_without_being_repeated() {
        for json in ["", "{", "secret", r#"{"a": secret}"#, &"[".repeat(1000)] {
            let reason = UserValue::from_json(json).expect_err(json);
            assert!(!reason.contains("secret"), "{reason}");
        }
    }

    fn any_given() -> impl Strategy<Value = UserValue> {
        let leaf = prop_oneof![
            Just(UserValue::Null),
            any::<bool>().prop_map(UserValue::Bool),
            // Few enough digits that parsing them is exact, as in real settings.
            any::<i32>().prop_map(|number| UserValue::Number(f64::from(number) / 8.0)),
            Just(UserValue::Number(f64::INFINITY)),
            any::<String>().prop_map(UserValue::Text),
            any::<String>().prop_map(|text| UserValue::Foreign {
                kind: "symbol".into(),
                text
            }),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(UserValue::List),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                    .prop_map(|map| UserValue::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(given in any_given()) {
            prop_assert_eq!(UserValue::from_json(&given.to_json()), Ok(given));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(given) = UserValue::from_json(&text) {
                prop_assert!(!given.to_string().is_empty());
            }
        }
    }
}
