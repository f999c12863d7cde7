//! The settings of single tools, and which tool has which.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::nearest::closest;
use super::permissions::Permissions;
use super::retry_policy::RetryPolicy;
use crate::error::Problem;

/// What applies to the tools that one key of `tools` names. What the user did not set is the manager's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolEntry {
    /// A tool's id, or the beginning of ids followed by `*`.
    pub key: String,
    /// The number of the confinement group; 0 is the manager's own.
    pub group: u32,
    /// Whether the entry has a list of flags of its own for the runtime in use.
    pub has_own_list: bool,
    /// What the tools may do.
    pub permissions: Permissions,
    /// Options of Node that are not permission flags.
    pub runtime_options: Vec<String>,
    /// The memory limit in MiB; 0 means no limit.
    pub max_memory_mb: u64,
    /// The longest time of one attempt.
    pub timeout: Duration,
    /// The time between the abort and the kill.
    pub grace: Duration,
    /// Largest serialised result, in bytes.
    pub max_output_size: u64,
    /// Variables of every call.
    pub env: Vec<(String, String)>,
    /// `None`: the default.
    pub retry: Option<RetryPolicy>,
    /// What the user set, as JSON text in a resolved configuration's form.
    pub given: String,
}

/// All entries of `tools`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolTable {
    entries: Vec<ToolEntry>,
    exact: FxHashMap<String, usize>,
    /// Beginnings of ids, the longest first.
    beginnings: Vec<(String, usize)>,
}

impl ToolTable {
    /// Numbers the groups: entries with equal permissions, memory and options of Node form one. `own` are the manager's.
    pub(super) fn new(mut entries: Vec<ToolEntry>, own: (&Permissions, &[String], u64)) -> Self {
        let mut groups: Vec<(Permissions, Vec<String>, u64)> = vec![(own.0.clone(), own.1.to_vec(), own.2)];
        let mut table = Self::default();
        for (index, entry) in entries.iter_mut().enumerate() {
            let confined = (
                entry.permissions.clone(),
                entry.runtime_options.clone(),
                entry.max_memory_mb,
            );
            let known = groups.iter().position(|group| *group == confined);
            let group = known.unwrap_or_else(|| {
                groups.push(confined);
                groups.len() - 1
            });
            // A user does not write four billion entries.
            entry.group = u32::try_from(group).unwrap_or(u32::MAX);
            match entry.key.strip_suffix('*') {
                Some(beginning) => table.beginnings.push((beginning.to_owned(), index)),
                None => {
                    table.exact.insert(entry.key.clone(), index);
                }
            }
        }
        table
            .beginnings
            .sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        table.entries = entries;
        table
    }

    /// Whether no tool has settings of its own.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, in the order given.
    pub fn entries(&self) -> &[ToolEntry] {
        &self.entries
    }

    /// The settings of a tool: those of its id, otherwise those of the longest beginning.
    pub fn find(&self, id: &str) -> Option<&ToolEntry> {
        if self.entries.is_empty() {
            return None;
        }
        let index = self.exact.get(id).copied().or_else(|| {
            let fits = |(beginning, _): &&(String, usize)| id.starts_with(beginning.as_str());
            self.beginnings.iter().find(fits).map(|(_, index)| *index)
        });
        index.map(|index| &self.entries[index])
    }

    /// One entry of each group besides the manager's own, in the order of the groups' numbers, which begin at 1.
    pub fn groups(&self) -> Vec<&ToolEntry> {
        let mut found: Vec<&ToolEntry> = Vec::new();
        for entry in &self.entries {
            if entry.group as usize == found.len() + 1 {
                found.push(entry);
            }
        }
        found
    }

    /// Entries that name none of these tools.
    pub fn unknown<'a>(&self, ids: impl Iterator<Item = &'a str> + Clone) -> Vec<Problem> {
        let names_one = |key: &str| match key.strip_suffix('*') {
            Some(beginning) => ids.clone().any(|id| id.starts_with(beginning)),
            None => ids.clone().any(|id| id == key),
        };
        let unknown = self.entries.iter().filter(|entry| !names_one(&entry.key));
        unknown
            .map(|entry| {
                let nearest = match closest(entry.key.trim_end_matches('*'), ids.clone()) {
                    Some(id) => format!("the nearest is {:?}", shown(id)),
                    None => "the entrypoint exports no tools".to_owned(),
                };
                let message = match entry.key.ends_with('*') {
                    true => format!("{:?} matches no tool; {nearest}", shown(&entry.key)),
                    false => format!("{:?} is not the id of a tool; {nearest}", shown(&entry.key)),
                };
                Problem::new(place(&entry.key), message)
            })
            .collect()
    }
}

/// The longest id that a message repeats in full, in characters.
const SHOWN: usize = 100;

fn shown(id: &str) -> &str {
    id.char_indices().nth(SHOWN).map_or(id, |(end, _)| &id[..end])
}

/// Where a tool's settings stand in the configuration, as JavaScript would write it.
pub fn place(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let is_name = !key.is_empty() && !key.starts_with(|c: char| c.is_ascii_digit()) && key.chars().all(plain);
    if is_name {
        format!("tools.{key}")
    } else {
        format!("tools[{key:?}]")
    }
}

#[cfg(test)]
mod tests {
    use super::super::resolve::resolve;
    use super::*;

    fn table(json: &str) -> ToolTable {
        let config = resolve(json).unwrap_or_else(|error| panic!("{json}: {error:?}"));
        ToolTable::clone(&config.tools)
    }

    #[test]
    fn the_longest_match_wins() {
        let table = table(
            r#"{"tools":{"*":{"maxMemoryMb":1},"files/*":{"maxMemoryMb":2},"files/read":{"maxMemoryMb":3},"files/re*":{"maxMemoryMb":4}}}"#,
        );
        let memory = |id: &str| table.find(id).map(|entry| entry.max_memory_mb);
        assert_eq!(memory("files/read"), Some(3));
        assert_eq!(memory("files/remove"), Some(4));
        assert_eq!(memory("files/write"), Some(2));
        assert_eq!(memory("weather"), Some(1));
        assert_eq!(ToolTable::default().find("weather"), None);
    }

    #[test]
    fn equal_confinement_is_one_group_and_the_rest_of_the_settings_do_not_matter() {
        let table = table(
            r#"{"bunPermissions":[],"tools":{"a":{"bunPermissions":["--allow-net=x.test"]},"b":{"gracePeriod":5},
            "c":{"bunPermissions":["--allow-net=x.test"],"toolExecutionTimeout":"1s"},"d":{"maxMemoryMb":64},"e":{"bunPermissions":[]}}}"#,
        );
        let groups: Vec<u32> = table.entries().iter().map(|entry| entry.group).collect();
        assert_eq!(groups, [1, 0, 1, 2, 0]);
        let keys: Vec<&str> = table.groups().iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["a", "d"]);
    }

    #[test]
    fn a_key_that_no_tool_has_is_named_with_the_nearest_one() {
        let table = table(r#"{"tools":{"wether":{},"weather":{},"files/*":{},"we*":{}}}"#);
        let problems = table.unknown(["weather", "report"].into_iter());
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.field.as_str(), problem.message.as_str()))
            .collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            found[0],
            (
                "tools.wether",
                r#""wether" is not the id of a tool; the nearest is "weather""#
            )
        );
        assert_eq!(found[1].0, r#"tools["files/*"]"#);
        assert!(found[1].1.starts_with(r#""files/*" matches no tool; the nearest is "#));
        let none = table.unknown(std::iter::empty());
        assert_eq!(none.len(), 4);
        assert!(none[0].message.ends_with("; the entrypoint exports no tools"));
    }
}
