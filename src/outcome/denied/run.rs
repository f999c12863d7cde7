//! Refused programs.

use std::path::Path;

use super::thrown::Thrown;
use crate::sandbox::{Denial, Permission, Policy, Run};

/// A shell's exit codes when a program may not be executed, or was not found.
const OF_A_SHELL: [i64; 2] = [126, 127];

pub(super) fn refusal(policy: &Policy, working_dir: &Path, thrown: &Thrown<'_>, seen: &[Denial]) -> Option<Denial> {
    if policy.run == Run::All {
        return None;
    }
    let mut refused = seen.iter().rev().filter(|denial| denial.permission == Permission::Run);
    // Without a recorded refusal there is no denial, whatever the error says.
    let last = refused.clone().next()?;
    let named = refused.find(|denial| !denial.resource.is_empty());
    if of_a_shell(thrown) {
        return named.cloned();
    }
    // A library's own error that quotes the system's.
    let quoted = |denial: &Denial| {
        let name = denial.resource.rsplit('/').next().unwrap_or_default();
        thrown.message.contains("spawn") && thrown.message.contains("EACCES") && thrown.message.contains(name)
    };
    if let Some(denial) = refused_by_name(seen).find(|denial| quoted(denial)) {
        return Some(denial.clone());
    }
    if !thrown.is_about_spawning() || !(thrown.is_refusal() || thrown.code == "ENOENT") {
        return None;
    }
    let program = match thrown.path {
        "" => thrown.syscall.strip_prefix("spawn ").unwrap_or_default(),
        path => path,
    };
    Some(match named {
        Some(denial) => denial.clone(),
        None if is_program(working_dir, program) => Denial::new(Permission::Run, program.to_owned(), 0),
        None => last.clone(),
    })
}

fn refused_by_name(seen: &[Denial]) -> impl Iterator<Item = &Denial> {
    let named = |denial: &&Denial| denial.permission == Permission::Run && !denial.resource.is_empty();
    seen.iter().rev().filter(named)
}

/// Whether a text from a tool may appear in a flag: a plain name, which only the sandbox's search through PATH turns
/// into a file, or the path of an existing file.
fn is_program(working_dir: &Path, program: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-');
    if program.contains('/') {
        return working_dir.join(program).is_file();
    }
    !program.is_empty() && !program.starts_with(['-', '.']) && program.bytes().all(plain)
}

/// Whether a shell failed in a way that a refused program inside of it explains: child_process.exec, Bun.$.
fn of_a_shell(thrown: &Thrown<'_>) -> bool {
    let ended_with = ["code", "status", "exitCode"]
        .iter()
        .find_map(|field| thrown.number(field));
    let own = thrown.field("name") == Some("ShellError")
        && thrown
            .field("stderr")
            .is_some_and(|text| text.contains("Permission denied"));
    own || ended_with.is_some_and(|code| OF_A_SHELL.contains(&code))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::test_support;
    use super::*;

    fn found(flags: &[&str], value: &Value, seen: &[&str]) -> Option<String> {
        let seen: Vec<Denial> = seen
            .iter()
            .map(|&program| Denial::new(Permission::Run, program.to_owned(), 0))
            .collect();
        refusal(
            &test_support::policy(flags),
            Path::new("/project"),
            &Thrown::of(value),
            &seen,
        )
        .map(|denial| denial.flag)
    }

    #[test]
    fn the_supervisors_word_goes_before_the_errors() {
        let error = json!({"code": "EACCES", "syscall": "spawn sh", "path": "sh"});
        assert_eq!(found(&[], &error, &["/usr/bin/git"]).unwrap(), "--allow-run=git");
        assert_eq!(found(&[], &error, &[""]).unwrap(), "--allow-run=sh");
        assert_eq!(found(&["--allow-run"], &error, &["/usr/bin/git"]), None);
        assert_eq!(found(&[], &error, &[]), None, "nobody saw it");
    }

    #[test]
    fn a_librarys_error_that_quotes_the_systems_is_one() {
        let error = json!({"message": "Error: spawn git EACCES\n    at onexit", "task": {}});
        assert_eq!(found(&[], &error, &["/usr/bin/git"]).unwrap(), "--allow-run=git");
        assert_eq!(found(&[], &error, &["/usr/bin/id"]), None);
        assert_eq!(found(&[], &error, &[]), None);
    }

    #[test]
    fn a_name_that_is_no_program_is_not_repeated() {
        for forged in ["/", "/no/such/program", "sh\nhint: x", "--allow-all", "..", "a b"] {
            let error = json!({"code": "EACCES", "syscall": "spawn", "path": forged});
            assert_eq!(found(&[], &error, &[""]).unwrap(), "--allow-run", "{forged}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_was_not_refused() {
        let error = json!({"code": "ENOENT", "syscall": "spawn nothing", "path": "nothing"});
        assert_eq!(found(&[], &error, &[]), None);
        assert_eq!(
            found(&[], &json!({"code": "EACCES", "syscall": "open"}), &["/usr/bin/git"]),
            None
        );
    }

    #[test]
    fn a_refusal_inside_of_a_shell_is_found_where_it_was_seen() {
        let flags = ["--allow-run=sh"];
        for error in [
            json!({"message": "Command failed", "code": 126, "cmd": "id"}),
            json!({"message": "Command failed", "status": 126}),
            json!({"name": "ShellError", "exitCode": 1, "stderr": "bun: Permission denied: /usr/bin/id\n"}),
        ] {
            assert_eq!(found(&flags, &error, &["/usr/bin/id"]).unwrap(), "--allow-run=id");
            assert_eq!(found(&flags, &error, &[]), None, "{error}");
        }
        assert_eq!(found(&flags, &json!({"code": 1, "cmd": "id"}), &["/usr/bin/id"]), None);
    }
}
