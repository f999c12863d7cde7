//! Finds the source location of an error in its stack: the message of an entrypoint that does not load names file and
//! line.

/// The prefix of Node's own modules.
const INTERNAL: &str = "node:";
const URL: &str = "file://";

/// `path:line` or `path:line:column` of the first location in a stack that is a file. For a syntax error Node writes
/// the location before the heading; Bun, and the frames of both, write it after `at`.
pub(super) fn place_of(stack: &str) -> Option<String> {
    let mut lines = stack.lines();
    let first = lines.next()?;
    place(first).or_else(|| lines.filter_map(frame).find_map(place))
}

/// The location in a frame: `at f (place)` or `at place`.
fn frame(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("at ")?;
    match rest.split_once(" (") {
        Some((_, place)) if rest.ends_with(')') => place.strip_suffix(')'),
        _ => Some(rest.strip_prefix("async ").unwrap_or(rest)),
    }
}

fn place(text: &str) -> Option<String> {
    if text.starts_with(INTERNAL) {
        return None;
    }
    let (path, is_url) = match text.strip_prefix(URL) {
        Some(path) => (path, true),
        None => (text, false),
    };
    let numbers = path.len() - path.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':').len();
    let (file, position) = path.split_at(path.len() - numbers);
    let position = position.strip_prefix(':')?;
    let whole = file.starts_with('/') && !position.is_empty() && position.split(':').all(|number| !number.is_empty());
    whole.then(|| format!("{}:{position}", if is_url { unescaped(file) } else { file.to_owned() }))
}

/// The path of a `file:` URL.
fn unescaped(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = (byte == b'%').then(|| after.get(..2)).flatten();
        let escaped = escape
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_of_a_stack_is_its_place() {
        let cases = [
            (
                "file:///p/a%20b.mjs:2\nlet x x\n      ^\nSyntaxError: no",
                Some("/p/a b.mjs:2"),
            ),
            (
                "/p/x.cjs:3\n\n\n\nSyntaxError: no\n    at wrapSafe (node:internal/x:1:2)",
                Some("/p/x.cjs:3"),
            ),
            ("SyntaxError: no\n    at /p/tools.ts:1:27", Some("/p/tools.ts:1:27")),
            (
                "Error: no\n    at parse (<anonymous>)\n    at f (node:internal/x:1:2)\n    at async file:///p/t.mjs:3:7",
                Some("/p/t.mjs:3:7"),
            ),
            (
                "Error: no\n    at new A (file:///p/(x)/t.mjs:3:7)",
                Some("/p/(x)/t.mjs:3:7"),
            ),
            ("Error: no\n    at new A (/p/t.mjs:3:7)", Some("/p/t.mjs:3:7")),
            ("Error: no\n    at g (native)", None),
            ("Error: at noon:12", None),
            ("Error: no", None),
            ("", None),
        ];
        for (stack, at) in cases {
            assert_eq!(place_of(stack).as_deref(), at, "{stack}");
        }
    }
}
