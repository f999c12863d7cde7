//! Combines the flags of a list, and rejects combinations that cannot be enforced.

use super::metadata::is_metadata;
use super::net::{Host, NetRule, NetScope};
use super::paths;
use super::scope::{Deny, Permissions, Scope};

/// Everything that the flags of one name allow or deny.
#[derive(Debug)]
pub(super) struct Grant<T> {
    /// The flag appears without a list.
    pub(super) everything: bool,
    pub(super) listed: Vec<T>,
}

impl<T> Default for Grant<T> {
    fn default() -> Self {
        Self {
            everything: false,
            listed: Vec::new(),
        }
    }
}

impl<T: PartialEq> Grant<T> {
    /// Adds what one flag covers; `None` means everything.
    pub(super) fn add(&mut self, scope: Option<Vec<T>>) {
        match scope {
            None => self.everything = true,
            Some(entries) => {
                for entry in entries {
                    if !self.listed.contains(&entry) {
                        self.listed.push(entry);
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        !self.everything && self.listed.is_empty()
    }
}

/// Everything that all flags allow or deny.
#[derive(Debug, Default)]
pub(super) struct Grants {
    pub(super) all: bool,
    pub(super) read: Grant<String>,
    pub(super) deny_read: Grant<String>,
    pub(super) write: Grant<String>,
    pub(super) deny_write: Grant<String>,
    pub(super) net: Grant<NetRule>,
    pub(super) deny_net: Grant<NetRule>,
    pub(super) env: Grant<String>,
    pub(super) deny_env: Grant<String>,
    pub(super) run: Grant<String>,
    pub(super) deny_run: Grant<String>,
}

impl Grants {
    /// The permissions, or why they contradict each other: one sentence for each pair.
    pub(super) fn finish(self) -> Result<Permissions, Vec<String>> {
        let refusals = self.contradictions();
        if !refusals.is_empty() {
            return Err(refusals);
        }
        if self.all {
            return Ok(Permissions {
                all: true,
                read: Scope::All,
                write: Scope::All,
                net: NetScope::All,
                env: Scope::All,
                run: Scope::All,
                // Denials beside it were refused above, and no list is needed.
                net_besides: Vec::new(),
                deny_read: Vec::new(),
                deny_write: Vec::new(),
                deny_net: Vec::new(),
                deny_env: Deny::None,
            });
        }
        let net_besides = match self.net.everything {
            true => self.net.listed.iter().filter(|rule| besides(rule)).cloned().collect(),
            false => Vec::new(),
        };
        Ok(Permissions {
            all: false,
            net_besides,
            read: scope(self.read),
            deny_read: outside(self.deny_read),
            write: scope(self.write),
            deny_write: outside(self.deny_write),
            net: match self.net {
                Grant { everything: true, .. } => NetScope::All,
                Grant { listed, .. } if listed.is_empty() => NetScope::None,
                Grant { listed, .. } => NetScope::Only(listed),
            },
            deny_net: outside(self.deny_net),
            env: scope(self.env),
            deny_env: match self.deny_env {
                Grant { everything: true, .. } => Deny::All,
                Grant { listed, .. } if listed.is_empty() => Deny::None,
                Grant { listed, .. } => Deny::Only(listed),
            },
            run: scope(self.run),
        })
    }

    fn contradictions(&self) -> Vec<String> {
        let mut refusals = Vec::new();
        if self.all {
            let denies = [
                ("--deny-read", self.deny_read.is_empty()),
                ("--deny-write", self.deny_write.is_empty()),
                ("--deny-net", self.deny_net.is_empty()),
                ("--deny-env", self.deny_env.is_empty()),
                ("--deny-run", self.deny_run.is_empty()),
            ];
            refusals.extend(denies.iter().filter(|(_, unused)| !unused).map(|(name, _)| {
                format!("`{name}` contradicts `--allow-all`, which means that there is no sandbox to enforce it; allow what is needed flag by flag")
            }));
            return refusals;
        }
        files("read", &self.read, &self.deny_read, &mut refusals);
        files("write", &self.write, &self.deny_write, &mut refusals);
        if self.deny_net.everything && !self.net.is_empty() {
            refusals
                .push("`--deny-net` contradicts `--allow-net`: nothing of it would be left; remove one of them".into());
        }
        if !self.deny_run.is_empty() && !self.run.is_empty() {
            refusals.push(
                "`--deny-run` cannot be enforced beside `--allow-run`: a program that may run can start others in ways that hide their names; list the programs to allow".into(),
            );
        }
        refusals
    }
}

/// Kernel rules for files only add rights, so nothing below an allowed directory can be excluded again.
fn files(kind: &str, allow: &Grant<String>, deny: &Grant<String>, refusals: &mut Vec<String>) {
    let denied: Vec<_> = match deny.everything {
        true => vec![None],
        false => deny.listed.iter().map(Some).collect(),
    };
    let allowed: Vec<_> = match allow.everything {
        true => vec![None],
        false => allow.listed.iter().map(Some).collect(),
    };
    let flag = |verb: &str, path: Option<&String>| match path {
        Some(path) => format!("`--{verb}-{kind}={}`", path.escape_debug()),
        None => format!("`--{verb}-{kind}`"),
    };
    for &denied in &denied {
        for &allowed in &allowed {
            let (deny, allow) = (flag("deny", denied), flag("allow", allowed));
            let covers = match (allowed, denied) {
                (None, _) => true,
                (_, None) => false,
                (Some(allowed), Some(denied)) => paths::contains(allowed, denied),
            };
            let covered = match (allowed, denied) {
                (_, None) => true,
                (None, _) => false,
                (Some(allowed), Some(denied)) => paths::contains(denied, allowed),
            };
            if covers {
                refusals.push(format!(
                    "{deny} lies inside {allow} and cannot be enforced: the kernel's rules only add rights; allow the parts that are needed instead"
                ));
            } else if covered {
                refusals.push(format!(
                    "{allow} lies inside {deny} and contradicts it; remove one of them"
                ));
            }
        }
    }
}

/// Whether `--allow-net` without a list does not include this.
fn besides(rule: &NetRule) -> bool {
    match &rule.host {
        Host::Unix(_) => true,
        Host::Ip(ip) => is_metadata(*ip),
        Host::Name(_) => false,
    }
}

fn scope(grant: Grant<String>) -> Scope {
    match grant {
        Grant { everything: true, .. } => Scope::All,
        Grant { listed, .. } if listed.is_empty() => Scope::None,
        Grant { listed, .. } => Scope::Only(listed),
    }
}

/// The denials outside of everything allowed. Denying everything leaves nothing to list, because nothing was allowed.
fn outside<T>(grant: Grant<T>) -> Vec<T> {
    if grant.everything { Vec::new() } else { grant.listed }
}
