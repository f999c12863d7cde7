//! The names of files in `.toolwarden`.

/// Keeps the directory out of git.
pub(super) const IGNORE_FILE: &str = ".gitignore";
pub(super) const IGNORED: &[u8] = b"*\n";

/// The beginning of the names of worker files.
pub(super) const WORKER_PREFIX: &str = "worker-";
/// The suffix of the only directory: Bun's cache of the modules.
pub(super) const MODULES: &str = ".modules";
/// Left by versions whose lock file tools could lock too.
pub(super) const LOCK: &str = ".lock";
/// Digits of a hash in a name.
pub(super) const HASH: usize = 16;

/// Whether it is the hash in a name.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == HASH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
