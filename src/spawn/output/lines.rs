//! Cuts a byte stream into lines of text, wherever its chunks begin and end.

use std::borrow::Cow;

/// A longer line is emitted in pieces, so that a line without an end needs bounded memory.
const LONGEST_PIECE: usize = 1024 * 1024;
/// A UTF-8 character has at most this many bytes.
const LONGEST_CHARACTER: usize = 4;

/// Splits at `\n` and drops a `\r` before it. Invalid UTF-8 becomes U+FFFD; a character that arrives in two chunks
/// stays whole, also where a long line is cut.
#[derive(Debug)]
pub struct LineSplitter {
    pending: Vec<u8>,
    longest: usize,
}

impl Default for LineSplitter {
    fn default() -> Self {
        Self::with_longest(LONGEST_PIECE)
    }
}

impl LineSplitter {
    /// Pieces have at most 1 MiB.
    pub fn new() -> Self {
        Self::default()
    }

    fn with_longest(longest: usize) -> Self {
        Self {
            pending: Vec::new(),
            longest,
        }
    }

    /// Takes the next bytes; `emit` gets each line that they complete.
    pub fn push(&mut self, mut chunk: &[u8], mut emit: impl FnMut(Cow<'_, str>)) {
        while let Some(end) = chunk.iter().position(|&byte| byte == b'\n') {
            let (line, rest) = (&chunk[..end], &chunk[end + 1..]);
            chunk = rest;
            if self.pending.is_empty() && line.len() <= self.longest {
                // The usual case: nothing is copied.
                emit(String::from_utf8_lossy(without_return(line)));
            } else {
                self.hold(line, &mut emit);
                emit(String::from_utf8_lossy(without_return(&self.pending)));
                self.pending.clear();
            }
        }
        self.hold(chunk, &mut emit);
    }

    /// The stream has ended, or nobody waits any longer: `emit` gets the rest of an unfinished line.
    pub fn flush(&mut self, emit: impl FnOnce(Cow<'_, str>)) {
        if !self.pending.is_empty() {
            emit(String::from_utf8_lossy(&self.pending));
            // The line may have been long, so its memory is released.
            self.pending = Vec::new();
        }
    }

    /// Adds to the pending line, and emits pieces of it while it is too long.
    fn hold(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Cow<'_, str>)) {
        while self.pending.len() + bytes.len() > self.longest {
            let (now, later) = bytes.split_at(self.longest - self.pending.len());
            self.pending.extend_from_slice(now);
            bytes = later;
            let cut = character_boundary(&self.pending);
            emit(String::from_utf8_lossy(&self.pending[..cut]));
            self.pending.drain(..cut);
        }
        self.pending.extend_from_slice(bytes);
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where to cut so that an incomplete character at the end stays whole. Never 0 for a full piece.
fn character_boundary(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(LONGEST_CHARACTER - 1).max(1);
    for start in (tail..bytes.len()).rev() {
        let length = match bytes[start] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if bytes.len() - start < length {
            start
        } else {
            bytes.len()
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(longest: usize, chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = LineSplitter::with_longest(longest);
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.push(chunk, |line| lines.push(line.into_owned()));
            assert!(splitter.pending.len() <= longest);
        }
        splitter.flush(|line| lines.push(line.into_owned()));
        lines
    }

    #[test]
    fn lines_over_chunks() {
        assert_eq!(
            split(100, &[b"on", b"e\ntwo\r", b"\n\nthr", b"ee"]),
            ["one", "two", "", "three"]
        );
    }

    #[test]
    fn a_character_in_two_chunks_stays_whole() {
        assert_eq!(split(100, &[b"\xf0\x9f", b"\x8e\x89!\n"]), ["\u{1f389}!"]);
    }

    #[test]
    fn a_long_line_comes_in_pieces_of_whole_characters() {
        assert_eq!(
            split(5, &["aa\u{e9}\u{e9}\u{e9}b".as_bytes()]),
            ["aa\u{e9}", "\u{e9}\u{e9}b"]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(split(100, &[b"a\xffb\n\xe2\x82"]), ["a\u{fffd}b", "\u{fffd}"]);
    }

    #[test]
    fn one_line_without_end_keeps_memory_bounded() {
        let mut splitter = LineSplitter::new();
        let mut bytes = 0;
        for _ in 0..48 {
            splitter.push(&[b'x'; 65_536], |piece| {
                assert!(piece.len() <= LONGEST_PIECE);
                bytes += piece.len();
            });
            assert!(splitter.pending.capacity() <= 2 * LONGEST_PIECE);
        }
        splitter.flush(|piece| bytes += piece.len());
        assert_eq!(bytes, 48 * 65_536);
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing(text in "[a-c\u{e9}\u{20ac}\u{1f389}\n]{0,60}", cuts in prop::collection::vec(1_usize..7, 1..40)) {
            let bytes = text.as_bytes();
            let mut chunks = Vec::new();
            let mut at = 0;
            for cut in cuts.iter().cycle() {
                if at >= bytes.len() { break; }
                let end = (at + cut).min(bytes.len());
                chunks.push(&bytes[at..end]);
                at = end;
            }
            prop_assert_eq!(split(1000, &chunks), split(1000, &[bytes]));
            let whole: Vec<String> = text.lines().map(str::to_owned).collect();
            prop_assert_eq!(split(1000, &chunks), whole);
        }

        #[test]
        fn pieces_put_together_are_the_line(text in "[a\u{e9}\u{20ac}\u{1f389}]{1,60}", longest in 4_usize..20) {
            let pieces = split(longest, &[text.as_bytes()]);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= longest));
            prop_assert_eq!(pieces.concat(), text);
        }

        #[test]
        fn any_bytes_are_taken(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12), longest in 4_usize..16) {
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            split(longest, &chunks);
        }
    }
}
