//! The fields of one thrown error that matter here.

use serde_json::Value;

/// Fields that are not there are empty.
pub(super) struct Thrown<'a> {
    pub(super) code: &'a str,
    pub(super) syscall: &'a str,
    pub(super) path: &'a str,
    pub(super) dest: &'a str,
    pub(super) message: &'a str,
    whole: &'a Value,
}

/// How libuv and Bun begin the message of a refusal; a tool may have put words of its own before it.
const BEGINNINGS: [(&str, &str); 2] = [
    ("EACCES: permission denied, ", "EACCES"),
    ("EPERM: operation not permitted, ", "EPERM"),
];

impl<'a> Thrown<'a> {
    pub(super) fn of(whole: &'a Value) -> Self {
        let text = |field: &str| whole.get(field).and_then(Value::as_str).unwrap_or_default();
        let thrown = Thrown {
            code: text("code"),
            syscall: text("syscall"),
            path: text("path"),
            dest: text("dest"),
            message: text("message"),
            whole,
        };
        if !thrown.code.is_empty() || whole.get("code").is_some_and(Value::is_number) {
            return thrown;
        }
        // An error of the tool's own that quotes the system's.
        match quoted_refusal(thrown.message) {
            Some((code, syscall, path, dest)) => Thrown {
                code,
                syscall,
                path,
                dest,
                ..thrown
            },
            None => thrown,
        }
    }

    /// Any other field that is text.
    pub(super) fn field(&self, name: &str) -> Option<&'a str> {
        self.whole.get(name).and_then(Value::as_str)
    }

    /// Any other field that is a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.whole.get(name).and_then(Value::as_i64)
    }

    /// The system refused, for whatever reason.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.code, "EACCES" | "EPERM" | "ERR_ACCESS_DENIED")
    }

    pub(super) fn is_about_spawning(&self) -> bool {
        self.syscall.starts_with("spawn") || self.syscall.starts_with("posix_spawn") || self.syscall == "fork"
    }
}

/// Code, call, path and destination of `...EACCES: permission denied, rename '/a' -> '/b'`.
fn quoted_refusal(message: &str) -> Option<(&str, &str, &str, &str)> {
    let (rest, code) = BEGINNINGS
        .iter()
        .find_map(|(beginning, code)| Some((message.split_once(beginning)?.1, *code)))?;
    let (syscall, rest) = rest.split_once(" '")?;
    let (path, rest) = rest.split_once('\'')?;
    let dest = rest
        .strip_prefix(" -> '")
        .and_then(|rest| rest.split_once('\''))
        .map_or("", |(dest, _)| dest);
    Some((code, syscall, path, dest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quoted_refusal_counts_where_there_is_no_code() {
        let value = json!({"message": "cannot save: EACCES: permission denied, rename '/a b' -> '/c'"});
        let thrown = Thrown::of(&value);
        let fields = (thrown.code, thrown.syscall, thrown.path, thrown.dest);
        assert_eq!(fields, ("EACCES", "rename", "/a b", "/c"));

        let value = json!({"message": "EACCES: permission denied, open '/a'", "code": "E_MINE"});
        assert_eq!(Thrown::of(&value).code, "E_MINE");
        for message in [
            "EACCES",
            "EACCES: permission denied, open",
            "EACCES: permission denied, open '/a",
        ] {
            assert_eq!(Thrown::of(&json!({ "message": message })).code, "", "{message}");
        }
    }
}
