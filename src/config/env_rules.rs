//! The rules for variables that a caller or a setting gives to a tool. No rule repeats a value.

use super::env_names;
use super::user_value::UserValue;
use crate::error::hints;

/// What is wrong with a variable's name, and what to do about it.
pub fn name_problem(name: &str) -> Option<(String, &'static str)> {
    let rule = if name.is_empty() {
        "its name must not be empty"
    } else if name.starts_with(|c: char| c.is_ascii_digit()) {
        "its name must not begin with a digit"
    } else if name.chars().any(|c| c.is_lowercase()) {
        "its name must not have lower-case letters"
    } else if !name
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    {
        "its name may have only the letters A to Z, digits and underscores"
    } else {
        let reason = env_names::refusal(name)?;
        return Some((format!("this name is refused, {reason}"), hints::ENV_REFUSED));
    };
    Some((rule.to_owned(), hints::ENV_NAME))
}

/// What is wrong with a variable's value, and what to do about it.
pub fn value_problem(value: &UserValue) -> Option<(String, &'static str)> {
    let text = match value {
        UserValue::Text(text) => text,
        UserValue::Number(_) | UserValue::Bool(_) => {
            return Some(("its value must be a string".to_owned(), hints::ENV_TYPE));
        }
        _ => return Some(("its value must be a string".to_owned(), hints::ENV_VALUE)),
    };
    let character = |c: char| match c {
        '\r' => Some("a carriage return (CR)"),
        '\n' => Some("a line feed (LF)"),
        '\0' => Some("a NUL character"),
        _ => None,
    };
    let found = text.chars().find_map(character)?;
    Some((format!("its value must not contain {found}"), hints::ENV_VALUE))
}
