//! Values other than durations: numbers with bounds, file modes, switches, words, paths and lists of text.
//!
//! Each function returns the value, or the end of a sentence that begins "expected X to be ".

use std::ops::RangeInclusive;

use super::settings::Count;
use super::user_value::UserValue;

/// The most processes of a manager; a larger number is a typing error.
pub(super) const MOST_WORKERS: u64 = 10_000;
/// The largest memory limit in MiB (1 PiB): the bytes of it, with the tolerance above it, stay in range.
pub(super) const MOST_MEMORY_MB: u64 = 1 << 30;
/// The largest result or capture in bytes (1 GiB): the length of a frame has 32 bits, and V8's longest string is even
/// shorter.
pub(super) const MOST_BYTES: u64 = 1 << 30;
/// The largest whole number that a JavaScript number represents exactly.
pub(super) const MOST_EXACT: u64 = (1 << 53) - 1;

/// A whole number within bounds.
pub(super) fn integer(given: &UserValue, bounds: RangeInclusive<u64>) -> Result<u64, String> {
    whole(given, &bounds).ok_or_else(|| {
        let (least, most) = (bounds.start(), bounds.end());
        format!("a whole number from {least} to {most}, got {given}")
    })
}

/// A whole number that may be `Infinity`.
pub(super) fn count(given: &UserValue, least: u64) -> Result<Count, String> {
    if *given == UserValue::Number(f64::INFINITY) {
        return Ok(Count::Infinite);
    }
    whole(given, &(least..=MOST_EXACT))
        .map(Count::Limited)
        .ok_or_else(|| format!("a whole number not below {least}, or Infinity, got {given}"))
}

fn whole(given: &UserValue, bounds: &RangeInclusive<u64>) -> Option<u64> {
    let UserValue::Number(number) = given else {
        return None;
    };
    if number.fract() != 0.0 || *number < 0.0 || *number > MOST_EXACT as f64 {
        return None;
    }
    // Whole and in range by the checks above, so the cast is exact.
    Some(*number as u64).filter(|number| bounds.contains(number))
}

/// A file mode: permission bits only, and the owner must be able to read.
pub(super) fn mode(given: &UserValue) -> Result<u32, String> {
    let refused = |reason: &str| {
        format!("a file mode from 0o000 to 0o777 that lets its owner read, such as 0o600, got {given}{reason}")
    };
    let mode = whole(given, &(0..=0o777)).ok_or_else(|| refused(&meant_mode(given)))?;
    if mode & 0o400 == 0 {
        return Err(refused(&format!(": with {mode:#05o} the owner cannot read the file")));
    }
    // At most 0o777.
    Ok(mode as u32)
}

/// A mode as chmod has it, written without the `0o`: its digits are read as octal.
fn meant_mode(given: &UserValue) -> String {
    let digits = match given {
        UserValue::Number(number) if number.fract() == 0.0 => number.to_string(),
        UserValue::Text(text) => text.trim_start_matches("0o").to_owned(),
        _ => return String::new(),
    };
    match u32::from_str_radix(&digits, 8) {
        Ok(mode) if mode <= 0o777 && mode & 0o400 != 0 => format!(": did you mean {mode:#05o}?"),
        _ => String::new(),
    }
}

/// `true` or `false`.
pub(super) fn switch(given: &UserValue) -> Result<bool, String> {
    match given {
        UserValue::Bool(value) => Ok(*value),
        _ => Err(format!("true or false, got {given}")),
    }
}

/// One of a few words; returns the value listed with it.
pub(super) fn choice<T: Copy>(given: &UserValue, words: &[(&str, T)]) -> Result<T, String> {
    let found = match given {
        UserValue::Text(text) => words.iter().find(|(word, _)| word == text),
        _ => None,
    };
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("{}, got {given}", words.join(" or "))
    })
}

/// A path. An empty one means "not set", as in a resolved configuration.
pub(super) fn path(given: &UserValue) -> Result<Option<String>, String> {
    match given {
        UserValue::Text(text) if text.contains('\0') => {
            Err(format!("a path, got {given}: it contains a NUL character"))
        }
        UserValue::Text(text) if text.is_empty() => Ok(None),
        UserValue::Text(text) => Ok(Some(text.clone())),
        _ => Err(format!("a path (string), got {given}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_within_bounds() {
        assert_eq!(integer(&UserValue::Number(1.0), 1..=5), Ok(1));
        assert_eq!(integer(&UserValue::Number(5.0), 1..=5), Ok(5));
        assert_eq!(
            integer(&UserValue::Number(MOST_EXACT as f64), 0..=u64::MAX),
            Ok(MOST_EXACT)
        );
        let refused = [
            0.0,
            6.0,
            -1.0,
            1.5,
            f64::NAN,
            f64::INFINITY,
            1e300,
            9_007_199_254_740_992.0,
        ];
        for number in refused {
            assert!(integer(&UserValue::Number(number), 1..=5).is_err(), "{number}");
        }
        let refusal = integer(&UserValue::Text("3".into()), 1..=5);
        assert_eq!(refusal, Err("a whole number from 1 to 5, got \"3\" (string)".into()));
    }

    #[test]
    fn counts_may_be_infinite() {
        assert_eq!(count(&UserValue::Number(f64::INFINITY), 1), Ok(Count::Infinite));
        assert_eq!(count(&UserValue::Number(0.0), 0), Ok(Count::Limited(0)));
        for refused in [
            UserValue::Number(0.0),
            UserValue::Number(f64::NEG_INFINITY),
            UserValue::Number(f64::NAN),
            UserValue::Null,
        ] {
            let refusal = count(&refused, 1).expect_err("refused");
            assert_eq!(
                refusal,
                format!("a whole number not below 1, or Infinity, got {refused}")
            );
        }
    }

    #[test]
    fn modes_let_the_owner_read() {
        for good in [0o400, 0o600, 0o644, 0o777] {
            assert_eq!(mode(&UserValue::Number(f64::from(good))), Ok(good));
        }
        let refusal = mode(&UserValue::Number(f64::from(0o077))).expect_err("refused");
        assert!(
            refusal.ends_with("got 63 (number): with 0o077 the owner cannot read the file"),
            "{refusal}"
        );
        for bad in [
            UserValue::Number(512.0),
            UserValue::Number(-1.0),
            UserValue::Number(384.5),
            UserValue::Text("0600".into()),
        ] {
            assert!(mode(&bad).is_err(), "{bad}");
        }
        for (meant, given) in [
            ("0o600", UserValue::Number(600.0)),
            ("0o644", UserValue::Number(644.0)),
            ("0o600", UserValue::Text("0600".into())),
            ("0o755", UserValue::Text("0o755".into())),
        ] {
            let refusal = mode(&given).expect_err("refused");
            assert!(refusal.ends_with(&format!(": did you mean {meant}?")), "{refusal}");
        }
        for unlike in [
            UserValue::Number(888.0),
            UserValue::Number(-600.0),
            UserValue::Number(1777.0),
            UserValue::Text("rw".into()),
        ] {
            let refusal = mode(&unlike).expect_err("refused");
            assert!(!refusal.contains("did you mean"), "{refusal}");
        }
    }

    #[test]
    fn words_are_exact() {
        let words = [("required", 1), ("off", 2)];
        assert_eq!(choice(&UserValue::Text("off".into()), &words), Ok(2));
        for bad in ["Off", "off ", "", "none"] {
            let refusal = choice(&UserValue::Text(bad.into()), &words);
            assert_eq!(refusal, Err(format!("\"required\" or \"off\", got {bad:?} (string)")));
        }
        assert!(choice(&UserValue::Bool(false), &words).is_err());
    }

    #[test]
    fn paths_and_switches() {
        assert_eq!(path(&UserValue::Text("a/b".into())), Ok(Some("a/b".into())));
        assert_eq!(path(&UserValue::Text(String::new())), Ok(None));
        assert!(path(&UserValue::Text("a\0b".into())).is_err());
        assert_eq!(
            path(&UserValue::Number(1.0)),
            Err("a path (string), got 1 (number)".into())
        );
        assert_eq!(switch(&UserValue::Bool(false)), Ok(false));
        assert_eq!(
            switch(&UserValue::Text("true".into())),
            Err("true or false, got \"true\" (string)".into())
        );
    }
}
