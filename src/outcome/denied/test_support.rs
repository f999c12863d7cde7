//! Policies and directories for the tests of this module.

use std::path::{Path, PathBuf};

use crate::config::{Permissions, RuntimeType};
use crate::sandbox::{PlanInput, Policy, plan};

/// The policy of these flags in a project without tools.
pub(super) fn policy(flags: &[&str]) -> Policy {
    let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    let permissions = Permissions::from_bun_flags(&flags).expect("valid flags");
    plan(&PlanInput {
        permissions: &permissions,
        working_dir: Path::new("/project"),
        entrypoint: None,
        worker_file: Some(Path::new("/project/.toolwarden/worker.mjs")),
        command: None,
        runtime_binary: Path::new("/proc/self/exe"),
        runtime: RuntimeType::Bun,
        path_var: "/usr/bin:/bin",
        home: None,
        addon: None,
    })
    .expect("a policy")
}

/// A directory with `file`, `sub/` and `module.ts`, and its real path.
#[expect(clippy::disallowed_methods, reason = "files for a test to find")]
pub(super) fn directory() -> (tempfile::TempDir, PathBuf) {
    let made = tempfile::tempdir().expect("a directory");
    let path = made.path().canonicalize().expect("a real path");
    std::fs::write(path.join("file"), "x").expect("written");
    std::fs::write(path.join("module.ts"), "export {}").expect("written");
    std::fs::create_dir(path.join("sub")).expect("made");
    (made, path)
}
