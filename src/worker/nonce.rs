//! The secret of one call.
//!
//! A worker's answer counts only with the nonce of its call. It travels in the CALL frame alone, so nothing that runs
//! before the call (module scope, a timer of an earlier call) can have it, and argv and env never show it.

use std::fmt;

/// Letters that need no escape in JSON and in a URL; 64 of them, so that one random byte gives one letter without bias.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// 96 random bits as 16 ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A new one from the kernel's random source.
    pub fn generate() -> Result<Nonce, getrandom::Error> {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Nonce(bytes.map(|byte| ALPHABET[usize::from(byte & 63)])))
    }

    /// The characters.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether `given`, from an untrusted frame, is this nonce.
    pub fn matches(&self, given: &[u8; 16]) -> bool {
        self.0 == *given
    }
}

/// Never the characters: a nonce must not reach a log.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn is_ascii_that_json_carries_unescaped() {
        let nonce = Nonce::generate().unwrap();
        assert!(nonce.as_bytes().iter().all(|b| ALPHABET.contains(b)));
    }

    #[test]
    fn two_differ_and_only_the_same_matches() {
        let (a, b) = (Nonce::generate().unwrap(), Nonce::generate().unwrap());
        assert_ne!(a, b);
        assert!(a.matches(a.as_bytes()));
        assert!(!a.matches(b.as_bytes()));
    }

    #[test]
    fn debug_keeps_the_secret() {
        assert_eq!(format!("{:?}", Nonce::generate().unwrap()), "Nonce(..)");
    }
}
