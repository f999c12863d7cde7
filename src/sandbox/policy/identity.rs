//! Recognises a file or directory when its path may lead to another one.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Identifies a file or directory, whatever its path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    /// What the path leads to now; none where nothing can be found there.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        Some(Identity {
            device: metadata.dev(),
            number: metadata.ino(),
        })
    }
}
