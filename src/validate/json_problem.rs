//! Where a text that a person typed stops being JSON, and why.

use serde::de::IgnoredAny;

/// The first mistake of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonProblem {
    /// Counted from 1.
    pub line: usize,
    /// In UTF-16 units, counted from 1: where the text cannot go on as it does.
    pub column: usize,
    /// What was expected there.
    pub problem: String,
}

/// The first mistake; `None` for JSON.
pub fn json_problem(text: &str) -> Option<JsonProblem> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    let message = error.to_string();
    let problem = message.split(" at line ").next().unwrap_or(&message).to_owned();
    // The parser counts bytes, and of the end of a line or of the text it names the last one that there is.
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let bytes = if error.is_eof() {
        line.len()
    } else {
        error.column().saturating_sub(1)
    };
    let before = line.get(..bytes).unwrap_or(line);
    Some(JsonProblem {
        line: error.line(),
        column: before.encode_utf16().count() + 1,
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::json_problem;

    #[test]
    fn a_mistake_has_its_place_and_its_reason() {
        for (text, line, column, problem) in [
            ("{name: 1}", 1, 2, "key must be a string"),
            ("{\"a\":1,}", 1, 8, "key must be a string"),
            ("{\n  \"name\" \"Ada\"\n}", 2, 10, "expected `:`"),
            ("{\"gracePeriod\": }", 1, 17, "expected value"),
            ("[1 2]", 1, 4, "expected `,` or `]`"),
            ("1 2", 1, 3, "trailing characters"),
            ("[\"\u{e4}\u{1f600}\", x]", 1, 9, "expected value"),
            ("{\"a\": [1,", 1, 10, "EOF while parsing a value"),
            ("{\n\"a\": \"b", 2, 8, "EOF while parsing a string"),
            ("", 1, 1, "EOF while parsing a value"),
        ] {
            let found = json_problem(text).expect(text);
            assert_eq!(
                (found.line, found.column, &*found.problem),
                (line, column, problem),
                "{text}"
            );
        }
    }

    #[test]
    fn json_has_no_mistake() {
        for text in [
            "1e999",
            "\"\\ud800\"",
            " {} ",
            &format!("{}{}", "[".repeat(500), "]".repeat(500)),
        ] {
            assert_eq!(json_problem(text), None, "{text}");
        }
    }
}
