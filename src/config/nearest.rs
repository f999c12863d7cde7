//! Finds the existing name that is closest to an unknown one.

/// A name with a lower similarity has so little in common with the unknown one that it would mislead.
const FAIR: f64 = 0.5;

/// The closest name, ignoring case; `None` when none is close.
pub fn nearest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(unknown, names)
        .filter(|(similarity, _)| *similarity >= FAIR)
        .map(|(_, name)| name)
}

/// The closest name, however far. `None` only when there are no names.
pub(crate) fn closest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(unknown, names).map(|(_, name)| name)
}

fn ranked<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<(f64, &'a str)> {
    // Names are short, and the comparison is quadratic, so only the beginning of a long text is compared.
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
