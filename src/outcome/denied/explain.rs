//! Searches a thrown value for a refusal: the value itself, its causes, the members of an AggregateError.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::lasting::name_what_lasts;
use super::likeliest::likeliest;
use super::thrown::Thrown;
use super::width::{NoFlagReason, narrow, no_flag_reason, reads_otherwise};
use super::{chosen_port, file, import, net, program_name, run, seen};
use crate::config::{Host, NetRule, RuntimeType, in_nodes_words};
use crate::error::hints::flags::{self, FlagList};
use crate::error::{Refusal, printable};
use crate::sandbox::{Denial, Permission, Policy};
use crate::worker::json;

/// How deep nested errors are searched.
const DEPTH: usize = 6;
/// How many errors of one failure are examined. Each may name paths of its own, and examining one queries the file
/// system.
const MOST_ERRORS: usize = 24;

/// Explains failures that a refused access caused.
#[derive(Debug, Clone)]
pub struct DenialExplainer {
    /// `None` without a sandbox: then nothing was refused.
    policy: Option<Arc<Policy>>,
    working_dir: PathBuf,
    /// The user's home directory, where it is known.
    home: Option<PathBuf>,
    runtime: RuntimeType,
    /// The list that a flag belongs to.
    list: FlagList,
    /// When the manager was made: a flag can only name what existed then.
    since: SystemTime,
}

impl DenialExplainer {
    /// For a manager with this policy.
    pub fn new(policy: Option<Arc<Policy>>, working_dir: &Path, home: Option<&Path>, runtime: RuntimeType) -> Self {
        Self {
            policy,
            working_dir: working_dir.to_owned(),
            home: home.filter(|home| home.is_absolute()).map(Path::to_owned),
            runtime,
            list: FlagList::of_manager(match runtime {
                RuntimeType::Bun => "bunPermissions",
                RuntimeType::Node => "nodeOptions",
            }),
            since: SystemTime::now(),
        }
    }

    /// The same, where no file is to be looked at.
    pub fn without_policy(mut self) -> Self {
        self.policy = None;
        self
    }

    /// The same for a call that brings a list of its own.
    pub fn of_call(mut self) -> Self {
        self.list = FlagList::of_call();
        self
    }

    /// The same for tools whose list of flags stands at this place.
    pub fn of_tool(mut self, place: &str) -> Self {
        self.list = self.list.of_tool(place);
        self
    }

    /// Whether an explanation may look at files that a tool has named: it may wait for as long as those hang.
    pub fn looks_at_files(&self) -> bool {
        self.policy.is_some()
    }

    /// Whether explaining this thrown value may look at files, if no refusal was recorded. Decided without looking at one.
    pub fn looks_at_files_of(&self, thrown: &str) -> bool {
        let looks = |thrown: &Thrown<'_>| {
            (file::names_refused_file(thrown) || import::named_module(thrown).is_some()).then_some(())
        };
        self.policy.is_some()
            && json::read::<Value>(thrown)
                .is_some_and(|value| among(&value, DEPTH, &Cell::new(MOST_ERRORS), &looks).is_some())
    }

    /// What to do about a refusal.
    pub(in crate::outcome) fn advice(&self, denial: &Denial) -> String {
        if self.cannot_be_listed(denial) {
            return flags::NAMES_OF_MUSL.to_owned();
        }
        let of_files = denial.permission.is_of_files();
        let replaced = |policy: &Arc<Policy>| of_files && policy.was_replaced(&file::real(Path::new(&denial.resource)));
        if self.policy.as_ref().is_some_and(replaced) {
            return flags::REPLACED.to_owned();
        }
        if !denial.flag.is_empty() {
            let flag = quoted(&denial.flag);
            return match is_name_alone(denial) {
                true => self.list.add_host(&flag, &denial.resource),
                false => self.list.add(&flag),
            };
        }
        match no_flag_reason(denial, self.home.as_deref()) {
            Some(NoFlagReason::Kernel(why)) => flags::no_flag(why),
            _ if reads_otherwise(&denial.resource) => flags::MISLEADING_PATH.to_owned(),
            _ => flags::TOO_WIDE.to_owned(),
        }
    }

    /// Whether it is a host's name that the runtime could not resolve if it were listed.
    fn cannot_be_listed(&self, denial: &Denial) -> bool {
        let unresolved = self.policy.as_ref().is_some_and(|policy| policy.names_by_datagram);
        unresolved && denial.permission == Permission::Net && is_name(&denial.resource)
    }

    /// The refusal behind a thrown value, if there is one. Its flag is one of the runtime's, or empty. `complete`:
    /// `seen` contains every refusal.
    pub(in crate::outcome) fn explain(&self, thrown: &Value, seen: &[Denial], complete: bool) -> Option<Denial> {
        let policy = self.policy.as_deref()?;
        let search = Search {
            policy,
            working_dir: &self.working_dir,
            seen,
            complete,
        };
        let mut found = search.of(thrown)?;
        chosen_port::settle(&mut found, seen);
        self.word(std::slice::from_mut(&mut found));
        Some(found)
    }

    /// The refusal during a failed call that most likely caused the failure, as a sentence.
    pub(in crate::outcome) fn meanwhile(&self, denials: &[Denial]) -> Option<String> {
        let denial = likeliest(denials)?;
        let to = match denial.resource.as_str() {
            "" => String::new(),
            resource => format!(" to {}", printable(resource)),
        };
        let more = match denials.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more, see `denials`)"),
        };
        Some(format!(
            "the sandbox refused {} access{to} meanwhile{more}: {}",
            denial.permission.as_str(),
            self.advice(denial)
        ))
    }

    /// Writes the flags of refusals in the runtime's words and for files that will exist, and removes flags that should
    /// not be suggested.
    pub(in crate::outcome) fn word(&self, denials: &mut [Denial]) {
        for denial in denials.iter_mut() {
            if let Some(policy) = &self.policy {
                name_what_lasts(denial, policy, self.since);
                program_name::settle(policy, denial);
            }
            narrow(denial, self.home.as_deref());
            if self.cannot_be_listed(denial) {
                denial.flag.clear();
            }
        }
        if self.runtime == RuntimeType::Node {
            for denial in denials {
                denial.flag = in_nodes_words(&denial.flag).unwrap_or_default();
            }
        }
    }
}

/// Whether a resource is a host's name and not an address.
fn is_name(resource: &str) -> bool {
    NetRule::parse(resource).is_ok_and(|rule| matches!(rule.host, Host::Name(_)))
}

/// A flag in a sentence. If it contains blanks, quotes or control characters it is quoted as in JSON, so that its end
/// is unambiguous.
fn quoted(flag: &str) -> Cow<'_, str> {
    let ends = |character: char| character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '\\');
    if flag.contains(ends) || printable(flag) != flag {
        return Cow::Owned(Value::from(flag).to_string());
    }
    Cow::Borrowed(flag)
}

/// Whether a name was refused before anything was known of the port: it is looked up alone.
fn is_name_alone(denial: &Denial) -> bool {
    let is_name = |rule: &NetRule| rule.port.is_none() && matches!(rule.host, Host::Name(_));
    denial.permission == Permission::Net && NetRule::parse(&denial.resource).is_ok_and(|rule| is_name(&rule))
}

/// In the form of errors and records.
pub(in crate::outcome) fn refusals(denials: &[Denial]) -> Vec<Refusal> {
    let refusal = |denial: &Denial| Refusal {
        permission: denial.permission.as_str(),
        resource: denial.resource.clone(),
        flag: denial.flag.clone(),
    };
    denials.iter().map(refusal).collect()
}

/// Adds what an error revealed to the refusals that the supervisor recorded.
pub(in crate::outcome) fn record(revealed: &Denial, denials: &mut Vec<Denial>) {
    let of_kind = |denial: &Denial| denial.permission == revealed.permission;
    if denials
        .iter()
        .any(|denial| of_kind(denial) && denial.resource == revealed.resource)
    {
        return;
    }
    match revealed.permission {
        // Where the supervisor does not see the access, the thrown error is its only trace.
        Permission::Read | Permission::Write => {
            // A module's directory is searched before the module is read; the module is the more useful of the two.
            let less = |denial: &Denial| {
                of_kind(denial)
                    && denial.flag == revealed.flag
                    && Path::new(&revealed.resource).parent() == Some(Path::new(&denial.resource))
            };
            match denials.iter_mut().find(|denial| less(denial)) {
                Some(denial) => *denial = revealed.clone(),
                None => denials.push(revealed.clone()),
            }
        }
        // The supervisor may know only that something was refused, or a name without its port, while the error says
        // more.
        Permission::Net | Permission::Run => {
            let less = |denial: &Denial| {
                of_kind(denial)
                    && (denial.resource.is_empty() || revealed.resource.starts_with(&format!("{}:", denial.resource)))
            };
            if let Some(denial) = denials.iter_mut().find(|denial| less(denial)) {
                *denial = revealed.clone();
            } else if !denials.iter().any(of_kind) {
                denials.push(revealed.clone());
            }
        }
    }
}

/// One search through a thrown value.
struct Search<'a> {
    policy: &'a Policy,
    working_dir: &'a Path,
    seen: &'a [Denial],
    complete: bool,
}

impl Search<'_> {
    /// An error that names the resource takes precedence over one that only looks like a refusal.
    fn of(&self, value: &Value) -> Option<Denial> {
        let named = among(value, DEPTH, &Cell::new(MOST_ERRORS), &|thrown| {
            run::refusal(self.policy, self.working_dir, thrown, self.seen)
                .or_else(|| net::refusal(self.policy, thrown, self.seen))
                .or_else(|| seen::of_path(self.working_dir, thrown, self.seen))
                .or_else(|| file::refusal(self.policy, self.working_dir, thrown).filter(|found| self.may_be(found)))
                .or_else(|| import::refusal(self.policy, self.working_dir, thrown))
        });
        named.or_else(|| {
            among(value, DEPTH, &Cell::new(MOST_ERRORS), &|thrown| {
                seen::of_words(thrown, self.seen)
            })
        })
    }

    /// An error names the file, but not always the access: what the policy would refuse need not be what was tried.
    /// With all reads reported, all changes are reported too.
    fn may_be(&self, found: &Denial) -> bool {
        let is_of_files = |denial: &Denial| denial.permission.is_of_files();
        let sees = self.complete || (found.permission == Permission::Write && self.seen.iter().any(is_of_files));
        let tried = |denial: &Denial| denial.permission == found.permission && denial.resource == found.resource;
        !sees || self.seen.iter().any(tried)
    }
}

/// The first finding in an error, its causes and the members of an AggregateError. `left`: how many errors may still be
/// examined.
fn among<T>(value: &Value, depth: usize, left: &Cell<usize>, own: &dyn Fn(&Thrown<'_>) -> Option<T>) -> Option<T> {
    left.set(left.get().checked_sub(1)?);
    let found = own(&Thrown::of(value));
    if found.is_some() || depth == 0 {
        return found;
    }
    let inner = value.get("cause").into_iter();
    let members = value.get("errors").and_then(Value::as_array).into_iter().flatten();
    inner
        .chain(members.take(MOST_ERRORS))
        .find_map(|next| among(next, depth - 1, left, own))
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
