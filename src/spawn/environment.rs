//! The environment of a worker process, built from nothing: a variable that is not named here does not reach a tool.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use crate::config::{Deny, Permissions, Scope, env_names};
use crate::worker::protocol::{LEARN_VARIABLE, PROJECT_ROOT_VARIABLE};

/// Variables that every worker gets where the host has them. Names that begin with LC_ are added.
const BASE: [&str; 6] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "TERM"];

/// The variables that name the directory for temporary files, in the order in which runtimes and programs look.
pub(super) const TEMPORARY: [&str; 3] = ["TMPDIR", "TMP", "TEMP"];

/// What the environment is built from.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentInput<'a> {
    /// The host's variables.
    pub host: &'a [(String, String)],
    /// Which of them tools may see.
    pub permissions: &'a Permissions,
    /// The project's root.
    pub project_root: &'a Path,
    /// Variables that other modules need a worker to have; they replace the host's.
    pub extra: &'a [(OsString, OsString)],
}

/// The whole environment, ordered by name.
pub fn environment(input: &EnvironmentInput<'_>) -> Vec<(OsString, OsString)> {
    let mut variables: BTreeMap<OsString, OsString> = input
        .host
        .iter()
        .filter(|(name, value)| is_valid(name, value) && is_visible(name, input.permissions))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    if input.permissions.run != Scope::None {
        // bash with a socket as its stdin and without SHLVL believes that it is a remote shell and reads ~/.bashrc.
        variables.insert("SHLVL".into(), "1".into());
    }
    variables.insert("TOOLWARDEN".into(), "1".into());
    variables.insert(PROJECT_ROOT_VARIABLE.into(), input.project_root.into());
    variables.extend(input.extra.iter().cloned());
    variables.into_iter().collect()
}

/// The variables that tell a process where its temporary directory is. They replace the host's values; denied names are
/// left out.
pub fn temporary_names(permissions: &Permissions) -> Vec<&'static str> {
    TEMPORARY
        .into_iter()
        .filter(|name| !is_denied(name, permissions))
        .collect()
}

/// The variable in which a process gets the host's variables that it has no flag for, while a manager learns; none where there
/// are none. A value that would not fit beside the others is left out: the kernel takes 128 KiB.
pub fn learned_variables(host: &[(String, String)], bound: &Permissions) -> Option<(OsString, OsString)> {
    const MOST_BYTES: usize = 96 * 1024;
    let none = Permissions::default();
    let hidden = host
        .iter()
        .filter(|(name, value)| is_valid(name, value) && is_visible(name, bound) && !is_visible(name, &none));
    let mut left = MOST_BYTES;
    let mut variables = serde_json::Map::new();
    for (name, value) in hidden {
        // A character may take six as JSON.
        let size = 6 * (name.len() + value.len());
        if size <= left {
            left -= size;
            variables.insert(name.clone(), value.as_str().into());
        }
    }
    let text = serde_json::Value::from(variables).to_string();
    (text != "{}").then(|| (LEARN_VARIABLE.into(), text.into()))
}

fn is_denied(name: &str, permissions: &Permissions) -> bool {
    match &permissions.deny_env {
        Deny::None => false,
        Deny::All => true,
        Deny::Only(patterns) => matches_any(patterns, name),
    }
}

fn is_visible(name: &str, permissions: &Permissions) -> bool {
    let allowed = match &permissions.env {
        Scope::None => false,
        Scope::All => true,
        Scope::Only(patterns) => matches_any(patterns, name),
    };
    // No permission allows a variable that decides what code a process runs.
    !is_denied(name, permissions)
        && env_names::refusal(name).is_none()
        && (allowed || BASE.contains(&name) || name.starts_with("LC_"))
}

fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    })
}

/// Whether a variable can be written into an environment block. A host may have names that cannot, such as bash's
/// exported functions.
fn is_valid(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOST: [&str; 17] = [
        "PATH",
        "HOME",
        "LC_ALL",
        "SECRET",
        "APP_KEY",
        "APP_URL",
        "LD_PRELOAD",
        "BUN_OPTIONS",
        "NODE_OPTIONS",
        "NODE_ENV",
        "BASH_ENV",
        "HTTP_PROXY",
        "TOOLWARDEN_SANDBOX",
        "SHLVL",
        "JSC_useJIT",
        "GLIBC_TUNABLES",
        "OPENSSL_CONF",
    ];

    fn host() -> Vec<(String, String)> {
        HOST.iter()
            .map(|name| ((*name).to_owned(), format!("value of {name}")))
            .collect()
    }

    fn names(permissions: &Permissions) -> Vec<String> {
        environment(&EnvironmentInput {
            host: &host(),
            permissions,
            project_root: Path::new("/project"),
            extra: &[],
        })
        .into_iter()
        .map(|(name, _)| name.into_string().unwrap())
        .collect()
    }

    fn with_env(env: Scope) -> Permissions {
        Permissions {
            env,
            ..Permissions::default()
        }
    }

    fn only(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn without_permission_the_base_alone() {
        assert_eq!(
            names(&Permissions::default()),
            ["HOME", "LC_ALL", "PATH", "TOOLWARDEN", "TOOLWARDEN_PROJECT_ROOT"]
        );
    }

    #[test]
    fn while_a_manager_learns_the_rest_comes_apart() {
        let apart = |env| learned_variables(&host(), &with_env(env)).map(|(_, text)| text.into_string().expect("text"));
        assert_eq!(apart(Scope::None), None);
        let json = |names: &[&str]| {
            let pairs = names.iter().map(|name| format!("\"{name}\":\"value of {name}\""));
            Some(format!("{{{}}}", pairs.collect::<Vec<_>>().join(",")))
        };
        assert_eq!(
            apart(Scope::Only(only(&["APP_*", "HOME", "LD_PRELOAD"]))),
            json(&["APP_KEY", "APP_URL"])
        );
        assert_eq!(
            apart(Scope::All),
            json(&["APP_KEY", "APP_URL", "HTTP_PROXY", "NODE_ENV", "SECRET", "SHLVL"])
        );
        let large = vec![
            ("LARGE".to_owned(), "x".repeat(200_000)),
            ("SMALL".to_owned(), "x".to_owned()),
        ];
        let (_, text) = learned_variables(&large, &with_env(Scope::All)).expect("some");
        assert_eq!(text, r#"{"SMALL":"x"}"#);
    }

    #[test]
    fn named_variables_and_prefixes_are_added() {
        let seen = names(&with_env(Scope::Only(only(&["SECRET", "APP_*", "ABSENT"]))));
        assert_eq!(
            seen,
            [
                "APP_KEY",
                "APP_URL",
                "HOME",
                "LC_ALL",
                "PATH",
                "SECRET",
                "TOOLWARDEN",
                "TOOLWARDEN_PROJECT_ROOT"
            ]
        );
    }

    #[test]
    fn injecting_names_never_pass() {
        for env in [
            Scope::All,
            Scope::Only(only(&[
                "LD_PRELOAD",
                "NODE_*",
                "BASH_ENV",
                "BUN_OPTIONS",
                "TOOLWARDEN_*",
                "JSC_*",
                "GLIBC_TUNABLES",
                "OPENSSL_CONF",
            ])),
        ] {
            let seen = names(&with_env(env));
            for name in [
                "LD_PRELOAD",
                "BUN_OPTIONS",
                "NODE_OPTIONS",
                "BASH_ENV",
                "TOOLWARDEN_SANDBOX",
                "JSC_useJIT",
                "GLIBC_TUNABLES",
                "OPENSSL_CONF",
            ] {
                assert!(!seen.iter().any(|n| n == name), "{name} in {seen:?}");
            }
            assert!(seen.iter().any(|n| n == "NODE_ENV"), "{seen:?}");
        }
    }

    #[test]
    fn a_denied_name_is_removed_even_from_the_base() {
        let permissions = Permissions {
            env: Scope::All,
            deny_env: Deny::Only(only(&["HOME", "APP_*"])),
            ..Permissions::default()
        };
        let seen = names(&permissions);
        assert!(!seen.iter().any(|n| n == "HOME" || n.starts_with("APP_")), "{seen:?}");
        assert!(seen.iter().any(|n| n == "SECRET"), "{seen:?}");
    }

    #[test]
    fn a_shell_level_is_set_where_programs_may_run() {
        let permissions = Permissions {
            run: Scope::Only(only(&["bash"])),
            ..Permissions::default()
        };
        let variables = environment(&EnvironmentInput {
            host: &host(),
            permissions: &permissions,
            project_root: Path::new("/project"),
            extra: &[("RES_OPTIONS".into(), "use-vc".into())],
        });
        assert!(variables.contains(&("SHLVL".into(), "1".into())));
        assert!(variables.contains(&("RES_OPTIONS".into(), "use-vc".into())));
    }

    #[test]
    fn the_temporary_directory_is_named_unless_that_is_denied() {
        let with = |deny_env| {
            temporary_names(&Permissions {
                deny_env,
                ..Permissions::default()
            })
        };
        assert_eq!(with(Deny::None), ["TMPDIR", "TMP", "TEMP"]);
        assert_eq!(with(Deny::Only(only(&["TMP*"]))), ["TEMP"]);
        assert_eq!(with(Deny::All), [""; 0]);
    }

    proptest! {
        #[test]
        fn every_variable_can_be_given_to_the_kernel(pairs in prop::collection::vec(("\\PC{0,6}|[A-Z=\0]{0,6}", "[a-z\0]{0,4}"), 0..12)) {
            let permissions = with_env(Scope::All);
            let variables = environment(&EnvironmentInput { host: &pairs, permissions: &permissions, project_root: Path::new("/p"), extra: &[] });
            for (name, value) in variables {
                let (name, value) = (name.into_string().unwrap(), value.into_string().unwrap());
                prop_assert!(is_valid(&name, &value), "{name:?}={value:?}");
            }
        }
    }
}
