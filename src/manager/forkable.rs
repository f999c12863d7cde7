//! Whether a manager's processes may be forked from an origin at all: what can be decided before there is one.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::config::{Config, ProcessStart, RuntimeType, SandboxMode, Scope};
use crate::sandbox::{SocketMaker, Support};

/// From this Landlock ABI on the kernel keeps a child's signals from its origin and from other children.
const CONFINED_SIGNALS: u32 = 6;

/// The addon that an origin loads, or the reason why processes are started anew. `support`: of this machine, where there
/// is a sandbox.
pub(super) fn forkable(config: &Config, has_entrypoint: bool, support: Option<Support>) -> Result<PathBuf, String> {
    if config.process_start == ProcessStart::Spawn {
        return Err("`processStart` is \"spawn\"".to_owned());
    }
    if config.runtime_type != RuntimeType::Bun {
        return Err("the tools run in Node, which never has a single thread".to_owned());
    }
    if !has_entrypoint {
        return Err("there is no entrypoint to import".to_owned());
    }
    if config.sandbox == SandboxMode::Off || config.permissions.all {
        return Err(
            "there is no sandbox, whose supervisor lets an origin fork when it was asked to and at no other time"
                .to_owned(),
        );
    }
    if config.permissions.run != Scope::None {
        return Err(
            "the tools may run programs, so that the supervisor could not tell what an origin starts".to_owned(),
        );
    }
    match support {
        Some(support) if !support.listener => {
            Err("this process may not install a seccomp listener, with which a supervisor answers forks".to_owned())
        }
        Some(support) if support.landlock_abi < CONFINED_SIGNALS => Err(format!(
            "the kernel's Landlock has ABI {}; keeping a process from signalling those of the same origin needs ABI {CONFINED_SIGNALS} (Linux 6.12)",
            support.landlock_abi
        )),
        Some(support) if support.sockets == SocketMaker::Supervisor => {
            Err("the supervisor makes the sockets of tools here, which was not tried with forks".to_owned())
        }
        None => Err("nothing is known of this kernel's sandbox".to_owned()),
        Some(_) => own_path().ok_or_else(|| "the file of toolwarden's addon cannot be found".to_owned()),
    }
}

/// The file of this library.
fn own_path() -> Option<PathBuf> {
    // SAFETY: the loader is asked for a library by an address inside of it; zeroed is a valid Dl_info, and the name that it
    // gives lives as long as the library.
    let name = unsafe {
        let mut library: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr(own_path as *const libc::c_void, &raw mut library) == 0 || library.dli_fname.is_null() {
            return None;
        }
        CStr::from_ptr(library.dli_fname)
    };
    let path = PathBuf::from(OsStr::from_bytes(name.to_bytes()));
    path.canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolve;

    fn outcome(json: &str, has_entrypoint: bool, support: Option<Support>) -> Result<PathBuf, String> {
        forkable(&resolve(json).expect("valid"), has_entrypoint, support)
    }

    const ENOUGH: Option<Support> = Some(Support {
        landlock_abi: CONFINED_SIGNALS,
        listener: true,
        sockets: SocketMaker::Worker,
        lack: None,
    });

    #[test]
    fn every_case_has_its_reason() {
        for (json, has_entrypoint, support, reason) in [
            ("{}", true, ENOUGH, "`processStart` is \"spawn\""),
            (r#"{"processStart":"auto","runtimeType":"node"}"#, true, ENOUGH, "Node"),
            (r#"{"processStart":"auto"}"#, false, ENOUGH, "no entrypoint"),
            (r#"{"processStart":"auto","sandbox":"off"}"#, true, None, "no sandbox"),
            (
                r#"{"processStart":"fork","bunPermissions":["--allow-all"]}"#,
                true,
                ENOUGH,
                "no sandbox",
            ),
            (
                r#"{"processStart":"fork","bunPermissions":["--allow-run=ls"]}"#,
                true,
                ENOUGH,
                "run programs",
            ),
            (
                r#"{"processStart":"auto"}"#,
                true,
                Some(Support {
                    landlock_abi: 6,
                    listener: false,
                    sockets: SocketMaker::Worker,
                    lack: None,
                }),
                "listener",
            ),
            (
                r#"{"processStart":"auto"}"#,
                true,
                Some(Support {
                    landlock_abi: 5,
                    listener: true,
                    sockets: SocketMaker::Worker,
                    lack: None,
                }),
                "ABI 5",
            ),
            (r#"{"processStart":"auto"}"#, true, None, "nothing is known"),
        ] {
            let given = outcome(json, has_entrypoint, support).expect_err(json);
            assert!(given.contains(reason), "{json}: {given}");
        }
    }

    #[test]
    fn the_library_is_found() {
        let path = outcome(r#"{"processStart":"auto"}"#, true, ENOUGH).expect("it can");
        assert!(path.is_file(), "{}", path.display());
    }
}
