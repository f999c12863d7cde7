//! Execution ids: any non-empty text.

use uuid::Uuid;

use crate::error::{Code, Error, Result};

/// Identifies one execution in errors, logs and records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExecId(String);

impl ExecId {
    /// Takes an id that the caller chose.
    pub fn parse(id: &str) -> Result<Self> {
        if id.is_empty() {
            let message = "expected `toolExecId` to be a non-empty string, got \"\" (string)";
            return Err(Box::new(Error::validation(Code::InputInvalid, "toolExecId", message)));
        }
        Ok(Self(id.to_owned()))
    }

    /// Generates one: a UUIDv7, so that ids sort by time.
    pub fn generate() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_but_none_is_an_id() {
        for id in ["1", " ", "\u{1f600}", "a\nb", "toString"] {
            assert_eq!(ExecId::parse(id).expect(id).as_str(), id);
        }
        let error = ExecId::parse("").expect_err("empty");
        assert_eq!(
            (error.code, error.context.field.as_deref()),
            (Code::InputInvalid, Some("toolExecId"))
        );
    }

    #[test]
    fn generated_ids_are_new_and_of_version_7() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| ExecId::generate()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let uuid = Uuid::parse_str(id.as_str()).expect("a UUID");
            assert_eq!(uuid.get_version_num(), 7);
        }
    }
}
