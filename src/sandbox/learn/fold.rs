//! Makes few paths of many: files of one directory become the directory where there are more than a few. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// So many entries of one directory are named one by one; of more, the directory is named.
pub(super) const FEW: usize = 3;

/// Paths that cover all of these, none below another one. `may_stand_for_its_entries` says whether a directory may be named
/// because much in it was used; one that was used itself always is.
pub(super) fn fold(paths: &BTreeSet<PathBuf>, may_stand_for_its_entries: impl Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
    let mut folded = without_what_is_below(paths);
    while let Some(directory) = fullest(&folded, &may_stand_for_its_entries) {
        folded.retain(|path| !path.starts_with(&directory));
        folded.insert(directory);
    }
    folded
}

/// The deepest directory with more than a few of the paths right in it.
fn fullest(paths: &BTreeSet<PathBuf>, may_stand_for_its_entries: &impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let mut entries: BTreeMap<&Path, usize> = BTreeMap::new();
    for parent in paths.iter().filter_map(|path| path.parent()) {
        *entries.entry(parent).or_default() += 1;
    }
    let full = entries.into_iter().filter(|(_, count)| *count > FEW);
    let may = full
        .map(|(directory, _)| directory)
        .filter(|directory| may_stand_for_its_entries(directory));
    may.max_by_key(|directory| directory.components().count())
        .map(Path::to_owned)
}

fn without_what_is_below(paths: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let is_below = |path: &Path| path.ancestors().skip(1).any(|above| paths.contains(above));
    paths.iter().filter(|path| !is_below(path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(paths: &[&str]) -> Vec<String> {
        let paths = paths.iter().map(PathBuf::from).collect();
        let outside_of_work = |directory: &Path| directory.starts_with("/work") && directory != Path::new("/work");
        let found = fold(&paths, outside_of_work);
        found.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_few_files_are_named_and_more_are_their_directory() {
        let few = ["/work/d/a", "/work/d/b", "/work/d/c"];
        assert_eq!(folded(&few), few);
        assert_eq!(
            folded(&["/work/d/a", "/work/d/b", "/work/d/c", "/work/d/d"]),
            ["/work/d"]
        );
    }

    #[test]
    fn what_lies_below_another_path_is_not_named() {
        assert_eq!(
            folded(&["/work/d", "/work/d/a", "/work/d/b/c", "/work/da"]),
            ["/work/d", "/work/da"]
        );
    }

    #[test]
    fn many_directories_are_the_one_that_they_are_in() {
        let each = ["w", "x", "y", "z"].map(|top| ["a", "b", "c", "d"].map(|name| format!("/work/d/{top}/{name}")));
        let all: Vec<&str> = each.iter().flatten().map(String::as_str).collect();
        assert_eq!(folded(&all), ["/work/d"]);
    }

    #[test]
    fn a_directory_that_may_not_stand_for_its_entries_never_does() {
        let inside = ["/work/a", "/work/b", "/work/c", "/work/d", "/work/e"];
        assert_eq!(folded(&inside), inside);
        let outside = ["/etc/a", "/etc/b", "/etc/c", "/etc/d"];
        assert_eq!(folded(&outside), outside);
        assert_eq!(
            folded(&["/work", "/work/a"]),
            ["/work"],
            "but it is named where it was used itself"
        );
    }

    fn path() -> impl Strategy<Value = PathBuf> {
        prop::collection::vec("[abcdef]", 1..5).prop_map(|parts| Path::new("/").join(parts.join("/")))
    }

    proptest! {
        #[test]
        fn everything_is_covered_and_nothing_is_wider_than_it_may_be(
            paths in prop::collection::btree_set(path(), 0..40),
            forbidden in prop::collection::btree_set(path(), 0..6),
        ) {
            let may = |directory: &Path| directory != Path::new("/") && !forbidden.contains(directory);
            let found = fold(&paths, may);
            for path in &paths {
                prop_assert!(found.iter().any(|by| path.starts_with(by)), "{path:?} is not covered by {found:?}");
            }
            for path in &found {
                let above = path.ancestors().skip(1).find(|above| found.contains(*above));
                prop_assert!(above.is_none(), "{path:?} lies below {above:?}");
                prop_assert!(paths.contains(path) || may(path), "{path:?} may not stand for its entries");
                prop_assert!(paths.iter().any(|used| used.starts_with(path)), "{path:?} is not needed");
            }
            prop_assert!(found.len() <= paths.len());
            prop_assert_eq!(&fold(&found, may), &found);
        }
    }
}
