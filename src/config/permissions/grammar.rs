//! The grammar of one flag: `--name`, `--name=value`, `--name=a,b,c`.

use crate::config::nearest::closest;

/// A flag split at its first `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag<'a> {
    /// As written, for messages.
    pub(super) text: &'a str,
    pub(super) name: &'a str,
    pub(super) value: Option<&'a str>,
}

impl<'a> Flag<'a> {
    pub(super) fn cut(text: &'a str) -> Self {
        match text.split_once('=') {
            Some((name, value)) => Self {
                text,
                name,
                value: Some(value),
            },
            None => Self {
                text,
                name: text,
                value: None,
            },
        }
    }

    /// What the flag covers; `None` means everything. Without a value a list never has an empty entry.
    pub(super) fn scope(&self) -> Result<Option<Vec<String>>, String> {
        let Some(value) = self.value else {
            return Ok(None);
        };
        if value.contains('\0') {
            return Err(format!("`{}` contains a NUL character", self.text.escape_debug()));
        }
        match list(value) {
            Ok(entries) => Ok(Some(entries)),
            Err(ListError::Empty) => Err(format!(
                "`{0}` has an empty scope; name what it covers behind the `=`, or write `{1}` for everything",
                self.text.escape_debug(),
                self.name
            )),
            Err(ListError::EmptyEntry) => Err(format!(
                "`{}` has an empty entry; put one comma between two entries and none at the ends (a comma in a name is written `,,`)",
                self.text.escape_debug()
            )),
        }
    }

    /// Rejects a value where the flag takes none.
    pub(super) fn without_value(&self) -> Result<(), String> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(format!(
                "`{}`: `{}` takes no value",
                self.text.escape_debug(),
                self.name
            )),
        }
    }

    /// The error for a flag that does not exist.
    pub(super) fn unknown<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> String {
        let shown = self.text.escape_debug();
        // "--allow-read ./data" in one entry: the name is right, but the `=` is missing.
        let name = self.name.split_whitespace().next().unwrap_or_default();
        let nearest = closest(name, names).unwrap_or_default();
        if nearest == name && self.name != name {
            return format!("`{shown}` is not a permission flag; put `=` between `{nearest}` and its value");
        }
        format!("`{shown}` is not a permission flag; the nearest valid one is `{nearest}`")
    }
}

/// Why a list is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ListError {
    /// The list is empty.
    Empty,
    /// One of the entries is empty.
    EmptyEntry,
}

/// Entries separated by single commas. As in Deno, a doubled comma is a comma in the entry.
pub(super) fn list(value: &str) -> Result<Vec<String>, ListError> {
    if value.is_empty() {
        return Err(ListError::Empty);
    }
    let mut entries = Vec::new();
    let mut entry = String::new();
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        if c != ',' || rest.next_if_eq(&',').is_some() {
            entry.push(c);
        } else {
            entries.push(std::mem::take(&mut entry));
        }
    }
    entries.push(entry);
    if entries.iter().any(String::is_empty) {
        Err(ListError::EmptyEntry)
    } else {
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_single_commas() {
        let cases: [(&str, &[&str]); 6] = [
            ("a", &["a"]),
            ("a,b", &["a", "b"]),
            ("a,,b", &["a,b"]),
            ("a,,,b", &["a,", "b"]),
            ("a=b,c", &["a=b", "c"]),
            (",,", &[","]),
        ];
        for (value, entries) in cases {
            assert_eq!(list(value).expect(value), entries, "{value}");
        }
        assert_eq!(list(""), Err(ListError::Empty));
        for value in [",", "a,", ",a", ",,,"] {
            assert_eq!(list(value), Err(ListError::EmptyEntry), "{value}");
        }
    }
}
