//! Which file of `src/` uses which: the paths that code names, followed through the re-exports of each `mod.rs`.
//!
//! It reads text, not Rust: comments and test code are left out, `use` groups are spread, and a path is followed as far as it
//! names modules. That is enough for this tree, and a test of this file says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path, e.g. `["dispatch", "engine", "call"]`.
type Module = Vec<String>;

/// The modules of a crate: their code without comments and tests.
pub(crate) struct Tree {
    code: BTreeMap<Module, String>,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Self {
        let mut code = BTreeMap::new();
        read(root, &mut Vec::new(), &mut code);
        Self { code }
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let module = |name: &str| {
            name.split("::")
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let code = files.iter().map(|(name, text)| (module(name), production(text)));
        Self { code: code.collect() }
    }

    /// For each module, the other modules whose files it uses.
    pub(crate) fn uses(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let used = |(module, code): (&Module, &String)| {
            let targets = paths(code, false)
                .iter()
                .filter_map(|path| self.resolve(module, path, 0))
                .filter(|target| target != module)
                .collect();
            (module.clone(), targets)
        };
        self.code.iter().map(used).collect()
    }

    /// The module in whose file the path ends; none where it leads out of the crate.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let mut at = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {}
            // A child module of this one.
            name if self.child(&at, name).is_some() => {}
            _ => return None,
        }
        while rest.first().is_some_and(|part| part == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
        while let Some(child) = rest.first().and_then(|part| self.child(&at, part)) {
            at = child;
            rest = &rest[1..];
        }
        let Some(item) = rest.first().filter(|_| depth < 8) else {
            return Some(at);
        };
        // An item that the module has from elsewhere.
        let code = self.code.get(&at)?;
        for path in paths(code, true) {
            if path.last() == Some(item)
                && let Some(origin) = self.resolve(&at, &path, depth + 1)
            {
                return Some(origin);
            }
        }
        Some(at)
    }

    fn child(&self, module: &Module, name: &str) -> Option<Module> {
        let mut child = module.clone();
        child.push(name.to_owned());
        self.code.contains_key(&child).then_some(child)
    }
}

/// Groups of modules that use one another, each sorted.
pub(crate) fn circles(uses: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<String>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> = uses.keys().map(|from| (from, reachable(from, uses))).collect();
    let mut found = BTreeSet::new();
    for (from, reached) in &reach {
        if reached.contains(from) {
            let circle: BTreeSet<String> = reached
                .iter()
                .filter(|other| reach.get(*other).is_some_and(|back| back.contains(from)))
                .map(|module| module.join("::"))
                .collect();
            found.insert(circle.into_iter().collect::<Vec<_>>());
        }
    }
    found.into_iter().collect()
}

fn reachable<'a>(from: &Module, uses: &'a BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Module> = uses.get(from).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(uses.get(module).into_iter().flatten());
        }
    }
    reached
}

fn read(dir: &Path, module: &mut Module, code: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(dir).expect("src can be read").flatten() {
        let path = entry.path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if path.is_dir() {
            module.push(name);
            read(&path, module, code);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&name) {
            let text = production(&fs::read_to_string(&path).expect("a source file can be read"));
            if matches!(name.as_str(), "mod" | "lib") {
                code.insert(module.clone(), text);
            } else {
                module.push(name);
                code.insert(module.clone(), text);
                module.pop();
            }
        }
    }
}

fn is_test(name: &str) -> bool {
    name.ends_with("_test") || name.ends_with("_tests")
}

/// The code without comments, and without what comes after the first `#[cfg(test)] mod`.
fn production(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = lines.join("\n");
    let inline_tests = code.match_indices("#[cfg(test)]").find(|(at, _)| {
        let mut rest = code[*at..].lines().skip(1).filter(|line| !line.starts_with("#["));
        rest.next()
            .is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    });
    match inline_tests {
        Some((at, _)) => code[..at].to_owned(),
        None => code,
    }
}

/// Paths that the code names: those of `use` with their groups spread and, unless only `exported` ones are asked for, those written
/// out from `crate`, `self` and `super`.
fn paths(code: &str, exported: bool) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let statement = statement.trim_start();
        // A statement may follow a block, and an attribute may come before it.
        let Some(start) = statement.rfind("use ").filter(|at| is_use(statement, *at)) else {
            continue;
        };
        let is_exported =
            statement[..start].trim_end().ends_with("pub") || statement[..start].trim_end().ends_with(')');
        if is_exported == exported {
            spread(&statement[start + "use ".len()..], &mut Vec::new(), &mut found);
        }
    }
    if !exported {
        for root in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(root) {
                let before = code[..at].chars().next_back();
                if !before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':') {
                    let path: String = code[at..]
                        .chars()
                        .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | ':'))
                        .collect();
                    if code[at + path.len()..].starts_with(['{', '*']) {
                        // A group of a `use`, which was spread above.
                        continue;
                    }
                    let parts = path.split("::").filter(|part| !part.is_empty());
                    found.push(parts.map(str::to_owned).collect());
                }
            }
        }
    }
    found
}

/// Whether `use ` at this place begins a statement.
fn is_use(statement: &str, at: usize) -> bool {
    let before = statement[..at].trim_end();
    before.is_empty()
        || before.ends_with("pub")
        || before.ends_with(')')
        || before.ends_with(']')
        || before.ends_with('}')
}

/// Spreads `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`.
fn spread(text: &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let text = text.trim();
    let depth = prefix.len();
    let mut rest = text;
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            let inner = group.strip_suffix('}').unwrap_or(group);
            for part in parts(inner) {
                spread(part, prefix, found);
            }
            break;
        }
        match rest.split_once("::") {
            Some((name, after)) if !name.contains('{') => {
                prefix.push(name.trim().to_owned());
                rest = after.trim_start();
            }
            _ => {
                // What is renamed keeps the name that it has where it comes from.
                let name = rest.split(" as ").next().unwrap_or_default().trim();
                let mut path = prefix.clone();
                if !name.is_empty() && name != "self" && name != "*" {
                    path.push(name.to_owned());
                }
                found.push(path);
                break;
            }
        }
    }
    prefix.truncate(depth);
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
