//! Durations as users write them: milliseconds as a number, or text such as "250ms", "1.5s" or "1m30s".

use std::time::Duration;

use super::user_value::UserValue;

/// The longest duration: a year. A longer one is surely a mistake, and sums of deadlines stay in range.
pub const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Whether a setting may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZeroAllowed {
    /// Zero is allowed.
    Yes,
    /// Zero is rejected.
    No,
}

/// Nanoseconds of each unit. "ms" comes before "m", because the first match is taken.
const UNITS: [(&str, u128); 4] = [
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The digits after the point that can matter: an hour has 3.6e12 nanoseconds.
const FRACTION_DIGITS: usize = 13;

/// The duration that a value means. An error continues the sentence "expected X to be ": it states what is valid, why
/// the value is not, and the value with its type.
pub fn parse_duration(given: &UserValue, zero: ZeroAllowed) -> Result<Duration, String> {
    let duration = match given {
        UserValue::Number(milliseconds) => from_milliseconds(*milliseconds),
        UserValue::Text(text) => from_text(text),
        _ => Err("it is neither a number nor text"),
    };
    let checked = duration.and_then(|duration| match (duration, zero) {
        (Duration::ZERO, ZeroAllowed::No) => Err("it is zero"),
        (duration, _) if duration > LONGEST => Err("it is longer than 365 days"),
        (duration, _) => Ok(duration),
    });
    checked.map_err(|reason| {
        let bound = match zero {
            ZeroAllowed::Yes => "not below 0",
            ZeroAllowed::No => "greater than 0",
        };
        format!(
            "a duration (milliseconds {bound}, or text such as \"250ms\", \"30s\" or \"1m30s\"), got {given}: {reason}"
        )
    })
}

fn from_milliseconds(milliseconds: f64) -> Result<Duration, &'static str> {
    if !milliseconds.is_finite() {
        return Err("it is not finite");
    }
    if milliseconds < 0.0 {
        return Err("it is negative");
    }
    // Whole milliseconds are converted first: a product with 1e6 or a quotient with 1e3 would round exact values.
    let whole = milliseconds.trunc();
    let nanoseconds = ((milliseconds - whole) * 1e6).round();
    if whole > LONGEST.as_millis() as f64 {
        return Err("it is longer than 365 days");
    }
    let duration = Duration::from_millis(whole as u64) + Duration::from_nanos(nanoseconds as u64);
    if duration.is_zero() && milliseconds > 0.0 {
        return Err("it is shorter than a nanosecond");
    }
    Ok(duration)
}

fn from_text(text: &str) -> Result<Duration, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with('-') {
        return Err("it is negative");
    }
    let mut rest = text;
    let mut sum: u128 = 0;
    while !rest.is_empty() {
        let (nanoseconds, after) = part(rest)?;
        sum = sum.checked_add(nanoseconds).ok_or("it is longer than 365 days")?;
        rest = after;
    }
    if sum > LONGEST.as_nanos() {
        return Err("it is longer than 365 days");
    }
    // In range by the check above: a year is 3e16 nanoseconds.
    Ok(Duration::from_nanos(sum as u64))
}

/// One number with its unit, and the text behind it.
fn part(text: &str) -> Result<(u128, &str), &'static str> {
    let (whole, rest) = digits(text);
    if whole.is_empty() {
        return Err("a number is expected where it has something else");
    }
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (fraction, rest) = digits(rest);
            if fraction.is_empty() {
                return Err("digits are expected behind the point");
            }
            (fraction, rest)
        }
        None => ("", rest),
    };
    let (unit, rest) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((*unit, rest.strip_prefix(name)?)))
        .ok_or("each number needs one of the units ms, s, m, h")?;
    let whole: u128 = whole.parse().map_err(|_| "it is longer than 365 days")?;
    let whole = whole.checked_mul(unit).ok_or("it is longer than 365 days")?;
    let fraction = &fraction[..fraction.len().min(FRACTION_DIGITS)];
    let scale = 10_u128.pow(fraction.len() as u32);
    let fraction: u128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().unwrap_or(0)
    };
    let nanoseconds = whole
        .checked_add(fraction * unit / scale)
        .ok_or("it is longer than 365 days")?;
    Ok((nanoseconds, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Milliseconds as JavaScript gets them: a whole number where possible.
pub(super) fn milliseconds(duration: Duration) -> UserValue {
    let whole = duration.as_millis() as f64;
    UserValue::Number(whole + f64::from(duration.subsec_nanos() % 1_000_000) / 1e6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str, zero: ZeroAllowed) -> Result<Duration, String> {
        parse_duration(&UserValue::Text(text.into()), zero)
    }

    #[test]
    fn durations_that_are() {
        let cases: [(&str, u64); 14] = [
            ("1ms", 1_000),
            ("250ms", 250_000),
            ("30s", 30_000_000),
            ("2m", 120_000_000),
            ("1h", 3_600_000_000),
            ("1m30s", 90_000_000),
            ("1h2m3s4ms", 3_723_004_000),
            ("30s1m", 90_000_000),
            ("1s1s", 2_000_000),
            ("1.5s", 1_500_000),
            ("0.25ms", 250),
            ("0.5h0.5m", 1_830_000_000),
            ("007s", 7_000_000),
            ("1.50000000000000000000000000000000000000000000s", 1_500_000),
        ];
        for (given, microseconds) in cases {
            assert_eq!(
                text(given, ZeroAllowed::No),
                Ok(Duration::from_micros(microseconds)),
                "{given}"
            );
        }
        for (given, nanoseconds) in [(1.0, 1_000_000), (0.5, 500_000), (86_400_000.25, 86_400_000_250_000)] {
            let duration = parse_duration(&UserValue::Number(given), ZeroAllowed::No);
            assert_eq!(duration, Ok(Duration::from_nanos(nanoseconds)), "{given}");
        }
        assert_eq!(text("365h", ZeroAllowed::No), Ok(Duration::from_secs(365 * 3600)));
        assert_eq!(text("8760h", ZeroAllowed::No), Ok(LONGEST));
    }

    #[test]
    fn text_that_is_no_duration() {
        let cases = [
            ("", "it is empty"),
            ("-1s", "it is negative"),
            ("+1s", "a number is expected"),
            (" 1s", "a number is expected"),
            ("1s ", "a number is expected"),
            ("1m 30s", "a number is expected"),
            ("1 s", "one of the units"),
            ("30", "one of the units"),
            ("1m30", "one of the units"),
            ("1S", "one of the units"),
            ("1us", "one of the units"),
            ("1d", "one of the units"),
            ("1e3ms", "one of the units"),
            ("s", "a number is expected"),
            (".5s", "a number is expected"),
            ("5.s", "behind the point"),
            ("1.2.3s", "one of the units"),
            ("NaN", "a number is expected"),
            ("Infinity", "a number is expected"),
            ("\u{661}s", "a number is expected"),
            ("0s", "it is zero"),
            ("0.0ms", "it is zero"),
            ("8760h1ms", "longer than 365 days"),
            ("99999999999999999999999999999999999999999999h", "longer than 365 days"),
            ("340282366920938463463374607431768211455ms", "longer than 365 days"),
            (
                "94522879700260684295381h94522879700260684295381h",
                "longer than 365 days",
            ),
        ];
        for (given, reason) in cases {
            let refusal = text(given, ZeroAllowed::No).expect_err(given);
            assert!(refusal.contains(reason), "{given}: {refusal}");
            assert!(
                refusal.contains(&format!("got {:?} (string)", given)),
                "{given}: {refusal}"
            );
        }
    }

    #[test]
    fn numbers_and_others_that_are_no_duration() {
        let cases = [
            (UserValue::Number(-1.0), "got -1 (number): it is negative"),
            (UserValue::Number(0.0), "got 0 (number): it is zero"),
            (UserValue::Number(-0.0), "(number): it is zero"),
            (UserValue::Number(f64::NAN), "got NaN (number): it is not finite"),
            (
                UserValue::Number(f64::INFINITY),
                "got Infinity (number): it is not finite",
            ),
            (UserValue::Number(1e12), "got 1000000000000 (number): it is longer"),
            (UserValue::Number(1e300), "it is longer"),
            (UserValue::Number(1e-12), "shorter than a nanosecond"),
            (UserValue::Null, "got null"),
            (UserValue::Bool(true), "got true (boolean)"),
            (UserValue::List(vec![]), "got [] (array)"),
        ];
        for (given, reason) in cases {
            let refusal = parse_duration(&given, ZeroAllowed::No).expect_err(reason);
            assert!(refusal.contains(reason), "{refusal}");
        }
    }

    #[test]
    fn zero_is_allowed_where_it_means_something() {
        for given in [
            UserValue::Number(0.0),
            UserValue::Text("0ms".into()),
            UserValue::Text("0h0s".into()),
        ] {
            assert_eq!(parse_duration(&given, ZeroAllowed::Yes), Ok(Duration::ZERO));
        }
        assert!(parse_duration(&UserValue::Number(-1.0), ZeroAllowed::Yes).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_duration_or_refused(given in any::<String>()) {
            let _ = text(&given, ZeroAllowed::Yes);
        }

        #[test]
        fn text_near_the_grammar_is_a_duration_or_refused(given in "([0-9]{0,45}\\.?[0-9]{0,45}(ms|s|m|h| )?){0,4}") {
            if let Ok(duration) = text(&given, ZeroAllowed::Yes) {
                prop_assert!(duration <= LONGEST);
            }
        }

        #[test]
        fn any_number_is_a_duration_or_refused(given in any::<f64>()) {
            if let Ok(duration) = parse_duration(&UserValue::Number(given), ZeroAllowed::No) {
                prop_assert!(!duration.is_zero() && duration <= LONGEST);
            }
        }

        #[test]
        fn milliseconds_read_back(whole in 1_u64..1_000_000_000, nanoseconds in 0_u64..1_000) {
            let duration = Duration::from_millis(whole - 1) + Duration::from_micros(nanoseconds + 1);
            prop_assert_eq!(parse_duration(&milliseconds(duration), ZeroAllowed::No), Ok(duration));
        }

        #[test]
        fn parts_add_up(hours in 0_u64..100, minutes in 0_u64..100, seconds in 0_u64..100, ms in 1_u64..2000) {
            let given = format!("{hours}h{minutes}m{seconds}s{ms}ms");
            let sum = Duration::from_millis(((hours * 60 + minutes) * 60 + seconds) * 1000 + ms);
            prop_assert_eq!(text(&given, ZeroAllowed::No), Ok(sum));
        }
    }
}
