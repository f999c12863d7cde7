//! The values a call hands to its tool: JSON text, or nothing.

use serde::de::IgnoredAny;

use crate::error::{Code, Error, Result};

/// One JSON value as text, moved as it is, or the absence of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputText(Option<String>);

impl InputText {
    /// Checks that a text is one JSON value; `field` is the argument it was, "input" or "config". The text goes into a
    /// frame between others: one that is more or less than a value would change what they mean.
    pub fn parse(field: &'static str, text: Option<String>) -> Result<Self> {
        if let Some(text) = &text
            && let Err(error) = serde_json::from_str::<IgnoredAny>(text)
        {
            let place = format!("line {}, column {}", error.line(), error.column());
            let message = format!("expected `{field}` to be a JSON value, got text that is none ({place})");
            return Err(Box::new(Error::validation(Code::InputInvalid, field, message)));
        }
        Ok(Self(text))
    }

    /// The text, where there is a value.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Its size in bytes.
    pub fn len(&self) -> usize {
        self.0.as_deref().map_or(0, str::len)
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_passes_as_it_is() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in ["null", "1.0", r#""a\ud800""#, r#"{"b":1,"a":[true]}"#, "false", &deep] {
            let input = InputText::parse("input", Some(text.to_owned())).expect("valid");
            assert_eq!((input.as_str(), input.len()), (Some(text), text.len()));
        }
        assert!(InputText::parse("input", None).expect("absent").is_empty());
    }

    #[test]
    fn other_text_is_refused_without_being_repeated() {
        for text in [
            "",
            "undefined",
            "NaN",
            "{",
            "1 2",
            "1,\"t\":\"other\"",
            "secret",
            "'a'",
            "[1,]",
        ] {
            let error = InputText::parse("config", Some(text.to_owned())).expect_err(text);
            assert_eq!(
                (error.code, error.context.field.as_deref()),
                (Code::InputInvalid, Some("config"))
            );
            assert!(!error.message.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_fits_between_others(text in "[\\[\\]{}\":,0-9a-z ]{0,12}") {
            if let Ok(input) = InputText::parse("input", Some(text)) {
                let frame = format!(r#"{{"t":"x","i":{}}}"#, input.as_str().expect("given"));
                let read: serde_json::Value = serde_json::from_str(&frame).expect("still JSON");
                prop_assert_eq!(&read["t"], "x");
                prop_assert_eq!(read.as_object().map(|object| object.len()), Some(2));
            }
        }
    }
}
