//! A rule about files: a path, and what is allowed there.

use std::path::PathBuf;

/// What a rule allows on a path and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    pub read: bool,
    pub list: bool,
    pub execute: bool,
    pub write: bool,
}

impl Rights {
    /// Whether these include all of the other rights.
    pub fn include(self, other: Rights) -> bool {
        (self.read || !other.read)
            && (self.list || !other.list)
            && (self.execute || !other.execute)
            && (self.write || !other.write)
    }

    /// Files and directories may be read.
    pub const READ: Rights = Rights {
        read: true,
        list: true,
        execute: false,
        write: false,
    };
    /// Names may be listed, but files not read.
    pub const LIST: Rights = Rights {
        read: false,
        list: true,
        execute: false,
        write: false,
    };
    /// A program may be executed; the kernel needs it readable as well.
    pub const EXECUTE: Rights = Rights {
        read: true,
        list: false,
        execute: true,
        write: false,
    };
    /// Everything that another rule makes readable may be executed.
    pub const START: Rights = Rights {
        read: false,
        list: false,
        execute: true,
        write: false,
    };
    pub const WRITE: Rights = Rights {
        read: false,
        list: false,
        execute: false,
        write: true,
    };
    pub const READ_WRITE: Rights = Rights {
        read: true,
        list: true,
        execute: false,
        write: true,
    };
}

/// One real path, without symlinks, and what is allowed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRule {
    pub path: PathBuf,
    pub rights: Rights,
}
