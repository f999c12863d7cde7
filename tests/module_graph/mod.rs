//! Which file of `src/` uses which: the paths that code names, followed through imports and the re-exports of each `mod.rs`.
//!
//! It follows a path as far as it names modules, and then to the module that an item was imported from. A module that names
//! another one only to export it does not use it. A test in `layers.rs` says what is found.

mod circles;
mod code;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

pub(crate) use circles::circles;
use code::Code;

/// A module's path, e.g. `["dispatch", "engine", "call"]`.
pub(crate) type Module = Vec<String>;

/// For each module, the other modules whose files it uses.
pub(crate) type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// An import may lead to another one so many times.
const DEEPEST: usize = 8;

/// The modules of a crate, without tests.
pub(crate) struct Tree {
    modules: BTreeMap<Module, Code>,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = BTreeMap::new();
        read(root, &mut Vec::new(), &mut modules);
        Self { modules }
    }

    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let module = |name: &str| {
            let parts = name.split("::").filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        };
        let modules = files.iter().map(|(name, text)| (module(name), Code::read(text)));
        Self {
            modules: modules.collect(),
        }
    }

    pub(crate) fn uses(&self) -> Uses {
        let used = |(module, code): (&Module, &Code)| {
            let imported = code.imports.iter().filter(|import| !import.is_exported);
            // A module that exports a name may use it as well.
            let exported = code
                .imports
                .iter()
                .filter(|import| import.is_exported && code.names.contains(&import.name));
            let imported = imported.chain(exported).map(|import| &import.path);
            let targets = imported
                .chain(&code.paths)
                .filter_map(|path| self.resolve(module, path, 0))
                .filter(|target| target != module)
                .collect();
            (module.clone(), targets)
        };
        self.modules.iter().map(used).collect()
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
            name if self.child(&at, name).is_some() => {}
            _ => return self.imported(&at, path, depth),
        }
        while rest.first().is_some_and(|part| part == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
        while let Some(child) = rest.first().and_then(|part| self.child(&at, part)) {
            at = child;
            rest = &rest[1..];
        }
        if rest.is_empty() {
            return Some(at);
        }
        // An item that the module has from elsewhere, or else its own.
        self.imported(&at, rest, depth).or(Some(at))
    }

    /// The module that a path means whose first name this module has imported.
    fn imported(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (name, rest) = path.split_first()?;
        let imports = &self.modules.get(module)?.imports;
        imports
            .iter()
            .filter(|import| import.name == *name && depth < DEEPEST)
            .find_map(|import| self.resolve(module, &[import.path.as_slice(), rest].concat(), depth + 1))
    }

    fn child(&self, module: &Module, name: &str) -> Option<Module> {
        let mut child = module.clone();
        child.push(name.to_owned());
        self.modules.contains_key(&child).then_some(child)
    }
}

fn read(dir: &Path, module: &mut Module, modules: &mut BTreeMap<Module, Code>) {
    for entry in fs::read_dir(dir).expect("src can be read").flatten() {
        let path = entry.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            module.push(name.to_owned());
            read(&path, module, modules);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(name) {
            let code = Code::read(&fs::read_to_string(&path).expect("a source file can be read"));
            let own = (!matches!(name, "mod" | "lib")).then(|| name.to_owned());
            modules.insert(module.iter().cloned().chain(own).collect(), code);
        }
    }
}

fn is_test(name: &str) -> bool {
    name.ends_with("_test") || name.ends_with("_tests")
}
