//! Chooses which of several refusals a hint is about, where the tool's error names none.

use crate::sandbox::{Denial, Permission};

/// The refusal that most likely caused the failure.
pub(super) fn likeliest(denials: &[Denial]) -> Option<&Denial> {
    // A flag without a list stems from a refusal without details, and would allow the most. Node has no other flag for
    // programs.
    let worth = |denial: &&Denial| match denial.flag.split_once('=') {
        Some((_, listed)) if listed != "*" => 0,
        None if denial.permission == Permission::Run && !denial.flag.is_empty() => 0,
        _ => 1 + usize::from(denial.flag.is_empty()),
    };
    // Of equal ones the first is chosen, which is the latest refusal.
    let likely = denials
        .iter()
        .rev()
        .min_by_key(|denial| (worth(denial), order(denial.permission)))?;
    // Directories are searched upwards, so the innermost path is what was wanted.
    let is_within = |denial: &&Denial| {
        let inner = |flag: &str| {
            flag.strip_prefix(likely.flag.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        likely.flag.contains('=') && inner(&denial.flag)
    };
    let inner = denials
        .iter()
        .filter(is_within)
        .max_by_key(|denial| denial.flag.matches('/').count());
    Some(inner.unwrap_or(likely))
}

/// Kinds are ordered by how silently they fail, the most silent first: connections and programs time out, and files are
/// replaced by a default.
fn order(permission: Permission) -> u8 {
    match permission {
        Permission::Net => 0,
        Permission::Run => 1,
        Permission::Write => 2,
        Permission::Read => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::in_nodes_words;

    #[test]
    fn the_narrowest_refusal_that_explains_the_error_is_named() {
        let seen = |permission, path: &str| Denial::new(permission, path.to_owned(), 0);
        let named = |denials: &[Denial]| likeliest(denials).map(|denial| denial.flag.clone()).unwrap_or_default();
        let read = |path: &str| seen(Permission::Read, path);
        let nameless = || seen(Permission::Net, "");
        assert_eq!(named(&[]), "");
        assert_eq!(named(&[nameless()]), "--allow-net");
        assert_eq!(named(&[nameless(), read("/a")]), "--allow-read=/a");
        assert_eq!(named(&[read("/a"), seen(Permission::Write, "/b")]), "--allow-write=/b");
        assert_eq!(
            named(&[read("/a/b/c"), read("/x"), read("/a/b"), read("/a")]),
            "--allow-read=/a/b/c"
        );
        assert_eq!(named(&[read("/ab"), read("/a")]), "--allow-read=/a");
        let mut node = [
            seen(Permission::Read, ""),
            seen(Permission::Run, "/usr/bin/git"),
            read("/a"),
        ];
        for denial in &mut node {
            denial.flag = in_nodes_words(&denial.flag).expect("a word of Node's");
        }
        assert_eq!(named(&node), "--allow-child-process");
        assert_eq!(named(&node[..1]), "--allow-fs-read=*");
    }
}
