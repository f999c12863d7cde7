//! Checks the direction of imports: a layer may use the layers to its left and the neutral modules. Reads the `use
//! crate::` lines, and paths written out, of every file under src/.
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]

mod module_graph;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use module_graph::{Tree, circles};

const ORDER: [&str; 8] = [
    "config", "validate", "worker", "sandbox", "spawn", "pool", "dispatch", "outcome",
];
const NEUTRAL: [&str; 3] = ["error", "observe", "system"];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("src can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a text names after `crate::`, including those of group imports.
fn named(text: &str) -> BTreeSet<String> {
    let mut layers = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let inner: String = group
                .chars()
                .take_while(|character| {
                    depth += i32::from(*character == '{') - i32::from(*character == '}');
                    depth > 0
                })
                .filter(|character| !character.is_whitespace())
                .collect();
            let mut depth = 0;
            let top: String = inner
                .chars()
                .map(|character| {
                    depth += i32::from(character == '{') - i32::from(character == '}');
                    if depth == 0 && character == ',' {
                        '\n'
                    } else {
                        character
                    }
                })
                .collect();
            layers.extend(top.lines().map(first_name));
        } else {
            layers.insert(first_name(rest));
        }
    }
    layers
}

fn first_name(path: &str) -> String {
    path.chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}

/// The reason why a layer may not use the named module; `None` if it may.
fn objection(layer: &str, named: &str) -> Option<String> {
    let place = |name: &str| ORDER.iter().position(|other| *other == name);
    match (place(layer), place(named)) {
        _ if layer == named => None,
        (_, Some(_)) if NEUTRAL.contains(&layer) => Some(format!("the neutral module {layer} uses {named}")),
        (Some(here), Some(there)) if there > here => Some(format!("{layer} uses {named}, which is to its right")),
        (Some(_), None) if !NEUTRAL.contains(&named) => Some(format!("{layer} uses {named}")),
        _ => None,
    }
}

#[test]
fn layers_import_only_to_their_left() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut objections = Vec::new();
    let mut checked = 0;
    for file in &files {
        let relative = file.strip_prefix(&root).expect("below src");
        let layer = relative
            .iter()
            .next()
            .and_then(|part| part.to_str())
            .unwrap_or_default()
            .trim_end_matches(".rs");
        if !ORDER.contains(&layer) && !NEUTRAL.contains(&layer) {
            continue;
        }
        checked += 1;
        let text = fs::read_to_string(file).expect("a source file can be read");
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        objections.extend(
            named(&code)
                .iter()
                .filter_map(|other| objection(layer, other))
                .map(|why| format!("{}: {why}", relative.display())),
        );
    }
    assert!(checked > 40, "the layers were found: {checked} files");
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}

#[test]
fn napi_is_known_to_the_binding_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let outside = files.iter().filter(|file| !file.starts_with(root.join("binding")));
    let guilty: Vec<_> = outside
        .filter(|file| {
            let text = fs::read_to_string(file).expect("a source file can be read");
            text.lines().any(|line| {
                !line.trim_start().starts_with("//") && (line.contains("napi::") || line.contains("napi_derive"))
            })
        })
        .collect();
    assert!(guilty.is_empty(), "{guilty:?}");
}

#[test]
fn the_reader_of_imports_finds_them() {
    let layers = named("use crate::{config::{A, B}, spawn::C};\nlet x = crate::pool::D;");
    assert_eq!(layers.into_iter().collect::<Vec<_>>(), ["config", "pool", "spawn"]);
    assert!(objection("config", "spawn").is_some());
    assert!(objection("spawn", "config").is_none());
    assert!(objection("error", "config").is_some());
    assert!(objection("pool", "binding").is_some());
}

#[test]
fn no_files_use_one_another_in_a_circle() {
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let uses = tree.uses();
    let engine = ["dispatch", "engine", "engine"].map(str::to_owned).to_vec();
    assert!(uses[&engine].len() > 5, "the imports were found: {:?}", uses[&engine]);
    let found = circles(&uses);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_reader_of_files_finds_circles() {
    let tree = Tree::of(&[
        ("", "pub mod room;"),
        (
            "room",
            "mod a; mod b; mod c; pub use a::{A, Other as Renamed}; pub(crate) use c::C;",
        ),
        (
            "room::a",
            "use super::b::{B, more::{D, E}};\nuse std::fmt;\npub struct A;",
        ),
        (
            "room::b",
            "fn f() -> super::A { todo!() }\n#[cfg(test)]\nmod tests {\n use super::super::c::C;\n}",
        ),
        ("room::c", "use crate::room::{A, b};\n// use super::d::D;"),
    ]);
    let uses = tree.uses();
    let of = |name: &str| -> Vec<String> {
        let module: Vec<String> = name.split("::").map(str::to_owned).collect();
        uses[&module].iter().map(|module| module.join("::")).collect()
    };
    assert_eq!(of("room::a"), ["room::b"]);
    assert_eq!(of("room::b"), ["room::a"]);
    assert_eq!(of("room::c"), ["room::a", "room::b"]);
    assert_eq!(circles(&uses), [["room::a".to_owned(), "room::b".to_owned()]]);
}

/// A module's file can use another one without a `use` of its own that ends there.
#[test]
fn the_reader_of_files_finds_every_way_to_use_one() {
    let of = |files: &[(&str, &str)]| circles(&Tree::of(files).uses());
    let circle = [["room", "room::a"].map(str::to_owned)];
    let back = ("room::a", "use super::Own;");
    // A path from a child, a child that is imported, an item that is exported and used, an imported module's item.
    for room in [
        "mod a;\nstruct Own;\nfn f() { a::made(); }",
        "mod a;\nuse a::Made;\nstruct Own;",
        "mod a;\npub use a::Made;\nstruct Own(Made);",
        "mod a;\nuse self::a as other;\nstruct Own;\nfn f(g: G) -> usize { 0..other::MANY }",
    ] {
        assert_eq!(of(&[("", "mod room;"), ("room", room), back]), circle, "{room}");
    }
    // Names, exports, texts and tests are no use.
    for room in [
        "mod a;\npub use a::Made;\nstruct Own { Made: u8 }\nfn f(own: Own) { own.Made }",
        "mod a;\nstruct Own;\nfn f() { g(\"a::made\") } // a::made",
        "mod a;\nstruct Own;\n#[cfg(test)]\npub(super) mod fake {\n    use super::a;\n}",
    ] {
        assert!(of(&[("", "mod room;"), ("room", room), back]).is_empty(), "{room}");
    }
}
