//! Hints about a shortage of file descriptors.

use std::fmt::Display;

/// The machine may have no more open files.
pub const RAISE_MACHINE_LIMIT: &str = "raise the machine's limit (`sysctl fs.file-max`)";

/// A process may raise its own limit, `soft` now, up to `most`.
pub fn raise_own_limit(soft: u64, most: &dyn Display) -> String {
    format!(
        "raise the limit of open files of this process, {soft} now and {most} at the most (`ulimit -n`, `LimitNOFILE=` of systemd)"
    )
}

/// Only who starts a process may raise its limit, `soft` now.
pub fn raise_limit_at_start(soft: u64) -> String {
    format!(
        "raise the limit of open files of this process, {soft} now, where it is started (`LimitNOFILE=` of systemd, `--ulimit nofile=` of a container, limits.conf)"
    )
}

/// How to get more descriptors, and who uses them.
pub fn or_close(raise: &str, managers: usize, processes: usize) -> String {
    format!(
        "{raise}, or close what is not needed: {} and {} have descriptors here",
        counted(managers, "open manager", "open managers"),
        counted(processes, "tool process", "tool processes"),
    )
}

/// A call failed in a tool because the host had no descriptor left for it; `name` of the error, `advice` on the limit.
pub fn of_host(name: &str, advice: &str) -> String {
    format!("the host had no descriptor left for what the tool asked of it ({name}): {advice}")
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_are_counted_in_words() {
        assert_eq!(
            or_close("x", 1, 2),
            "x, or close what is not needed: 1 open manager and 2 tool processes have descriptors here"
        );
    }
}
