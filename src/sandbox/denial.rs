//! One refused access, and the flag that would allow it.

use std::time::Instant;

/// The kinds of access. Net and run are refused by the supervisor. Read and write are refused by the kernel, which
/// reports this to no program: the supervisor sees the attempt and judges it by the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Reading files.
    Read,
    /// Changing files.
    Write,
    /// The network.
    Net,
    /// Starting programs.
    Run,
}

impl Permission {
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::Write => "write",
            Permission::Net => "net",
            Permission::Run => "run",
        }
    }

    /// Whether the resource is always a file's path. What is true of paths, such as that a cut one would name another
    /// file, holds for these kinds alone.
    pub fn is_of_files(self) -> bool {
        match self {
            Permission::Read | Permission::Write => true,
            Permission::Net | Permission::Run => false,
        }
    }

    /// Whether the supervisor may record a refusal without its resource, beside another one of the same access that
    /// names it. The first is then superfluous.
    pub(super) fn may_be_nameless(self) -> bool {
        match self {
            Permission::Net | Permission::Run => true,
            Permission::Read | Permission::Write => false,
        }
    }
}

/// One refused access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub permission: Permission,
    /// A file's path, host:port, a host, unix:/path, or a program; empty where it is not known.
    pub resource: String,
    /// The flag that would allow it.
    pub flag: String,
    /// The worker's process id. The refused process is in the group that the worker leads.
    pub worker: u32,
    pub at: Instant,
    /// For the network: no other access was allowed or refused after this one.
    pub last: bool,
}

impl Denial {
    /// `resource` is empty where the program or the address is not known.
    pub fn new(permission: Permission, resource: String, worker: u32) -> Self {
        let name = permission.as_str();
        let flag = match (permission, resource.as_str()) {
            (_, "") => format!("--allow-{name}"),
            (Permission::Net, at) if at.starts_with("unix:") => format!("--allow-{name}={}", escaped(at)),
            // Port 0 requests any port, and a rule without a port allows any.
            (Permission::Net, at) => format!("--allow-{name}={}", at.strip_suffix(":0").unwrap_or(at)),
            (Permission::Run, program) => format!("--allow-{name}={}", escaped(short(program))),
            (Permission::Read | Permission::Write, path) => format!("--allow-{name}={}", escaped(path)),
        };
        Denial {
            permission,
            resource,
            flag,
            worker,
            at: Instant::now(),
            last: false,
        }
    }
}

/// A comma in a list's entry is doubled.
fn escaped(entry: &str) -> String {
    entry.replace(',', ",,")
}

/// A program is named by its file name where every PATH finds it by that, otherwise by its path.
fn short(program: &str) -> &str {
    match program.rsplit_once('/') {
        Some(("/bin" | "/usr/bin" | "/usr/local/bin" | "/sbin" | "/usr/sbin", name)) => name,
        _ => program,
    }
}
