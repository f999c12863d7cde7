//! Tool ids: names of exports, in a form that can never be mistaken for a path that leads elsewhere.

use crate::error::{Code, Error, Result, hints};

/// The id of a tool; every rule was checked on the text as given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToolId(String);

/// Longest excerpt of an id in a message, in characters.
const SHOWN: usize = 80;

impl ToolId {
    /// Checks an id; an error names the rule that it breaks.
    pub fn parse(id: &str) -> Result<Self> {
        match broken_rule(id) {
            None => Ok(Self(id.to_owned())),
            Some(rule) => {
                let shown: String = id.chars().take(SHOWN).collect();
                let more = if shown.len() < id.len() { "..." } else { "" };
                let message = format!("invalid tool id \"{}{more}\": {rule}", shown.escape_debug());
                Err(Box::new(
                    Error::validation(Code::ToolIdInvalid, "toolId", message).hint(hints::TOOL_ID),
                ))
            }
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn broken_rule(id: &str) -> Option<String> {
    // Most ids are a single word, which breaks no rule.
    if !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    {
        return None;
    }
    let rule = |rule: &str| Some(rule.to_owned());
    if id.is_empty() {
        return rule("it must not be empty");
    }
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "_/.-".contains(*c);
    if let Some(c) = id.chars().find(|c| !allowed(c)) {
        // The code point is included, because some characters look like an allowed letter.
        let code = u32::from(c);
        return Some(format!(
            "it contains '{}' (U+{code:04X}), which is not allowed",
            c.escape_debug()
        ));
    }
    if id.starts_with('/') {
        return rule("it must not be absolute (begin with \"/\")");
    }
    if id.contains("..") {
        return rule("it must not contain \"..\"");
    }
    if id.contains("//") {
        return rule("it must not contain \"//\"");
    }
    if id.contains("./") {
        return rule("it must not contain \"./\"");
    }
    if id.contains("/.") {
        return rule("it must not contain \"/.\"");
    }
    if id.ends_with('/') {
        return rule("it must not end with \"/\"");
    }
    if id.starts_with('.') {
        return rule("it must not begin with \".\"");
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_that_are() {
        let ids = [
            "simple-tool",
            "category/tool-name",
            "tool.name",
            "a",
            "A_1",
            "-",
            "a/b/c.d",
            "tool.",
            "constructor",
            "__proto__",
            "toString",
            "1",
        ];
        for id in ids {
            assert_eq!(ToolId::parse(id).expect(id).as_str(), id);
        }
    }

    #[test]
    fn each_rule_has_its_message() {
        let cases = [
            ("", "must not be empty"),
            ("/abs", "must not be absolute"),
            ("/", "must not be absolute"),
            ("tool...name", "must not contain \"..\""),
            ("../x", "must not contain \"..\""),
            ("a/../b", "must not contain \"..\""),
            ("a..", "must not contain \"..\""),
            ("a//b", "must not contain \"//\""),
            ("a./b", "must not contain \"./\""),
            ("./a", "must not contain \"./\""),
            ("a/.b", "must not contain \"/.\""),
            ("a/", "must not end with \"/\""),
            (".a", "must not begin with \".\""),
            (".", "must not begin with \".\""),
            ("a b", "contains ' ' (U+0020)"),
            ("a\0b", "contains '\\0' (U+0000)"),
            ("a\nb", "contains '\\n' (U+000A)"),
            ("a\\b", "(U+005C)"),
            ("C:/x", "contains ':' (U+003A)"),
            ("t\u{43e}ol", "(U+043E)"),
            ("\u{212a}ey", "(U+212A)"),
            ("a\u{2025}b", "(U+2025)"),
            ("ａ", "(U+FF41)"),
            ("a\u{200b}", "(U+200B)"),
            ("\u{fffd}", "(U+FFFD)"),
            ("caf\u{e9}", "(U+00E9)"),
            ("a%2e", "contains '%'"),
        ];
        for (id, rule) in cases {
            let error = ToolId::parse(id).expect_err(id);
            assert_eq!(
                (error.code, error.context.field.as_deref()),
                (Code::ToolIdInvalid, Some("toolId"))
            );
            assert_eq!(error.context.operation, Some("validate inputs"));
            assert!(error.message.contains(rule), "{id:?}: {error}");
            assert!(error.message.starts_with("invalid tool id \""), "{error}");
        }
    }

    #[test]
    fn a_long_id_is_shown_in_part() {
        let error = ToolId::parse(&format!("{}!", "a".repeat(1_000_000))).expect_err("refused");
        assert!(
            error.message.len() < 200 && error.message.contains("aaa...\""),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn what_passes_stays_below_its_root(id in "[a-zA-Z0-9_/.-]{0,10}") {
            if let Ok(id) = ToolId::parse(&id) {
                let components = std::path::Path::new(id.as_str()).components();
                prop_assert!(components.into_iter().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }

        #[test]
        fn any_text_passes_or_is_refused(id in any::<String>()) {
            let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_/.-".contains(&b));
            prop_assert!(plain || ToolId::parse(&id).is_err());
        }
    }
}
