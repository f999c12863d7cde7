//! What the text of a source file names. It reads text, not Rust: comments, literal strings and modules for tests are left
//! out, the groups of imports are spread, and whatever else looks like a path or a name counts as one.

use std::collections::BTreeSet;

/// One name that a `use` brings into a module.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub path: Vec<String>,
    /// The last name of the path, or what it is renamed to.
    pub name: String,
    pub is_exported: bool,
}

#[derive(Default)]
pub(crate) struct Code {
    pub imports: Vec<Import>,
    /// Paths that are written out, of two names at least.
    pub paths: Vec<Vec<String>>,
    /// Names that stand alone or begin a path.
    pub names: BTreeSet<String>,
}

impl Code {
    pub(crate) fn read(text: &str) -> Self {
        let mut code = Self::default();
        let text = production(text);
        let mut rest = text.as_str();
        while let Some((before, statement, after)) = next_use(rest) {
            code.read_names(before);
            let visibility = before.trim_end();
            let is_exported = visibility.ends_with("pub") || visibility.ends_with(')');
            for (path, name) in spread(statement, &[]) {
                code.imports.push(Import {
                    path,
                    name,
                    is_exported,
                });
            }
            rest = after;
        }
        code.read_names(rest);
        code
    }

    fn read_names(&mut self, text: &str) {
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':');
        let mut before = "";
        for word in text.split_inclusive(|letter| !is_part(letter)) {
            let path = word.trim_end_matches(|letter| !is_part(letter));
            let names: Vec<&str> = path.split("::").filter(|name| !name.is_empty()).collect();
            // `mod name;` names no item, `.name` is a field or a method, `name:` a field or a parameter.
            let is_item = !before.starts_with("mod ") && !before.ends_with('.') && !path.ends_with(':');
            match names.as_slice() {
                [] => {}
                // The rest of a path whose beginning is a type: `<T>::name`.
                _ if path.starts_with(':') => {}
                [name] if is_item || path.ends_with("::") => {
                    self.names.insert((*name).to_owned());
                }
                [_] => {}
                [name, ..] => {
                    self.names.insert((*name).to_owned());
                    self.paths.push(names.iter().map(|name| (*name).to_owned()).collect());
                }
            }
            before = word;
        }
    }
}

/// The text without comments, literal strings and modules that are compiled for tests only.
fn production(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            // Other attributes may come before the item. One line is left out, or a block up to the bracket that closes it.
            let item = lines.by_ref().find(|line| !line.starts_with("#["));
            if item.is_some_and(|item| item.ends_with('{')) {
                lines.by_ref().find(|line| matches!(*line, "}" | "};"));
            }
            continue;
        }
        let code = line.find("//").map_or(line, |at| &line[..at]);
        let outside_of_strings = code.split('"').step_by(2);
        kept.extend(outside_of_strings.flat_map(|part| [part, " "]));
        kept.push('\n');
    }
    kept
}

/// What comes before the next `use`, what that imports, and what comes after it.
fn next_use(text: &str) -> Option<(&str, &str, &str)> {
    let at = text.match_indices("use ").map(|(at, _)| at).find(|at| {
        let before = text[..*at].trim_end();
        before.is_empty() || before.ends_with([';', ')', ']', '{', '}']) || before.ends_with("pub")
    })?;
    let (statement, after) = text[at + "use ".len()..].split_once(';')?;
    Some((&text[..at], statement, after))
}

/// Spreads `a::{b, c::{d, e as f}}` to the paths `a::b`, `a::c::d`, `a::c::e`, each with the name that it gets.
fn spread(text: &str, prefix: &[String]) -> Vec<(Vec<String>, String)> {
    let text = text.trim();
    if let Some(group) = text.strip_prefix('{') {
        let inner = group.strip_suffix('}').unwrap_or(group);
        return parts(inner).iter().flat_map(|part| spread(part, prefix)).collect();
    }
    let mut path = prefix.to_vec();
    if let Some((name, rest)) = text.split_once("::") {
        path.push(name.trim().to_owned());
        return spread(rest, &path);
    }
    let (own, renamed) = text.split_once(" as ").unwrap_or((text, text));
    if !matches!(own.trim(), "" | "self" | "*") {
        path.push(own.trim().to_owned());
    }
    let name = match renamed.trim() {
        "self" => path.last().cloned().unwrap_or_default(),
        name => name.to_owned(),
    };
    vec![(path, name)]
}

/// The parts of a group, at its own level.
fn parts(group: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0, 0);
    let mut found = Vec::new();
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&group[start..]);
    found.retain(|part| !part.trim().is_empty());
    found
}
