//! The system files that programs read on their own, and why reading each of them reveals nobody's data.
//!
//! Each entry is a directory with everything below it, or a file. Missing entries are skipped; a link is followed.
//! `/etc/ssl` and `/etc/pki` are not listed as a whole, because they contain private keys.

/// A path, and why it is no secret.
pub(super) type Entry = (&'static str, &'static str);

/// Installed from packages, and the same on every machine that installed them.
pub(super) const INSTALLED: &[Entry] = &[
    ("/usr/share/fonts", "fonts of packages: what text is drawn with"),
    (
        "/usr/local/share/fonts",
        "fonts that were installed for every user of the machine",
    ),
    (
        "/usr/share/fontconfig",
        "which font stands for which: the targets of the links in /etc/fonts/conf.d",
    ),
    (
        "/var/cache/fontconfig",
        "what fontconfig knows of the fonts above; programs that may not read it make it anew, slowly",
    ),
    ("/usr/share/zoneinfo", "the time zones of the world, as published"),
    ("/usr/lib/locale", "the languages' rules of the C library"),
    ("/usr/share/locale", "translated messages of packages"),
    (
        "/usr/share/icu",
        "Unicode's data, for runtimes that are built to share it",
    ),
    (
        "/usr/share/nodejs",
        "modules that Debian's Node loads in place of its own",
    ),
    (
        "/usr/share/ca-certificates",
        "certificates of authorities, as published: no keys",
    ),
    (
        "/usr/share/crypto-policies",
        "which ciphers the distribution lets OpenSSL use",
    ),
    (
        "/usr/share/pki",
        "certificates that ca-trust is made from on Fedora and openSUSE: no keys",
    ),
];

/// Written by the administrator. Entries that other users of the machine may not read are left out: see `public`.
pub(super) const CONFIGURED: &[Entry] = &[
    ("/etc/ld.so.cache", "which libraries are installed"),
    ("/etc/localtime", "the machine's time zone, which every date shows"),
    ("/etc/timezone", "its name"),
    ("/etc/zoneinfo", "the time zones on NixOS"),
    (
        "/etc/locale.alias",
        "other names of locales, the target of a link in /usr/share/locale",
    ),
    ("/etc/fonts", "which fonts to take"),
    (
        "/etc/ssl/certs",
        "certificates of authorities: they are made public to be of use",
    ),
    ("/etc/ssl/cert.pem", "the same in one file"),
    ("/etc/ssl/ca-bundle.pem", "the same on openSUSE"),
    (
        "/etc/ssl/certs/ca-certificates.crt",
        "the same where it is a link out of its directory",
    ),
    ("/etc/ssl/certs/ca-bundle.crt", "the same on NixOS"),
    ("/etc/pki/tls/certs", "the same on Fedora"),
    ("/etc/pki/tls/cert.pem", "the same in one file"),
    ("/etc/pki/ca-trust/extracted", "the same in each format"),
    ("/etc/pki/ca-trust/source", "what it is made from"),
    ("/etc/pki/java", "the same for Java"),
    ("/etc/ca-certificates/extracted", "the same on Arch"),
    ("/etc/ca-certificates/trust-source", "what it is made from"),
    ("/var/lib/ca-certificates", "the same on openSUSE"),
    (
        "/usr/local/share/ca-certificates",
        "authorities of the machine's own network, which it shows to every peer",
    ),
    (
        "/etc/ssl/openssl.cnf",
        "OpenSSL's settings: where it may not read them, programs that use it do not start",
    ),
    ("/usr/lib/ssl/openssl.cnf", "the same on Debian"),
    ("/etc/pki/tls/openssl.cnf", "the same on Fedora"),
    ("/etc/pki/tls/openssl.d", "files that it includes"),
    ("/etc/pki/tls/ct_log_list.cnf", "logs of certificates, as published"),
    (
        "/etc/crypto-policies",
        "which ciphers OpenSSL may use, included from its settings",
    ),
];

/// Figures about the machine's processors: its size, which every program can measure, and nothing about its activity.
pub(super) const FIGURES: &[Entry] = &[
    ("/sys/devices/system/cpu/online", "which processors there are"),
    ("/sys/devices/system/cpu/possible", "which there can be"),
    ("/sys/devices/system/cpu/present", "which are plugged in"),
    (
        "/sys/devices/system/cpu/kernel_max",
        "how many the kernel was built for",
    ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn all() -> impl Iterator<Item = &'static Entry> {
        INSTALLED.iter().chain(CONFIGURED).chain(FIGURES)
    }

    #[test]
    fn no_entry_contains_a_directory_of_keys() {
        for keys in [
            "/etc/ssl/private",
            "/etc/pki/tls/private",
            "/etc/pki/nssdb",
            "/etc/pki/entitlement",
            "/etc/shadow",
            "/etc/ssh",
        ] {
            let holding: Vec<_> = all().filter(|(path, _)| Path::new(keys).starts_with(path)).collect();
            assert!(holding.is_empty(), "{keys}: {holding:?}");
        }
    }

    #[test]
    fn the_documentation_names_every_entry() {
        let documentation = include_str!("../../../../docs/permissions.md");
        let missing: Vec<_> = all()
            .map(|(path, _)| path)
            .filter(|path| !documentation.contains(*path))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
