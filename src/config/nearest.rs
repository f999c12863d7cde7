//! Which of the names there are comes closest to one that is not.

/// The closest name, letter case aside. `None` only when there are no names.
pub(crate) fn nearest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A name is short; of something long only the beginning is compared, as the comparison is quadratic.
    let unknown: String = unknown.chars().take(64).flat_map(char::to_lowercase).collect();
    names
        .into_iter()
        .map(|name| {
            (
                strsim::normalized_damerau_levenshtein(&unknown, &name.to_lowercase()),
                name,
            )
        })
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_closest_name_is_found_whatever_its_case() {
        let names = ["maxWorkers", "minWorkers", "maxQueue"];
        assert_eq!(nearest("MAXWORKER", names), Some("maxWorkers"));
        assert_eq!(nearest("min_workers", names), Some("minWorkers"));
        assert_eq!(nearest("queue", names), Some("maxQueue"));
        assert!(nearest(&"x".repeat(100_000), names).is_some());
        assert_eq!(nearest("x", []), None);
    }
}
