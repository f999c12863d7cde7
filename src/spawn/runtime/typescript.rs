//! Checks at construction whether a Node can run a TypeScript entrypoint, because Node's own error names neither the
//! present nor the required version.

use std::path::Path;

use super::find::{FoundIn, Runtime};
use super::node_version::{NodeVersion, node_version};
use crate::config::RuntimeType;
use crate::error::{Error, Problem, Result, hints};

/// The first Node with a switch that strips types.
const WITH_SWITCH: NodeVersion = version(22, 6);
/// The first version of the 22 line that strips types by default.
const BY_ITSELF_22: NodeVersion = version(22, 18);
/// From this version on, all later lines strip types by default.
const BY_ITSELF: NodeVersion = version(23, 6);

/// Options that may teach Node any language.
const LOADERS: [&str; 5] = ["-r", "--require", "--import", "--loader", "--experimental-loader"];

const fn version(major: u32, minor: u32) -> NodeVersion {
    NodeVersion { major, minor, patch: 0 }
}

/// Rejects a TypeScript entrypoint that this Node cannot load. Node is started for its version only where the file is
/// TypeScript. A Node that prints no version, or that came with a project, is assumed to be able to.
pub fn check_entrypoint(runtime: &Runtime, entrypoint: &Path, options: &[String]) -> Result<()> {
    if runtime.kind != RuntimeType::Node || has_loader(options) {
        return Ok(());
    }
    let refused = match Dialect::of(entrypoint) {
        None => None,
        Some(Dialect::Jsx) => Some(StrippingUnavailable::NeverJsx),
        // The version is asked outside of the sandbox, where only a program of the user's own may run.
        Some(Dialect::Types) if runtime.found_in == FoundIn::Package => None,
        Some(Dialect::Types) => node_version(&runtime.path).and_then(|found| stripping_unavailable(found, options)),
    };
    refused.map_or(Ok(()), |stripping_unavailable| {
        Err(Box::new(stripping_unavailable.error(entrypoint, &runtime.path)))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Types only: Node can strip them.
    Types,
    /// JSX elements, which must be compiled; no Node does that.
    Jsx,
}

impl Dialect {
    fn of(entrypoint: &Path) -> Option<Self> {
        match entrypoint.extension()?.to_str()? {
            "ts" | "mts" | "cts" => Some(Self::Types),
            "tsx" | "jsx" => Some(Self::Jsx),
            _ => None,
        }
    }
}

/// Why Node does not strip types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StrippingUnavailable {
    TooOld(NodeVersion),
    NeedsSwitch(NodeVersion),
    SwitchedOff(NodeVersion),
    NeverJsx,
}

fn stripping_unavailable(found: NodeVersion, options: &[String]) -> Option<StrippingUnavailable> {
    let by_itself = found >= BY_ITSELF || (BY_ITSELF_22..version(23, 0)).contains(&found);
    match switch(options) {
        _ if found < WITH_SWITCH => Some(StrippingUnavailable::TooOld(found)),
        Some(false) => Some(StrippingUnavailable::SwitchedOff(found)),
        None if !by_itself => Some(StrippingUnavailable::NeedsSwitch(found)),
        _ => None,
    }
}

/// What the options say about stripping. The last one counts, as in Node.
fn switch(options: &[String]) -> Option<bool> {
    options.iter().rev().find_map(|option| {
        // Node treats "_" in an option's name as "-".
        match option.replace('_', "-").as_str() {
            "--experimental-strip-types" | "--strip-types" | "--experimental-transform-types" => Some(true),
            "--no-experimental-strip-types" | "--no-strip-types" => Some(false),
            _ => None,
        }
    })
}

fn has_loader(options: &[String]) -> bool {
    options.iter().any(|option| {
        let name = option.split('=').next().unwrap_or_default().replace('_', "-");
        LOADERS.contains(&name.as_str())
    })
}

impl StrippingUnavailable {
    fn error(self, entrypoint: &Path, node: &Path) -> Error {
        let shown = entrypoint.to_string_lossy();
        let shown = shown.escape_debug();
        let of = |found: NodeVersion| format!("Node {}.{}.{}", found.major, found.minor, found.patch);
        let needs = "Node 22.18 or later of that line, or 23.6 or later";
        let (problem, way_out) = match self {
            Self::TooOld(found) => (
                format!("is TypeScript, which {} cannot run: it needs {needs}", of(found)),
                "set `runtimePath` to a newer Node,",
            ),
            Self::NeedsSwitch(found) => (
                format!(
                    "is TypeScript, which {} runs only with an option: without it, it needs {needs}",
                    of(found)
                ),
                "add \"--experimental-strip-types\" to `nodeOptions`, set `runtimePath` to a newer Node,",
            ),
            Self::SwitchedOff(found) => (
                format!("is TypeScript, and `nodeOptions` tell {} not to strip types", of(found)),
                "take that option out of `nodeOptions`,",
            ),
            Self::NeverJsx => (
                "has elements (JSX) in it by its name, which no Node can run".to_owned(),
                "compile it,",
            ),
        };
        let message = format!(
            "entrypoint \"{shown}\" {problem} (`runtimeType` is \"node\": {})",
            node.display()
        );
        Error::config_invalid(vec![Problem::new("entrypointPath", message)]).hint(hints::other_entrypoint(way_out))
    }
}

#[cfg(test)]
mod tests {
    use super::super::executable::RuntimeFormat;
    use super::*;

    fn of(text: &str, options: &[&str]) -> Option<StrippingUnavailable> {
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        stripping_unavailable(NodeVersion::parse(text).expect(text), &options)
    }

    #[test]
    fn types_are_stripped_from_22_18_and_from_23_6() {
        for text in ["v22.18.0", "v22.99.0", "v23.6.0", "v24.0.0", "v30.1.2"] {
            assert_eq!(of(text, &[]), None, "{text}");
        }
        for text in ["v22.6.0", "v22.17.9", "v23.0.0", "v23.5.9"] {
            assert!(
                matches!(of(text, &[]), Some(StrippingUnavailable::NeedsSwitch(_))),
                "{text}"
            );
            assert_eq!(of(text, &["--experimental-strip-types"]), None, "{text}");
            assert_eq!(of(text, &["--experimental_strip_types"]), None, "{text}");
        }
        for text in ["v18.20.0", "v20.19.4", "v22.5.1"] {
            assert!(matches!(
                of(text, &["--experimental-strip-types"]),
                Some(StrippingUnavailable::TooOld(_))
            ));
        }
    }

    #[test]
    fn the_last_switch_counts() {
        assert!(matches!(
            of("v24.0.0", &["--no-experimental-strip-types"]),
            Some(StrippingUnavailable::SwitchedOff(_))
        ));
        assert!(matches!(
            of("v24.0.0", &["--strip-types", "--no-strip-types"]),
            Some(StrippingUnavailable::SwitchedOff(_))
        ));
        assert_eq!(
            of("v24.0.0", &["--no-strip-types", "--experimental-transform-types"]),
            None
        );
    }

    #[test]
    fn only_typescript_on_node_is_looked_at() {
        // The runtime does not exist, so a check that asked it for its version would get none; JSX needs no version.
        let check = |kind, name: &str, options: &[&str]| {
            let runtime = Runtime {
                kind,
                path: "/nonexistent/node".into(),
                format: RuntimeFormat::MachineCode,
                found_in: FoundIn::RuntimePath,
            };
            let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
            check_entrypoint(&runtime, Path::new(name), &options)
        };
        assert!(check(RuntimeType::Node, "/p/tools.mjs", &[]).is_ok());
        assert!(check(RuntimeType::Node, "/p/tools.ts", &[]).is_ok());
        assert!(check(RuntimeType::Bun, "/p/tools.tsx", &[]).is_ok());
        assert!(check(RuntimeType::Node, "/p/tools.tsx", &["--import=./loader.mjs"]).is_ok());
        let error = check(RuntimeType::Node, "/p/tools.tsx", &[]).expect_err("JSX");
        assert_eq!(error.context.problems[0].field, "entrypointPath");
    }

    #[test]
    fn the_error_names_the_version_the_required_one_and_a_remedy() {
        let found = NodeVersion::parse("v20.19.4").expect("a version");
        let error = StrippingUnavailable::TooOld(found).error(Path::new("/p/tools.ts"), Path::new("/bin/node"));
        for part in ["/p/tools.ts", "20.19.4", "22.18", "23.6", "/bin/node"] {
            assert!(error.message.contains(part), "{error}");
        }
        assert!(error.hint.as_deref().unwrap_or_default().contains(".mjs"));
    }
}
