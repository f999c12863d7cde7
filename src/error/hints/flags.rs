//! Hints that name flags: which flag allows what was refused, and in which list it belongs.

/// The list of flags that a hint names: the manager's, one tool's, or that of a single call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagList {
    /// As JavaScript writes the setting.
    setting: String,
}

impl FlagList {
    /// A setting of the manager, such as `bunPermissions`.
    pub fn of_manager(setting: &str) -> Self {
        Self {
            setting: setting.to_owned(),
        }
    }

    /// The same setting of tools whose settings stand at this place, such as `tools.weather`.
    pub fn of_tool(&self, place: &str) -> Self {
        Self::of_manager(&format!("{place}.{}", self.setting))
    }

    /// That of a call which brings permissions of its own.
    pub fn of_call() -> Self {
        Self::of_manager("permissions")
    }

    /// An access that a flag allows.
    pub fn add(&self, flag: &str) -> String {
        format!("to allow it, add {flag} to `{}`", self.setting)
    }

    /// The same for a host of which the port that was wanted is not known.
    pub fn add_host(&self, flag: &str, name: &str) -> String {
        format!("{}; `{name}:PORT` in its place allows one port alone", self.add(flag))
    }

    /// Variables that an entrypoint read while it was imported, before a call could bring any.
    pub fn add_variables(&self, names: &[&str]) -> String {
        format!("add --allow-env={} to `{}`", names.join(","), self.setting)
    }

    /// Variables that a call could bring too.
    pub fn add_or_pass_variables(&self, names: &[&str]) -> String {
        format!("{}, or {PASS_VARIABLES}", self.add_variables(names))
    }
}

/// Variables that a tool read during a call, of a runtime that has no flag for them.
pub const PASS_VARIABLES: &str = "pass what is needed in the call's `env`";
/// Variables that an entrypoint read while it was imported, of a runtime that has no flag for them.
pub const READ_VARIABLES_LATER: &str =
    "with Node variables come with the call's `env` only, so read them during the call";

/// An access that no flag allows.
pub fn no_flag(why: &str) -> String {
    format!("no list of paths allows it: {why}; let the tool do without, or pass what it needs in its input")
}

/// Why no flag allows changes below /proc and /sys.
pub const CHANGES_THE_MACHINE: &str = "/proc and /sys change the machine, not files";
/// Why no flag names /dev or /dev/pts.
pub const HOLDS_DEVICES: &str = "it holds terminals, disks and other devices; name the ones that are needed";
/// Why no flag names /proc.
pub const HOLDS_ENVIRONMENTS: &str = "/proc holds the environments of other processes";
/// Why no flag names an entry of a process in /proc.
pub const OF_A_PROCESS: &str =
    "entries of a process in /proc cannot be allowed; a worker may read what its runtime needs of its own";

/// What a flag names is another file by now.
pub const REPLACED: &str = "what the flag for it names was replaced since the manager was made, and permissions are about what was there then: make a new manager, or let the tool empty a directory and rewrite a file in place of making new ones";
/// A path reads as something else in a list of flags.
pub const MISLEADING_PATH: &str =
    "its path has control characters in it or what looks like a flag, so that no flag is named; rename it first";
/// Its flag would have to name `/` or the home directory.
pub const TOO_WIDE: &str = "a flag that allows it would open `/` or the home directory with it; let the tool work in a directory of its own, and allow that one";
/// A call asks for more than its tool may do.
pub const ONLY_NARROWS: &str =
    "the `permissions` of a call can only narrow what its tool may do: leave the flag out, or allow it for the tool";
/// A host's name, and a runtime whose C library is musl.
pub const NAMES_OF_MUSL: &str = "this runtime is linked against musl, which cannot resolve names under a list of hosts: list the address, use --allow-net without a list, or run on a system with glibc";
/// The files that an error names did not answer.
pub const NOT_LOOKED_AT: &str =
    "the files that it names could not be looked at in time, so it is not known whether the sandbox refused them";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_list_of_the_manager_the_tool_or_the_call() {
        let manager = FlagList::of_manager("bunPermissions");
        assert_eq!(
            manager.add("--allow-read=/x"),
            "to allow it, add --allow-read=/x to `bunPermissions`"
        );
        assert!(
            manager
                .of_tool("tools.weather")
                .add("--x")
                .ends_with("to `tools.weather.bunPermissions`")
        );
        assert!(FlagList::of_call().add("--x").ends_with("to `permissions`"));
        assert!(
            manager
                .add_host("--allow-net=a.test", "a.test")
                .ends_with("`a.test:PORT` in its place allows one port alone")
        );
        assert_eq!(
            manager.add_or_pass_variables(&["A", "B"]),
            "add --allow-env=A,B to `bunPermissions`, or pass what is needed in the call's `env`"
        );
    }
}
