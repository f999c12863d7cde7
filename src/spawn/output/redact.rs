//! Hides secret values in a text. All occurrences are found in the original first, because hiding one value must not
//! leave the rest of another one that overlaps it.

/// As short as the shortest hidden value, so that a text never grows.
const MARK: &str = "[hidden]";
/// A value with fewer characters is not considered a secret.
const SHORTEST_SECRET: usize = 8;
/// At the end of a cut text, the beginning of a value is hidden if it has at least this many bytes.
const SHORTEST_BEGINNING: usize = 4;

pub(super) fn is_secret(value: &str) -> bool {
    value.chars().count() >= SHORTEST_SECRET
}

/// `cut` says that the text was cut at its end, where a value may have been cut in two.
pub(super) fn redact(text: &str, secrets: &[&str], cut: bool) -> String {
    let mut places = Vec::new();
    for secret in secrets {
        places.extend(occurrences(text, secret));
        if cut && let Some(start) = beginning_at_end(text, secret) {
            places.push((start, text.len()));
        }
    }
    places.sort_unstable();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in places {
        if start >= at {
            shown.push_str(&text[at..start]);
            shown.push_str(MARK);
        }
        at = at.max(end);
    }
    shown.push_str(&text[at..]);
    shown
}

/// Includes overlapping occurrences.
fn occurrences<'a>(text: &'a str, secret: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let step = secret.chars().next().map_or(1, char::len_utf8);
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(secret)?;
        from = start + step;
        Some((start, start + secret.len()))
    })
}

fn beginning_at_end(text: &str, secret: &str) -> Option<usize> {
    // The last character may itself have been cut, and then appears as U+FFFD.
    let text = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    let longest = secret.len().min(text.len());
    (SHORTEST_BEGINNING..=longest)
        .rev()
        .filter(|&length| secret.is_char_boundary(length))
        .find(|&length| text.ends_with(&secret[..length]))
        .map(|length| text.len() - length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn overlapping_values_leave_nothing() {
        assert_eq!(
            redact("x abcdefghijkl y", &["abcdefgh", "efghijkl"], false),
            "x [hidden] y"
        );
        assert_eq!(redact("aaaaaaaaaaaa", &["aaaaaaaa"], false), "[hidden]");
    }

    #[test]
    fn a_value_inside_another_is_hidden_with_it() {
        assert_eq!(redact("-abcdefghij-", &["cdefghij", "abcdefghij"], false), "-[hidden]-");
    }

    #[test]
    fn only_a_cut_text_hides_a_beginning() {
        assert_eq!(redact("say secr", &["secretvalue"], false), "say secr");
        assert_eq!(redact("say secr", &["secretvalue"], true), "say [hidden]");
        assert_eq!(
            redact("say s\u{e9}c\u{fffd}", &["s\u{e9}c\u{e9}cr\u{e9}t"], true),
            "say [hidden]"
        );
    }

    proptest! {
        #[test]
        fn no_value_can_be_read(text in "[ab]{0,80}", secrets in prop::collection::vec("[ab]{8,10}", 0..4), cut in any::<bool>()) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let shown = redact(&text, &secrets, cut);
            for secret in &secrets {
                prop_assert!(!shown.contains(secret), "{secret} in {shown}");
            }
        }

        #[test]
        fn without_values_nothing_changes(text in "\\PC{0,40}", cut in any::<bool>()) {
            prop_assert_eq!(redact(&text, &[], cut), text);
        }

        #[test]
        fn any_text_and_value_are_taken(text in "\\PC{0,40}", secret in "\\PC{8,12}", cut in any::<bool>()) {
            redact(&text, &[&secret], cut);
        }
    }
}
