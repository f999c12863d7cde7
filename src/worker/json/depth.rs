//! Determines how deep JSON text is nested, without parsing it.
//!
//! Every result is checked, so this processes 64 bytes at a time: a bit mask of the quotes shows which brackets are
//! inside of strings, and as long as even all opening brackets of a block could not exceed the limit, their order does
//! not matter.

pub use crate::worker::protocol::MAX_DEPTH;

const BLOCK: usize = 64;

/// Whether JSON text is nested deeper than [`MAX_DEPTH`].
pub fn is_too_deep(json: &str) -> bool {
    passes(json.as_bytes(), MAX_DEPTH)
}

fn passes(json: &[u8], limit: usize) -> bool {
    let mut scan = Scan::default();
    let (blocks, rest) = json.as_chunks::<BLOCK>();
    blocks
        .iter()
        .any(|block| !scan.skips(block, limit) && scan.reads(block, limit))
        || scan.reads(rest, limit)
}

#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    /// The previous byte was a backslash that escapes the next one.
    escaped: bool,
}

/// One bit for each byte of a block, the lowest bit for the first byte.
struct Masks {
    quotes: u64,
    opens: u64,
    closes: u64,
    backslashes: u64,
}

impl Scan {
    /// Processes a block as a whole. False, without any change, where it has to be processed byte by byte.
    fn skips(&mut self, block: &[u8; BLOCK], limit: usize) -> bool {
        if self.in_string && !self.escaped && is_plain(block) {
            return true;
        }
        let masks = masks(block);
        let (escaped, carries) = escaped(masks.backslashes, self.escaped);
        let carried = if self.in_string { u64::MAX } else { 0 };
        let inside = parity(masks.quotes & !escaped) ^ carried;
        // Outside of strings a backslash is not JSON and escapes nothing.
        if masks.backslashes & !inside != 0 {
            return false;
        }
        let opens = (masks.opens & !inside).count_ones() as usize;
        let closes = (masks.closes & !inside).count_ones() as usize;
        // Below zero the text is not JSON, which the parser will report; the order of brackets would matter then.
        if self.depth + opens > limit || self.depth < closes {
            return false;
        }
        self.depth = self.depth + opens - closes;
        self.in_string = inside >> (BLOCK - 1) == 1;
        self.escaped = carries;
        true
    }

    /// Processes byte by byte; returns whether the limit was exceeded.
    fn reads(&mut self, bytes: &[u8], limit: usize) -> bool {
        for &byte in bytes {
            if self.in_string {
                if std::mem::take(&mut self.escaped) {
                    continue;
                }
                match byte {
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'[' | b'{' => {
                    self.depth += 1;
                    if self.depth > limit {
                        return true;
                    }
                }
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        false
    }
}

/// The bytes that a preceding backslash escapes, and whether the last byte escapes the first one that follows.
/// `carried`: the first byte is escaped.
fn escaped(mut backslashes: u64, carried: bool) -> (u64, bool) {
    let mut escaped = u64::from(carried);
    backslashes &= !escaped;
    while backslashes != 0 {
        let next = (backslashes & backslashes.wrapping_neg()) << 1;
        if next == 0 {
            return (escaped, true);
        }
        escaped |= next;
        backslashes &= !(next | (next >> 1));
    }
    (escaped, false)
}

/// A bit is set where the number of set bits up to and including it is odd: from an opening quote to before its closing
/// one.
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(target_arch = "x86_64")]
fn masks(block: &[u8; BLOCK]) -> Masks {
    // SAFETY: every x86-64 processor has SSE2.
    unsafe { masks_sse2(block) }
}

/// The block as vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn lanes(block: &[u8; BLOCK]) -> [std::arch::x86_64::__m128i; BLOCK / 16] {
    std::array::from_fn(|index| {
        let half = |at: usize| i64::from_le_bytes(std::array::from_fn(|byte| block[at + byte]));
        std::arch::x86_64::_mm_set_epi64x(half(16 * index + 8), half(16 * index))
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn masks_sse2(block: &[u8; BLOCK]) -> Masks {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};

    let mut found = Masks::NONE;
    for (index, bytes) in lanes(block).into_iter().enumerate() {
        let is = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed()));
        let bits = |lane| u64::from(_mm_movemask_epi8(lane).cast_unsigned()) << (16 * index);
        found.quotes |= bits(is(b'"'));
        found.backslashes |= bits(is(b'\\'));
        found.opens |= bits(_mm_or_si128(is(b'['), is(b'{')));
        found.closes |= bits(_mm_or_si128(is(b']'), is(b'}')));
    }
    found
}

/// Whether the block neither ends a string nor escapes anything, as in most of a long text.
#[cfg(target_arch = "x86_64")]
fn is_plain(block: &[u8; BLOCK]) -> bool {
    // SAFETY: every x86-64 processor has SSE2.
    unsafe { is_plain_sse2(block) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn is_plain_sse2(block: &[u8; BLOCK]) -> bool {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128};

    let mut found = _mm_setzero_si128();
    let (quote, backslash) = (_mm_set1_epi8(b'"'.cast_signed()), _mm_set1_epi8(b'\\'.cast_signed()));
    for bytes in lanes(block) {
        let here = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        found = _mm_or_si128(found, here);
    }
    _mm_movemask_epi8(found) == 0
}

#[cfg(not(target_arch = "x86_64"))]
fn is_plain(block: &[u8; BLOCK]) -> bool {
    !block.iter().any(|byte| matches!(byte, b'"' | b'\\'))
}

#[cfg(not(target_arch = "x86_64"))]
fn masks(block: &[u8; BLOCK]) -> Masks {
    let mut found = Masks::NONE;
    for (index, byte) in block.iter().enumerate() {
        let bit = 1 << index;
        match byte {
            b'"' => found.quotes |= bit,
            b'\\' => found.backslashes |= bit,
            b'[' | b'{' => found.opens |= bit,
            b']' | b'}' => found.closes |= bit,
            _ => {}
        }
    }
    found
}

impl Masks {
    const NONE: Self = Self {
        quotes: 0,
        opens: 0,
        closes: 0,
        backslashes: 0,
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition: one byte after the other.
    fn passes_by_definition(json: &[u8], limit: usize) -> bool {
        Scan::default().reads(json, limit)
    }

    fn nested(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_not() {
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(is_too_deep(&r#"{"a":"#.repeat(MAX_DEPTH + 1)));
        assert!(!is_too_deep(&format!("[{}]", vec!["[[]]"; 5000].join(","))));
    }

    #[test]
    fn brackets_inside_of_strings_do_not_count() {
        let text = "[".repeat(MAX_DEPTH * 3);
        assert!(!is_too_deep(&format!(r#"["{text}"]"#)));
        assert!(!is_too_deep(&format!(r#"["\"{text}"]"#)));
        assert!(is_too_deep(&format!(r#"["\\",{text}"#)));
        // Closing brackets inside of strings do not reduce the depth.
        let hidden = r#"["]","#.repeat(MAX_DEPTH + 1);
        assert!(is_too_deep(&hidden));
    }

    proptest! {
        #[test]
        fn blocks_say_what_bytes_say(text in r#"[\[\]{}"\\a ]{0,700}"#, limit in 0usize..80) {
            prop_assert_eq!(passes(text.as_bytes(), limit), passes_by_definition(text.as_bytes(), limit));
        }

        #[test]
        fn any_text_may_come(text: String) {
            prop_assert!(!is_too_deep(&text));
        }
    }
}
