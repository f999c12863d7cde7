//! The secret of one call.
//!
//! A worker's answer counts only with the nonce of its call. The nonce is sent in the CALL frame alone, so code that
//! runs before the call (module scope, a timer of an earlier call) cannot know it, and argv and env never contain it.

use std::cell::RefCell;
use std::fmt;

/// Characters that need no escape in JSON or in a URL. There are 64, so one random byte gives one character without
/// bias.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Random bytes are fetched for many nonces at once, because a system call for each would be a measurable part of a
/// call.
struct Pool {
    bytes: [u8; 64 * 16],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; 64 * 16], used: 64 * 16 }) };
}

impl Pool {
    fn take(&mut self) -> Result<[u8; 16], getrandom::Error> {
        if self.used == self.bytes.len() {
            getrandom::fill(&mut self.bytes)?;
            self.used = 0;
        }
        let mut taken = [0; 16];
        let fresh = &mut self.bytes[self.used..self.used + 16];
        taken.copy_from_slice(fresh);
        // Bytes that were handed out are erased here.
        fresh.fill(0);
        self.used += 16;
        Ok(taken)
    }
}

/// 96 random bits as 16 ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// Makes one from the kernel's random source.
    pub fn generate() -> Result<Nonce, getrandom::Error> {
        POOL.with_borrow_mut(Pool::take)
            .map(|bytes| Nonce(bytes.map(|byte| ALPHABET[usize::from(byte & 63)])))
    }

    /// Its characters.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether `given`, from an untrusted frame, is this nonce.
    pub fn matches(&self, given: &[u8; 16]) -> bool {
        self.0 == *given
    }
}

/// Prints no characters: a nonce must not reach a log.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

#[cfg(test)]
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
    fn debug_output_hides_the_secret() {
        assert_eq!(format!("{:?}", Nonce::generate().unwrap()), "Nonce(..)");
    }
}
