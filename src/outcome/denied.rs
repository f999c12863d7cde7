//! Whether what a tool threw comes from an access the sandbox refused, and which flag would allow it.
//!
//! The supervisor knows refusals of net and run exactly; Bun hides them behind other errors (fetch to a name says "unable to
//! connect"), so a failure that looks like one of those is explained by what the supervisor refused during the call.
//! Refusals of files come from the kernel without a witness: the error's own fields say which file, and the policy whether
//! it was the sandbox or the file's own mode.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::config::RuntimeType;
use crate::sandbox::{Denial, NetPolicy, Permission, Policy, Run};

/// Errors are looked through to this depth: causes and the members of an AggregateError.
const DEPTH: usize = 6;

/// System calls that mean writing, by the name Node and Bun put into `error.syscall`.
const WRITING: [&str; 26] = [
    "mkdir",
    "mkdtemp",
    "rmdir",
    "unlink",
    "rename",
    "link",
    "symlink",
    "truncate",
    "ftruncate",
    "write",
    "chmod",
    "fchmod",
    "lchmod",
    "chown",
    "fchown",
    "lchown",
    "utime",
    "futime",
    "lutime",
    "utimes",
    "futimes",
    "copyfile",
    "cp",
    "rm",
    "mknod",
    "creat",
];
/// System calls that mean reading.
const READING: [&str; 7] = ["scandir", "readdir", "opendir", "read", "readlink", "watch", "access"];
/// How Bun and Node say that a connection or a name failed.
const NETWORK_CODES: [&str; 16] = [
    "ECONNREFUSED",
    "ConnectionRefused",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_FAIL",
    "EAI_NONAME",
    "DNS_ENOTFOUND",
    "ESERVFAIL",
    "EREFUSED",
    "ENETUNREACH",
    "FailedToOpenSocket",
    "ConnectionClosed",
    "ECONNRESET",
    "ETIMEOUT",
    "ERR_SOCKET_CONNECTION",
    "DNS_EREFUSED",
];
const NETWORK_TEXTS: [&str; 8] = [
    "unable to connect",
    "failed to connect",
    "fetch failed",
    "getaddrinfo",
    "failed to open socket",
    "failed to listen",
    "connection closed",
    "was there a typo in the url",
];

/// What is held, for telling a refusal from another failure.
#[derive(Debug, Clone)]
pub struct Denied {
    /// None where nothing is held: then nothing was refused.
    policy: Option<Arc<Policy>>,
    working_dir: PathBuf,
    runtime: RuntimeType,
}

/// The fields of one thrown error.
struct Thrown<'a> {
    code: &'a str,
    syscall: &'a str,
    path: &'a str,
    message: &'a str,
    whole: &'a Value,
}

impl Denied {
    /// Of a manager with this policy.
    pub fn new(policy: Option<Arc<Policy>>, working_dir: &Path, runtime: RuntimeType) -> Self {
        Self {
            policy,
            working_dir: working_dir.to_owned(),
            runtime,
        }
    }

    /// The option that flags are added to.
    pub(super) fn option(&self) -> &'static str {
        match self.runtime {
            RuntimeType::Bun => "`bunPermissions`",
            RuntimeType::Node => "`nodeOptions`",
        }
    }

    /// The refusal behind a thrown value, where there is one.
    pub(super) fn explain(&self, thrown: &Value, seen: &[Denial]) -> Option<Denial> {
        let policy = self.policy.as_deref()?;
        self.search(policy, thrown, seen, DEPTH)
    }

    fn search(&self, policy: &Policy, value: &Value, seen: &[Denial], depth: usize) -> Option<Denial> {
        let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
        let thrown = Thrown {
            code: text("code"),
            syscall: text("syscall"),
            path: text("path"),
            message: text("message"),
            whole: value,
        };
        let own = run(policy, &thrown, seen)
            .or_else(|| network(policy, &thrown, seen))
            .or_else(|| self.file(policy, &thrown))
            .or_else(|| self.import(policy, &thrown));
        if own.is_some() || depth == 0 {
            return own;
        }
        let inner = value.get("cause").into_iter();
        let members = value.get("errors").and_then(Value::as_array).into_iter().flatten();
        inner
            .chain(members)
            .find_map(|next| self.search(policy, next, seen, depth - 1))
    }

    fn file(&self, policy: &Policy, thrown: &Thrown<'_>) -> Option<Denial> {
        if !is_refusal(thrown.code) || thrown.path.is_empty() || thrown.syscall.starts_with("spawn") {
            return None;
        }
        let path = self.working_dir.join(thrown.path);
        let real = real(&path);
        let (readable, writable) = (policy.may_read(&real), policy.may_write(&real));
        let writes = WRITING.contains(&thrown.syscall);
        let permission = match (readable, writable) {
            // Both are allowed: the file's own mode refused, or its owner.
            (true, true) => return None,
            (true, false) if READING.contains(&thrown.syscall) => return None,
            (true, false) => Permission::Write,
            (false, true) if writes => return None,
            (false, _) if writes => Permission::Write,
            (false, _) => Permission::Read,
        };
        let dest = thrown
            .whole
            .get("dest")
            .and_then(Value::as_str)
            .filter(|_| permission == Permission::Write);
        let resource = match dest {
            Some(dest) if !policy.may_write(&self::real(&self.working_dir.join(dest))) => self.working_dir.join(dest),
            _ => path,
        };
        Some(Denial::new(permission, plain(&resource), 0))
    }

    /// A module that could not be loaded because its file may not be read.
    fn import(&self, policy: &Policy, thrown: &Thrown<'_>) -> Option<Denial> {
        let specifier = thrown
            .whole
            .get("specifier")
            .and_then(Value::as_str)
            .or_else(|| quoted(thrown.message))?;
        let missing = thrown.message.contains("Cannot find module")
            || thrown.message.contains("Cannot find package")
            || thrown.code == "ERR_MODULE_NOT_FOUND"
            || thrown.message.contains("AccessDenied")
            || is_refusal(thrown.code);
        if !missing || !(specifier.starts_with('/') || specifier.starts_with('.')) {
            return None;
        }
        let candidates =
            ["", ".ts", ".js", ".mjs", ".json"].map(|end| self.working_dir.join(format!("{specifier}{end}")));
        let path = candidates.into_iter().find(|path| path.is_file())?;
        let real = real(&path);
        (!policy.may_read(&real)).then(|| Denial::new(Permission::Read, plain(&path), 0))
    }
}

fn is_refusal(code: &str) -> bool {
    matches!(code, "EACCES" | "EPERM" | "ERR_ACCESS_DENIED")
}

fn run(policy: &Policy, thrown: &Thrown<'_>, seen: &[Denial]) -> Option<Denial> {
    if policy.run == Run::All {
        return None;
    }
    let spawning =
        thrown.syscall.starts_with("spawn") || thrown.syscall.starts_with("posix_spawn") || thrown.syscall == "fork";
    if !spawning || !(is_refusal(thrown.code) || thrown.code == "ENOENT") {
        return None;
    }
    let of_run = seen.iter().rev().find(|denial| denial.permission == Permission::Run);
    let program = match thrown.path {
        "" => thrown.syscall.strip_prefix("spawn ").unwrap_or_default(),
        path => path,
    };
    match of_run {
        Some(denial) if !denial.resource.is_empty() => Some(denial.clone()),
        _ if thrown.code == "ENOENT" => None,
        _ => Some(Denial::new(Permission::Run, program.to_owned(), 0)),
    }
}

fn network(policy: &Policy, thrown: &Thrown<'_>, seen: &[Denial]) -> Option<Denial> {
    if policy.net == NetPolicy::All {
        return None;
    }
    let address = thrown.whole.get("address").and_then(Value::as_str);
    let host = thrown.whole.get("hostname").and_then(Value::as_str);
    let refused_call = is_refusal(thrown.code)
        && (matches!(
            thrown.syscall,
            "connect" | "bind" | "listen" | "socket" | "send" | "sendto"
        ) || address.is_some());
    let lower = thrown.message.to_lowercase();
    let failed = refused_call
        || NETWORK_CODES.contains(&thrown.code)
        || thrown.code.starts_with("DNS_")
        || matches!(thrown.syscall, "connect" | "getaddrinfo" | "queryA" | "queryAaaa")
        || NETWORK_TEXTS.iter().any(|text| lower.contains(text));
    if !failed {
        return None;
    }
    let named = resource(thrown, address, host);
    let of_net = || seen.iter().rev().filter(|denial| denial.permission == Permission::Net);
    // The error's own address first, then what was refused last; a refusal without an address says least.
    let witnessed = of_net()
        .find(|denial| {
            !denial.resource.is_empty() && (named.starts_with(&denial.resource) || denial.resource.starts_with(&named))
        })
        .or_else(|| of_net().find(|denial| !denial.resource.is_empty()));
    match witnessed {
        // A refused name has no port yet; the URL that was fetched has one.
        Some(denial) if named.starts_with(&format!("{}:", denial.resource)) => {
            Some(Denial::new(Permission::Net, named, 0))
        }
        Some(denial) => Some(denial.clone()),
        None if of_net().next().is_some() || refused_call || policy.net == NetPolicy::None => {
            Some(Denial::new(Permission::Net, named, 0))
        }
        // Allowed, and it failed for another reason.
        None => None,
    }
}

/// Where to, as far as the error says: `host:port`, or `host`.
fn resource(thrown: &Thrown<'_>, address: Option<&str>, host: Option<&str>) -> String {
    let from_url = || {
        let url = if thrown.path.contains("://") { thrown.path } else { "" };
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = authority.rsplit('@').next()?;
        let has_port = authority
            .rsplit(':')
            .next()
            .is_some_and(|port| port.parse::<u16>().is_ok())
            && authority.contains(':');
        let port = if scheme == "https" || scheme == "wss" { 443 } else { 80 };
        Some(if has_port {
            authority.to_owned()
        } else {
            format!("{authority}:{port}")
        })
    };
    let port = thrown.whole.get("port").and_then(Value::as_u64);
    match (address.or(host), port) {
        (Some(name), Some(port)) if name.contains(':') => format!("[{name}]:{port}"),
        (Some(name), Some(port)) => format!("{name}:{port}"),
        (Some(name), None) => from_url().unwrap_or_else(|| name.to_owned()),
        (None, _) => from_url().unwrap_or_default(),
    }
}

/// The first text in quotes.
fn quoted(message: &str) -> Option<&str> {
    let start = message.find(['\'', '"', '`'])?;
    let mark = &message[start..=start];
    let rest = &message[start + 1..];
    rest.find(mark).map(|end| &rest[..end])
}

/// The real path as far as it exists: a file to be created has none yet.
fn real(path: &Path) -> PathBuf {
    path.ancestors()
        .find_map(|ancestor| {
            let real = ancestor.canonicalize().ok()?;
            Some(match path.strip_prefix(ancestor) {
                Ok(rest) if rest.as_os_str().is_empty() => real,
                Ok(rest) => real.join(rest),
                Err(_) => real,
            })
        })
        .unwrap_or_else(|| path.to_owned())
}

/// Without `.` and `..`, as a flag would name it.
fn plain(path: &Path) -> String {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain.to_string_lossy().into_owned()
}
