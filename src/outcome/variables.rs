//! Host variables that a tool read and was not given. A tool sees `undefined` for a variable that it may not read, and
//! fails later because of it; the hint of such a failure names the missing variables.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::config::{Deny, Permissions, RuntimeType, env_names};
use crate::error::hints::flags::{self, FlagList};

/// A hint names at most this many.
const NAMED: usize = 8;

/// Variables that programs read to decide how they print, or for whom. Nothing fails without them, so they are named
/// only where the failure itself mentions them.
const AMBIENT: [&str; 10] = [
    "CI",
    "COLORTERM",
    "COLUMNS",
    "DEBUG",
    "FORCE_COLOR",
    "LINES",
    "NODE_ENV",
    "NO_COLOR",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
];

/// Whether a flag for this variable is worth naming: others may not be given, or nothing fails without them.
pub fn matters(name: &str) -> bool {
    is_plain(name) && env_names::refusal(name).is_none() && !AMBIENT.contains(&name)
}

/// When a failure happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailurePhase {
    /// While the entrypoint was imported, before any call could bring variables.
    Import,
    /// During a call.
    Call,
}

/// The host's variables that tools do not get but could be given.
#[derive(Debug, Clone)]
pub struct Variables {
    hidden: BTreeSet<String>,
    runtime: RuntimeType,
    /// The list that a flag of Bun belongs to.
    list: FlagList,
}

impl Variables {
    /// `host`: the names of the host's variables; `given`: those that the tools' processes have.
    pub fn new<'a>(
        host: impl Iterator<Item = &'a String>,
        given: &[(OsString, OsString)],
        permissions: &Permissions,
        runtime: RuntimeType,
    ) -> Self {
        let denied = |name: &str| match &permissions.deny_env {
            Deny::None => false,
            Deny::All => true,
            Deny::Only(patterns) => patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => pattern == name,
            }),
        };
        let hidden = host
            .filter(|name| is_plain(name) && env_names::refusal(name).is_none() && !denied(name))
            .filter(|name| !given.iter().any(|(had, _)| had.to_str() == Some(name)))
            .cloned()
            .collect();
        Self {
            hidden,
            runtime,
            list: FlagList::of_manager("bunPermissions"),
        }
    }

    /// The same for a call that brings a list of its own.
    pub fn of_call(mut self) -> Self {
        self.list = FlagList::of_call();
        self
    }

    /// The same for tools whose list of flags stands at this place.
    pub fn of_tool(mut self, place: &str) -> Self {
        self.list = self.list.of_tool(place);
        self
    }

    /// What to do about missing variables that were read, where the host has some of them. `message` is the failure's
    /// message: a variable that it mentions was certainly missed; otherwise each of them may have been.
    pub(super) fn advice(&self, missed: &[String], message: &str, during: FailurePhase) -> Option<String> {
        let hidden: BTreeSet<&str> = missed
            .iter()
            .filter(|name| self.hidden.contains(*name))
            .map(String::as_str)
            .collect();
        let named: Vec<&str> = hidden.iter().copied().filter(|name| names(message, name)).collect();
        let meant = if named.is_empty() {
            hidden.into_iter().filter(|name| !AMBIENT.contains(name)).collect()
        } else {
            named
        };
        let meant = &meant[..meant.len().min(NAMED)];
        let (last, before) = meant.split_last()?;
        let list = match before {
            [] => format!("`{last}`"),
            before => format!("`{}` and `{last}`", before.join("`, `")),
        };
        let what = match (self.runtime, during) {
            (RuntimeType::Bun, FailurePhase::Import) => self.list.add_variables(meant),
            (RuntimeType::Bun, FailurePhase::Call) => self.list.add_or_pass_variables(meant),
            (RuntimeType::Node, FailurePhase::Import) => flags::READ_VARIABLES_LATER.to_owned(),
            (RuntimeType::Node, FailurePhase::Call) => flags::PASS_VARIABLES.to_owned(),
        };
        let who = match during {
            FailurePhase::Import => "the entrypoint",
            FailurePhase::Call => "the tool",
        };
        Some(format!(
            "{who} read {list}, which the host has and its tools are not given: {what}"
        ))
    }
}

/// Whether the name cannot be misread in a list of flags.
fn is_plain(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(letter) && !name.as_bytes()[0].is_ascii_digit()
}

/// Whether a text contains the name as a word.
fn names(text: &str, name: &str) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    text.match_indices(name)
        .any(|(at, _)| !part(at.checked_sub(1).and_then(|at| bytes.get(at))) && !part(bytes.get(at + name.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Scope;

    const HOST: [&str; 8] = [
        "API_KEY",
        "API_URL",
        "CI",
        "HOME",
        "LD_PRELOAD",
        "DENIED",
        "a-b",
        "PRESENT",
    ];

    fn variables(runtime: RuntimeType) -> Variables {
        let host: Vec<String> = HOST.iter().map(|name| (*name).to_owned()).collect();
        let permissions = Permissions {
            env: Scope::Only(vec!["PRESENT".to_owned()]),
            deny_env: Deny::Only(vec!["DEN*".to_owned()]),
            ..Permissions::default()
        };
        let given = [("HOME".into(), "/".into()), ("PRESENT".into(), "x".into())];
        Variables::new(host.iter(), &given, &permissions, runtime)
    }

    fn advice(missed: &[&str], message: &str) -> Option<String> {
        let missed: Vec<String> = missed.iter().map(|name| (*name).to_owned()).collect();
        variables(RuntimeType::Bun).advice(&missed, message, FailurePhase::Call)
    }

    #[test]
    fn variables_of_the_host_that_a_flag_can_give_are_named() {
        let message = advice(&["NOBODYS", "API_URL", "API_KEY", "API_KEY", "HOME"], "it failed").unwrap_or_default();
        assert!(
            message.starts_with("the tool read `API_KEY` and `API_URL`, which"),
            "{message}"
        );
        assert!(message.contains("--allow-env=API_KEY,API_URL to"), "{message}");
    }

    #[test]
    fn variables_that_no_flag_gives_are_not_named() {
        for name in ["NOBODYS", "HOME", "PRESENT", "LD_PRELOAD", "DENIED", "a-b", "toString"] {
            assert_eq!(advice(&[name], "it failed"), None, "{name}");
        }
    }

    #[test]
    fn a_variable_in_the_error_message_is_named_alone() {
        let message = advice(&["API_KEY", "API_URL", "CI"], "API_URL is not set").unwrap_or_default();
        assert!(message.contains("--allow-env=API_URL to"), "{message}");
        assert_eq!(advice(&["CI"], "it failed in the CIRCLE"), None);
        assert!(advice(&["CI"], "no CI here").is_some());
    }

    #[test]
    fn node_has_no_flag_for_variables() {
        let node = variables(RuntimeType::Node);
        let missed = ["API_KEY".to_owned()];
        for during in [FailurePhase::Call, FailurePhase::Import] {
            let message = node.advice(&missed, "", during).unwrap_or_default();
            assert!(
                message.contains("`env`") && !message.contains("--allow-env"),
                "{message}"
            );
        }
    }
}
