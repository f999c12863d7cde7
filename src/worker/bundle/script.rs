//! The program that bundles: the pieces of `template/bundle/`, joined like the worker file.

use std::fmt::Write as _;

use serde::Serialize;

use crate::worker::render::join;

const PIECES: [(&str, &str); 4] = [
    ("answer", include_str!("../template/bundle/answer.mjs")),
    ("objections", include_str!("../template/bundle/objections.mjs")),
    ("names", include_str!("../template/bundle/names.mjs")),
    ("main", include_str!("../template/bundle/main.mjs")),
];

#[derive(Serialize)]
struct Settings<'a> {
    entrypoint: &'a str,
}

/// The source of a program for Bun that bundles this entrypoint and answers on descriptor 3.
pub fn bundle_script(entrypoint: &str) -> String {
    // A string can always be serialised.
    let settings = serde_json::to_string(&Settings { entrypoint }).unwrap_or_default();
    let mut source = format!("const settings = {settings}\n");
    for (name, piece) in PIECES {
        let _ = write!(source, "\n// ---- {name}\n\n");
        join(piece, &mut source);
    }
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_module_without_static_imports_and_the_entrypoint_is_data() {
        let source = bundle_script("/a'\"`${b}\n.ts");
        assert!(source.starts_with("const settings = {\"entrypoint\":\"/a'\\\"`${b}\\n.ts\"}\n"));
        for line in source.lines() {
            assert!(!line.starts_with("import ") && !line.starts_with("export "), "{line}");
        }
    }
}
