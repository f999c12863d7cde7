//! Determines the version of a Node, which decides what it can do with TypeScript. It is determined only when that
//! matters, because Node must be started for it.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long Node may take to print its version.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Longer than any version.
const LONGEST_ANSWER: usize = 64;

/// A version of Node, with the order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeVersion {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl NodeVersion {
    /// Reads "v20.19.4"; everything after a "-" is ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = text.split('-').next()?.split('.').map(str::parse);
        let version = Self {
            major: numbers.next()?.ok()?,
            minor: numbers.next()?.ok()?,
            patch: numbers.next()?.ok()?,
        };
        numbers.next().is_none().then_some(version)
    }
}

/// Runs `node --version`; `None` when it does not print a version within 5 s.
#[expect(
    clippy::disallowed_methods,
    reason = "this is part of spawn, and a program of the user's own choice that only tells its version needs no supervision"
)]
pub fn node_version(node: &Path) -> Option<NodeVersion> {
    let mut child = Command::new(node)
        .arg("--version")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let answer = read_answer(&mut child);
    // After an answer that was too long or too late the process may still run.
    let _ = child.kill();
    let _ = child.wait();
    NodeVersion::parse(&String::from_utf8(answer?).ok()?)
}

fn read_answer(child: &mut Child) -> Option<Vec<u8>> {
    let mut stdout = child.stdout.take()?;
    let deadline = Instant::now() + LONGEST_WAIT;
    let mut answer = Vec::new();
    let mut chunk = [0; LONGEST_ANSWER];
    while answer.len() <= LONGEST_ANSWER {
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok()?;
        let mut readable = [PollFd::new(&stdout, PollFlags::IN)];
        if rustix::io::retry_on_intr(|| poll(&mut readable, Some(&left))).ok()? == 0 {
            return None;
        }
        match stdout.read(&mut chunk).ok()? {
            0 => return Some(answer),
            read => answer.extend_from_slice(&chunk[..read]),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        let of = |text| NodeVersion::parse(text);
        assert_eq!(
            of("v20.19.4\n"),
            Some(NodeVersion {
                major: 20,
                minor: 19,
                patch: 4
            })
        );
        assert_eq!(
            of("v25.0.0-nightly2026"),
            Some(NodeVersion {
                major: 25,
                minor: 0,
                patch: 0
            })
        );
        assert!(of("v22.18.0") > of("v22.9.9"));
        for bad in ["", "v", "v20", "v20.1", "v20.1.2.3", "twenty", "v20.-1.0"] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_program_that_is_no_node_has_none() {
        assert_eq!(node_version(Path::new("/bin/true")), None);
        assert_eq!(node_version(Path::new("/nonexistent/node")), None);
        // `yes` prints without end.
        assert_eq!(node_version(Path::new("/usr/bin/yes")), None);
    }
}
