//! Which of the names there are comes closest to one that is not.

/// Below this a name has so little in common with what was written that it would mislead.
const FAIR: f64 = 0.5;

/// The closest name, letter case aside; `None` when none is close.
pub fn nearest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(unknown, names)
        .filter(|(similarity, _)| *similarity >= FAIR)
        .map(|(_, name)| name)
}

/// The closest name, be it ever so far. `None` only when there are no names.
pub(crate) fn closest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(unknown, names).map(|(_, name)| name)
}

fn ranked<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<(f64, &'a str)> {
    // A name is short; of something long only the beginning is compared, as the comparison is quadratic.
    let unknown: String = unknown.chars().take(64).flat_map(char::to_lowercase).collect();
    let similarity = |name: &str| strsim::normalized_damerau_levenshtein(&unknown, &name.to_lowercase());
    names
        .into_iter()
        .map(|name| (similarity(name), name))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
}

#[cfg(test)]
mod tests {
    use super::{closest, nearest};

    #[test]
    fn the_closest_name_is_found_whatever_its_case() {
        let names = ["maxWorkers", "minWorkers", "maxQueue"];
        assert_eq!(nearest("MAXWORKER", names), Some("maxWorkers"));
        assert_eq!(nearest("min_workers", names), Some("minWorkers"));
        assert_eq!(nearest("queue", names), Some("maxQueue"));
        for unlike in ["cwd", "env", "x", "", &"x".repeat(100_000)] {
            assert_eq!(nearest(unlike, names), None, "{unlike:.9}");
            assert!(closest(unlike, names).is_some(), "{unlike:.9}");
        }
        assert_eq!(nearest("x", []), None);
    }
}
