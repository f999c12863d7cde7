//! Names of variables that decide what code a process runs before a tool's first line. Only the manager sets them in a
//! worker: neither a call's `env` nor `--allow-env` can.

/// The beginnings of such names, and which program reads them.
const PREFIXES: [(&str, &str); 6] = [
    ("LD_", "the dynamic loader obeys it"),
    ("DYLD_", "the dynamic loader obeys it"),
    ("BUN_", "Bun obeys it"),
    ("NODE_", "Node obeys it"),
    ("JSC_", "Bun's engine obeys it"),
    ("TOOLWARDEN_", "toolwarden sets it itself"),
];

/// Such names in full, and which program reads them.
const NAMES: [(&str, &str); 9] = [
    ("BASH_ENV", "bash runs the file it names"),
    ("ENV", "sh runs the file it names"),
    ("GCONV_PATH", "the C library loads code from it"),
    ("GLIBC_TUNABLES", "the C library obeys it"),
    ("OPENSSL_CONF", "OpenSSL loads code that the file names"),
    ("OPENSSL_ENGINES", "OpenSSL loads code from it"),
    ("OPENSSL_MODULES", "OpenSSL loads code from it"),
    ("TOOLWARDEN", "toolwarden sets it itself"),
    ("XDG_CONFIG_HOME", "Bun loads its configuration from it"),
];

/// Why a name is refused, or `None`.
pub fn refusal(name: &str) -> Option<&'static str> {
    if name == "NODE_ENV" {
        return None;
    }
    let named = NAMES.iter().find(|(refused, _)| *refused == name);
    let begins = || PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
    named.or_else(begins).map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn names_that_inject_code_are_refused() {
        let names = [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "LD_",
            "DYLD_INSERT_LIBRARIES",
            "DYLD_LIBRARY_PATH",
            "NODE_OPTIONS",
            "NODE_PATH",
            "NODE_ENVIRONMENT",
            "BUN_CONFIG_PROFILE",
            "BUN_OPTIONS",
            "BUN_INSPECT_PRELOAD",
            "GCONV_PATH",
            "BASH_ENV",
            "ENV",
            "XDG_CONFIG_HOME",
            "TOOLWARDEN",
            "TOOLWARDEN_PROJECT_ROOT",
        ];
        for name in names {
            assert!(refusal(name).is_some(), "{name}");
        }
    }

    #[test]
    fn other_names_pass() {
        for name in [
            "NODE_ENV",
            "API_KEY",
            "PATH",
            "ENVIRONMENT",
            "BUNDLE",
            "NODE",
            "LD",
            "XDG_DATA_HOME",
            "MY_LD_PRELOAD",
        ] {
            assert_eq!(refusal(name), None, "{name}");
        }
    }
}
