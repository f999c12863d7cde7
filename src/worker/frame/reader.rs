//! Extracts frames from a stream whose chunks may end anywhere.

use super::decode::{FrameError, decode};
use super::from_worker::FromWorker;
use crate::worker::protocol::LENGTH_BYTES;

/// The buffer's initial size, to which it returns after a large frame.
const SMALL: usize = 64 * 1024;
/// An empty buffer above this size is released.
const LARGE: usize = 1024 * 1024;

/// Collects bytes and returns whole frames, each borrowed from the buffer. After an error it returns nothing more.
#[derive(Debug)]
pub struct FrameReader {
    /// Always initialised; `start..end` is what has arrived and was not returned yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    max: usize,
    broken: bool,
}

impl FrameReader {
    /// A reader that rejects frames of more than `max` bytes (kind and body); see [`max_frame`](super::max_frame).
    pub fn new(max: usize) -> FrameReader {
        FrameReader {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            max,
            broken: false,
        }
    }

    /// Adds bytes that were read elsewhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// At least `least` bytes to read into, to be followed by [`FrameReader::filled`]. This saves the copy that `push`
    /// makes.
    pub fn space(&mut self, least: usize) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > LARGE && least <= SMALL {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.len() - self.end < least {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            let needed = self.end + least;
            if self.buffer.len() < needed {
                self.buffer.resize(needed.max(self.buffer.len() * 2).max(SMALL), 0);
            }
        }
        &mut self.buffer[self.end..]
    }

    /// `count` bytes of [`FrameReader::space`] were written. A larger count is limited to the space.
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.buffer.len());
    }

    /// The next whole frame; `None` until more bytes come.
    #[expect(clippy::should_implement_trait, reason = "an Iterator cannot lend its items")]
    pub fn next(&mut self) -> Option<Result<FromWorker<'_>, FrameError>> {
        if self.broken {
            return None;
        }
        let (header, _) = self.buffer[self.start..self.end].split_first_chunk::<LENGTH_BYTES>()?;
        let length = u32::from_le_bytes(*header) as usize;
        if length > self.max {
            self.broken = true;
            return Some(Err(FrameError::TooLarge { length, max: self.max }));
        }
        let body = self.start + LENGTH_BYTES;
        if self.end - body < length {
            return None;
        }
        self.start = body + length;
        let decoded = decode(&self.buffer[body..body + length]);
        self.broken = decoded.is_err();
        Some(decoded)
    }

    /// Whether an unfinished frame is buffered: a channel that ends now ended inside a frame.
    pub fn is_inside_frame(&self) -> bool {
        self.start != self.end
    }
}

#[cfg(test)]
mod tests {
    use super::super::max_frame::max_frame;
    use super::super::worker_side::{OwnedFrame, any_frame};
    use super::*;
    use proptest::prelude::*;

    fn drain(reader: &mut FrameReader) -> Vec<Result<OwnedFrame, FrameError>> {
        let mut all = Vec::new();
        while let Some(frame) = reader.next() {
            all.push(frame.map(OwnedFrame::from));
        }
        all
    }

    #[test]
    fn refuses_a_length_over_its_cap_before_the_body_came() {
        let mut reader = FrameReader::new(100);
        reader.push(&101u32.to_le_bytes());
        assert_eq!(
            drain(&mut reader),
            [Err(FrameError::TooLarge { length: 101, max: 100 })]
        );
        reader.push(&[1, 0, 0, 0, 0x88]);
        assert_eq!(drain(&mut reader), [], "what follows a broken frame is not believed");
    }

    #[test]
    fn an_empty_frame_is_an_error() {
        let mut reader = FrameReader::new(100);
        reader.push(&[0; 4]);
        assert_eq!(drain(&mut reader), [Err(FrameError::Empty)]);
    }

    #[test]
    fn knows_that_the_channel_ended_inside_a_frame() {
        let mut reader = FrameReader::new(100);
        reader.push(&[1, 0, 0, 0]);
        assert_eq!(drain(&mut reader), []);
        assert!(reader.is_inside_frame());
        reader.push(&[0x88]);
        assert_eq!(drain(&mut reader), [Ok(OwnedFrame::Pong)]);
        assert!(!reader.is_inside_frame());
    }

    #[test]
    fn gives_a_large_buffer_back() {
        let mut reader = FrameReader::new(max_frame(0));
        let frame = OwnedFrame::Ready("x".repeat(3 * LARGE)).to_bytes();
        for piece in frame.chunks(SMALL) {
            reader.push(piece);
        }
        assert_eq!(drain(&mut reader).len(), 1);
        assert!(reader.space(1).len() <= SMALL);
    }

    proptest! {
        #[test]
        fn frames_cut_anywhere_read_back(frames in proptest::collection::vec(any_frame(), 0..12), cuts in proptest::collection::vec(1usize..200, 1..40), direct: bool) {
            let stream: Vec<u8> = frames.iter().flat_map(OwnedFrame::to_bytes).collect();
            let mut reader = FrameReader::new(max_frame(0));
            let mut read = Vec::new();
            let mut rest = &stream[..];
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                if direct {
                    reader.space(piece.len())[..piece.len()].copy_from_slice(piece);
                    reader.filled(piece.len());
                } else {
                    reader.push(piece);
                }
                read.extend(drain(&mut reader));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(read, frames.into_iter().map(Ok).collect::<Vec<_>>());
            prop_assert!(!reader.is_inside_frame());
        }

        #[test]
        fn any_bytes_in_any_pieces_never_panic(pieces in proptest::collection::vec(any::<Vec<u8>>(), 0..20), max in 0usize..300) {
            let mut reader = FrameReader::new(max);
            for piece in pieces {
                reader.push(&piece);
                let errors = drain(&mut reader).iter().filter(|frame| frame.is_err()).count();
                prop_assert!(errors <= 1);
            }
        }
    }
}
