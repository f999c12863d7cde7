//! The values that a call passes to its tool: JSON text, or nothing.

use crate::error::{Code, Error, Result, hints};

/// Together with the rest of a call it must fit a frame, whose length has 32 bits. V8's longest string is shorter.
const LARGEST: usize = 1 << 30;

/// One JSON value as text, passed on unchanged, or no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputText(Option<String>);

impl InputText {
    /// Takes the output of the host's own `JSON.stringify`; `field` names the argument, "input" or "config". It is not
    /// parsed again: that would cost more than the rest of a call with a large input, and the host is trusted.
    pub fn from_host(field: &'static str, text: Option<String>) -> Result<Self> {
        fits(field, text.as_deref().map_or(0, str::len))?;
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

fn fits(field: &'static str, bytes: usize) -> Result<()> {
    if bytes <= LARGEST {
        return Ok(());
    }
    let message = format!("expected `{field}` to be at most {LARGEST} bytes of JSON, got {bytes} bytes");
    Err(Box::new(
        Error::validation(Code::InputInvalid, field, message).hint(hints::INPUT_TOO_LONG),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_input_passes_unchanged() {
        let input = InputText::from_host("input", Some(r#"{"b":1,"a":["\ud800"]}"#.to_owned())).unwrap();
        assert_eq!((input.as_str(), input.len()), (Some(r#"{"b":1,"a":["\ud800"]}"#), 22));
        assert!(InputText::from_host("input", None).unwrap().is_empty());
    }

    #[test]
    fn input_too_large_for_a_frame_is_refused() {
        let error = fits("config", LARGEST + 1).unwrap_err();
        assert_eq!(
            (error.code, error.context.field.as_deref()),
            (Code::InputInvalid, Some("config"))
        );
        assert!(error.hint.is_some());
    }
}
