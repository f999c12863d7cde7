//! Looks at what is around this process, to explain why the kernel has no Landlock for it.

use std::fs;
use std::path::Path;

use super::distribution::Distribution;
use super::lacking::{Explanation, Found, Surroundings, without_landlock};

/// Explains the errno of Landlock's first system call.
pub(super) fn explain(errno: i32) -> Explanation {
    without_landlock(&Found {
        release: rustix::system::uname().release().to_string_lossy().into_owned(),
        errno,
        modules: modules(),
        surroundings: surroundings(),
    })
}

/// The active security modules; `None` where securityfs does not tell.
pub(super) fn modules() -> Option<String> {
    let text = fs::read_to_string("/sys/kernel/security/lsm").ok()?;
    Some(text.trim().to_owned())
}

fn surroundings() -> Surroundings {
    let release = rustix::system::uname().release().to_string_lossy().to_lowercase();
    if std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some() {
        return Surroundings::Lambda;
    }
    if ["/.dockerenv", "/run/.containerenv"]
        .iter()
        .any(|mark| Path::new(mark).exists())
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
    {
        return Surroundings::Container;
    }
    if release.contains("microsoft") {
        return Surroundings::Wsl;
    }
    let text = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok());
    Surroundings::Machine(Distribution::parse(&text.unwrap_or_default()))
}
