//! The permissions as a value.

use super::net::{NetRule, NetScope};

/// How much of one kind is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// Nothing.
    #[default]
    None,
    /// Everything.
    All,
    /// What is listed; never an empty list.
    Only(Vec<String>),
}

/// How much of one kind is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Deny {
    /// Nothing.
    #[default]
    None,
    /// Everything.
    All,
    /// What is listed; never an empty list.
    Only(Vec<String>),
}

/// What a tool may do. Paths are as the user wrote them, relative to the working directory or absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// `--allow-all`: every scope is `All` and no sandbox is made.
    pub all: bool,
    /// Files that may be read.
    pub read: Scope,
    /// Files that may not be read; never inside an allowed directory.
    pub deny_read: Vec<String>,
    /// Files that may be written; this does not allow reading them.
    pub write: Scope,
    /// Files that may not be written; never inside an allowed directory.
    pub deny_write: Vec<String>,
    /// Which hosts the tool may reach.
    pub net: NetScope,
    /// Hosts listed beside `--allow-net` without a list, which does not include them: unix sockets and addresses of
    /// metadata services.
    pub net_besides: Vec<NetRule>,
    /// Hosts that it may not reach, even when `net` allows them.
    pub deny_net: Vec<NetRule>,
    /// Host variables that the tool sees: names, or prefixes that end in `*`.
    pub env: Scope,
    /// Variables that it does not see, even when `env` allows them.
    pub deny_env: Deny,
    /// Programs that it may start: names looked up on PATH, or paths.
    pub run: Scope,
}
