//! The relevant fields of one thrown error.

use serde_json::Value;

/// Missing fields are empty.
pub(super) struct Thrown<'a> {
    pub(super) code: &'a str,
    pub(super) syscall: &'a str,
    pub(super) path: &'a str,
    pub(super) dest: &'a str,
    pub(super) message: &'a str,
    whole: &'a Value,
}

/// How libuv and Bun begin the message of a refusal; a tool may have put its own words before it.
const BEGINNINGS: [(&str, &str); 2] = [
    ("EACCES: permission denied, ", "EACCES"),
    ("EPERM: operation not permitted, ", "EPERM"),
];
/// Other wordings, followed by a path in quotes: those of Node's own `cp` and `rm`, and of native code.
const OTHER_BEGINNINGS: [(&str, &str); 4] = [
    ("EACCES", "EACCES"),
    ("EPERM", "EPERM"),
    ("ermission denied", "EACCES"),
    ("peration not permitted", "EPERM"),
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
        // Node keeps system errors of calls such as os.userInfo() in a separate field.
        if let Some(info) = whole.get("info").filter(|_| thrown.code == "ERR_SYSTEM_ERROR") {
            let text = |field: &str| info.get(field).and_then(Value::as_str).unwrap_or_default();
            return Thrown {
                code: text("code"),
                syscall: text("syscall"),
                ..thrown
            };
        }
        // The error of an ended program has a number as its code, and quotes whatever the program printed.
        let says_where = !thrown.path.is_empty() || thrown.is_elsewhere();
        if says_where || whole.get("code").is_some_and(Value::is_number) {
            return thrown;
        }
        // An error of the tool that quotes the system's, whatever its own code is.
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

    /// Whether it concerns the network or a program.
    fn is_elsewhere(&self) -> bool {
        self.field("address").is_some() || self.is_about_spawning()
    }

    /// Any other text field.
    pub(super) fn field(&self, name: &str) -> Option<&'a str> {
        self.whole.get(name).and_then(Value::as_str)
    }

    /// Any other number field.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.whole.get(name).and_then(Value::as_i64)
    }

    /// Whether the system refused, for whatever reason.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.code, "EACCES" | "EPERM" | "ERR_ACCESS_DENIED")
    }

    pub(super) fn is_about_spawning(&self) -> bool {
        self.syscall.starts_with("spawn") || self.syscall.starts_with("posix_spawn") || self.syscall == "fork"
    }
}

/// Code, call, path and destination of `...EACCES: permission denied, rename '/a' -> '/b'`; for other wordings, the
/// code and the path.
fn quoted_refusal(message: &str) -> Option<(&str, &str, &str, &str)> {
    let plainly = || {
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
    };
    plainly().or_else(|| {
        let (rest, code) = OTHER_BEGINNINGS
            .iter()
            .find_map(|(beginning, code)| Some((message.split_once(beginning)?.1, *code)))?;
        let path = ['\'', '"', '`'].iter().find_map(|mark| {
            let (_, rest) = rest.split_once(*mark)?;
            let (path, _) = rest.split_once(*mark)?;
            path.starts_with('/').then_some(path)
        })?;
        Some((code, "", path, ""))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quoted_refusal_counts_whatever_the_code_is() {
        let value = json!({"message": "cannot save: EACCES: permission denied, rename '/a b' -> '/c'"});
        let thrown = Thrown::of(&value);
        let fields = (thrown.code, thrown.syscall, thrown.path, thrown.dest);
        assert_eq!(fields, ("EACCES", "rename", "/a b", "/c"));

        let value = json!({"message": "EACCES: permission denied, open '/a'", "code": "E_MINE"});
        let thrown = Thrown::of(&value);
        assert_eq!((thrown.code, thrown.path), ("EACCES", "/a"));
        for message in [
            "EACCES",
            "EACCES: permission denied, open",
            "EACCES: permission denied, open '/a",
        ] {
            assert_eq!(Thrown::of(&json!({ "message": message })).code, "", "{message}");
        }
    }

    #[test]
    fn other_words_count_where_they_name_a_path() {
        for (value, code, path) in [
            (
                json!({"message": "EACCES, Permission denied: '/a b'"}),
                "EACCES",
                "/a b",
            ),
            (
                json!({"message": "EACCES, Permission denied \"/a\"", "code": "EACCES"}),
                "EACCES",
                "/a",
            ),
            (
                json!({"message": "IO error: /x: Permission denied `/a`", "code": "E_MINE"}),
                "EACCES",
                "/a",
            ),
            (
                json!({"message": "EPERM: operation not permitted: '/a'"}),
                "EPERM",
                "/a",
            ),
            (json!({"message": "EACCES in 'here'"}), "", ""),
            (json!({"message": "EACCES '/a'", "code": 128}), "", ""),
            (
                json!({"message": "EACCES '/a'", "code": "EACCES", "address": "1.2.3.4"}),
                "EACCES",
                "",
            ),
        ] {
            let thrown = Thrown::of(&value);
            assert_eq!((thrown.code, thrown.path), (code, path), "{value}");
        }
        let value = json!({"code": "ERR_SYSTEM_ERROR", "info": {"code": "ENOENT", "syscall": "uv_os_get_passwd"}});
        let thrown = Thrown::of(&value);
        assert_eq!((thrown.code, thrown.syscall), ("ENOENT", "uv_os_get_passwd"));
    }
}
