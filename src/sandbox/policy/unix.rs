//! The unix sockets that `--allow-net=unix:/path` names.

use std::path::{Path, PathBuf};

use super::{Files, Kind};
use crate::config::{Host, NetRule, NetScope, Permissions};
use crate::error::Problem;

/// A listed unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixSocket {
    /// The absolute path as the flag names it.
    pub given: PathBuf,
    /// The path without symlinks. Nothing may exist there yet.
    pub real: PathBuf,
}

/// Every listed socket that is not denied. A socket may be created later, but its directory must exist.
pub(super) fn sockets(
    files: &dyn Files,
    given: &Permissions,
    field: &'static str,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<UnixSocket> {
    let listed = match &given.net {
        NetScope::None => return Vec::new(),
        NetScope::All => &given.net_besides,
        NetScope::Only(rules) => rules,
    };
    let denied: Vec<PathBuf> = paths(&given.deny_net)
        .map(|path| absolute(working_dir, path))
        .flat_map(|path| [real(files, &path).ok(), Some(path)])
        .flatten()
        .collect();
    let mut found = Vec::new();
    for path in paths(listed) {
        let given = absolute(working_dir, path);
        match real(files, &given) {
            Ok(real) if denied.contains(&real) || denied.contains(&given) => {}
            Ok(real) => found.push(UnixSocket { given, real }),
            Err(reason) => problems.push(Problem::new(field, format!("--allow-net=unix:{path} {reason}"))),
        }
    }
    found
}

fn paths(rules: &[NetRule]) -> impl Iterator<Item = &str> {
    rules.iter().filter_map(|rule| match &rule.host {
        Host::Unix(path) => Some(path.as_str()),
        Host::Name(_) | Host::Ip(_) => None,
    })
}

/// Without `.` and doubled slashes, in the form in which tools' paths are compared.
fn absolute(working_dir: &Path, path: &str) -> PathBuf {
    working_dir.join(path).components().collect()
}

/// Where the socket is or will be.
fn real(files: &dyn Files, path: &Path) -> Result<PathBuf, String> {
    let shown = path.display();
    if let Ok(real) = files.real(path) {
        return match files.kind(&real) {
            Some(Kind::File | Kind::Directory) => Err(format!("names {shown}, which is no unix socket")),
            _ => Ok(real),
        };
    }
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(format!("names {shown}, which is no unix socket"));
    };
    match files.real(directory) {
        Ok(directory) => Ok(directory.join(name)),
        Err(error) => Err(format!(
            "names {shown}, whose directory cannot be found: {error}; the socket may be made later, its directory must be there"
        )),
    }
}
