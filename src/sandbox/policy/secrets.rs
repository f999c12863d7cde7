//! Which names beside code are secrets: nobody imports them, so that a directory is readable because of its code is no
//! reason to make them readable.

use std::path::Path;

/// Names as they are, in lower case.
const NAMES: [&str; 8] = [
    ".env",
    ".npmrc",
    ".yarnrc.yml",
    ".netrc",
    ".git",
    ".ssh",
    ".aws",
    ".git-credentials",
];
const ENDINGS: [&str; 4] = [".pem", ".key", ".p12", ".pfx"];
const BEGINNINGS: [&str; 2] = ["id_rsa", "id_ed25519"];
/// Files of these beginnings and endings.
const BETWEEN: [(&str, &str); 2] = [("credentials", ".json"), ("service-account", ".json")];
/// What is meant to be copied, and has no secrets in it.
const SAMPLES: [&str; 3] = [".env.example", ".env.sample", ".env.template"];

/// Whether the entry of a directory is a secret by its name, whatever kind of file it is.
pub(in super::super) fn is_secret(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let name = name.to_string_lossy().to_ascii_lowercase();
    let name = name.as_str();
    if SAMPLES.contains(&name) {
        return false;
    }
    let of_docker = || path.parent().is_some_and(|directory| directory.ends_with(".docker"));
    NAMES.contains(&name)
        || name.starts_with(".env.")
        || ENDINGS
            .iter()
            .any(|ending| name.len() > ending.len() && name.ends_with(ending))
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || BETWEEN
            .iter()
            .any(|(from, to)| name.starts_with(from) && name.ends_with(to))
        || (name == "config.json" && of_docker())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for secret in [
            ".env",
            ".env.local",
            ".env.production",
            ".ENV",
            ".npmrc",
            ".yarnrc.yml",
            ".netrc",
            ".git",
            ".ssh",
            ".aws",
            ".docker/config.json",
            "server.pem",
            "tls.key",
            "Signing.P12",
            "a.pfx",
            "id_rsa",
            "id_rsa.old",
            "id_ed25519",
            "credentials.json",
            "credentials-prod.json",
            "service-account.json",
            "service-account-1.json",
            ".git-credentials",
        ] {
            assert!(is_secret(&Path::new("/p").join(secret)), "{secret}");
        }
        for plain in [
            ".env.example",
            ".env.sample",
            ".env.template",
            ".environment",
            "env",
            ".gitignore",
            ".github",
            ".toolwarden",
            "keys.ts",
            "key",
            ".key",
            "pem",
            "config.json",
            "credentials.ts",
            "my-credentials.json",
            "service.json",
            "tools.ts",
        ] {
            assert!(!is_secret(&Path::new("/p").join(plain)), "{plain}");
        }
    }
}
