//! Makes text from a tool safe to show to a person: characters that would move a cursor, colour or clear a terminal, or
//! change the reading direction of the surrounding text are made visible instead.
//!
//! `js/printable.js` does the same for text that JavaScript shows; `__test__/fixtures/printable.json` tests both with
//! one table.

use std::borrow::Cow;
use std::fmt::Write;

/// As a single line: line breaks and tabs are escaped too. For text inside a sentence: names, paths, hints.
pub fn printable(text: &str) -> Cow<'_, str> {
    shown(text, |_| false)
}

/// Line breaks and tabs stay: thrown messages may have several lines, such as the difference that an assertion shows.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    shown(text, |character| matches!(character, '\n' | '\t'))
}

/// Characters that are never shown as they are: the control characters of ASCII and Latin-1, the two line separators
/// that only some programs break lines at, and every character of Unicode's `Bidi_Control`.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

fn shown(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let escaped = |character: char| is_unprintable(character) && !stays(character);
    if !text.contains(escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            _ if !escaped(character) => out.push(character),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // Every character in the table has at most four digits.
            _ => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        /// The first and last code point of each escaped range.
        escaped: Vec<(u32, u32)>,
        texts: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        text: String,
        line: String,
        lines: String,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../__test__/fixtures/printable.json")).expect("test vectors")
    }

    #[test]
    fn texts_are_shown_as_the_vectors_say() {
        for Vector { text, line, lines } in vectors().texts {
            assert_eq!(printable(&text), line);
            assert_eq!(printable_lines(&text), lines);
        }
    }

    #[test]
    fn exactly_the_characters_of_the_table_are_escaped() {
        let ranges = vectors().escaped;
        for character in '\0'..=char::MAX {
            let listed = ranges
                .iter()
                .any(|&(first, last)| (first..=last).contains(&u32::from(character)));
            assert_eq!(is_unprintable(character), listed, "{:04x}", u32::from(character));
        }
    }
}
