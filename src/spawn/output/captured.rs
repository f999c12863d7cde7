//! The beginning of a stream, kept for an error message; the rest is counted and dropped.

use super::redact;

/// Keeps the first bytes up to a cap.
#[derive(Debug)]
pub struct Captured {
    kept: Vec<u8>,
    cap: usize,
    dropped: u64,
}

impl Captured {
    /// Keeps at most `cap` bytes; memory is allocated as they come.
    pub fn new(cap: usize) -> Self {
        Self {
            kept: Vec::new(),
            cap,
            dropped: 0,
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = self.cap.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.dropped += (bytes.len() - room) as u64;
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Bytes that came after the cap was reached.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The kept text, at most `cap` bytes, without any of `values` that have 8 or more characters. Shorter values stay:
    /// they are words and numbers that the text contains for other reasons.
    pub fn redacted<S: AsRef<str>>(&self, values: &[S]) -> String {
        let secrets: Vec<&str> = values
            .iter()
            .map(AsRef::as_ref)
            .filter(|value| redact::is_secret(value))
            .collect();
        let mut text = redact::redact(&String::from_utf8_lossy(&self.kept), &secrets, self.dropped > 0);
        // A byte that is not UTF-8 became three.
        text.truncate(text.floor_char_boundary(self.cap));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_beginning_is_kept_and_the_rest_counted() {
        let mut captured = Captured::new(5);
        captured.push(b"abc");
        captured.push(b"defg");
        captured.push(b"h");
        assert_eq!(
            (captured.redacted::<&str>(&[]).as_str(), captured.dropped()),
            ("abcde", 3)
        );
    }

    #[test]
    fn a_limit_of_zero_keeps_nothing() {
        let mut captured = Captured::new(0);
        captured.push(b"abc");
        assert_eq!((captured.redacted::<&str>(&[]).as_str(), captured.dropped()), ("", 3));
    }

    #[test]
    fn short_values_stay() {
        let mut captured = Captured::new(100);
        captured.push(b"port 1234567 token 12345678");
        assert_eq!(
            captured.redacted(&["1234567", "12345678"]),
            "port 1234567 token [hidden]"
        );
    }

    #[test]
    fn a_value_cut_by_the_cap_is_hidden_too() {
        let mut captured = Captured::new(14);
        captured.push(b"token: supersecretvalue");
        assert_eq!(captured.redacted(&["supersecretvalue"]), "token: [hidden");
    }

    proptest! {
        #[test]
        fn never_more_than_the_cap(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..8), cap in 0_usize..60) {
            let mut captured = Captured::new(cap);
            for chunk in &chunks {
                captured.push(chunk);
            }
            let all: usize = chunks.iter().map(Vec::len).sum();
            prop_assert!(captured.redacted::<&str>(&[]).len() <= cap);
            prop_assert_eq!(captured.kept.len() as u64 + captured.dropped(), all as u64);
        }
    }
}
