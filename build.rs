//! Makes Rust constants of what JavaScript and Rust must agree on, so that each number stands once: in a JavaScript module.
//!
//! The decisions behind it: docs/decisions.md#repository.

#![expect(clippy::disallowed_methods, reason = "a build script writes below OUT_DIR")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// The module, and the file of `OUT_DIR` that holds its constants.
const MODULES: [(&str, &str); 3] = [
    ("js/shared-hints.js", "hints.rs"),
    ("src/worker/template/protocol.mjs", "worker_protocol.rs"),
    ("js/native-protocol.js", "native_protocol.rs"),
];

fn main() {
    #[cfg(feature = "binding")]
    napi_build::setup();
    choose_system();
    let out = env::var("OUT_DIR").expect("cargo names a directory for what is generated");
    println!("cargo:rerun-if-changed=build.rs");
    for (module, generated) in MODULES {
        println!("cargo:rerun-if-changed={module}");
        let source = fs::read_to_string(module).unwrap_or_else(|error| panic!("{module}: {error}"));
        let constants = constants_of(&source).unwrap_or_else(|line| panic!("{module}: cannot be understood: {line}"));
        fs::write(Path::new(&out).join(generated), constants).expect("what is generated can be written");
    }
}

/// Sets `portable` where the core is built from what every Unix has and not from what Linux adds: on other systems, and on
/// Linux with the feature of that name, so that it can be tested here.
fn choose_system() {
    println!("cargo:rustc-check-cfg=cfg(portable)");
    let elsewhere = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system != "linux");
    if elsewhere || env::var_os("CARGO_FEATURE_PORTABLE").is_some() {
        println!("cargo:rustc-cfg=portable");
    }
    if env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple") {
        // A library names itself there, and without this by its path on the machine that linked it.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/toolwarden.node");
    }
}

/// The constants of a module as Rust; the line that is none of the few forms which such a module may have.
///
/// The forms: `export const NAME = value`, `export const NAME = { key: value, ... }`, comments, and `// Rust: type`.
fn constants_of(source: &str) -> Result<String, String> {
    let mut rust = String::new();
    let mut kind = "";
    let mut in_comment = false;
    // The keys of an object whose end has not come yet.
    let mut in_object = false;
    for line in source.lines().map(str::trim) {
        let understood = if in_comment || line.starts_with("/**") {
            in_comment = !line.ends_with("*/");
            Some(())
        } else if let Some(named) = line.strip_prefix("// Rust: ") {
            kind = named;
            Some(())
        } else if line.is_empty() || line.starts_with("//") {
            Some(())
        } else if in_object {
            in_object = line != "}";
            if in_object {
                keys(line.split(" //").next().unwrap_or_default(), kind, &mut rust)
            } else {
                rust.push_str("}\n");
                Some(())
            }
        } else {
            constant(line, kind, &mut in_object, &mut rust)
        };
        understood.ok_or_else(|| line.to_owned())?;
    }
    Ok(rust)
}

/// `export const NAME = ...`.
fn constant(line: &str, kind: &str, in_object: &mut bool, rust: &mut String) -> Option<()> {
    let (name, value) = line.strip_prefix("export const ")?.split_once(" = ")?;
    let Some(object) = value.strip_prefix('{') else {
        return write_constant(name, value, kind, rust);
    };
    let _ = writeln!(rust, "pub mod {} {{", name.to_ascii_lowercase());
    if object.is_empty() {
        *in_object = true;
        return Some(());
    }
    keys(object.strip_suffix('}')?, kind, rust)?;
    rust.push_str("}\n");
    Some(())
}

/// `key: value, ...`.
fn keys(list: &str, kind: &str, rust: &mut String) -> Option<()> {
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (key, value) = entry.split_once(": ")?;
        write_constant(&screaming(key), value, kind, rust)?;
    }
    Some(())
}

/// A number is Rust as it is; a text has other quotation marks there.
fn write_constant(name: &str, value: &str, kind: &str, rust: &mut String) -> Option<()> {
    let text = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let (value, fits) = match text {
        Some(text) => (format!("{text:?}"), kind == "&str"),
        None => (
            value.to_owned(),
            kind != "&str" && value.chars().all(|c| c.is_ascii_hexdigit() || " x*+-".contains(c)),
        ),
    };
    if !fits || kind.is_empty() {
        return None;
    }
    let _ = writeln!(rust, "pub const {name}: {kind} = {value};");
    Some(())
}

/// `noTools` as `NO_TOOLS`.
fn screaming(key: &str) -> String {
    let mut name = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
