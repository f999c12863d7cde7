//! Decodes a worker's frames. The bytes come from a process that runs untrusted code, so anything may arrive.

use super::from_worker::{FromWorker, Level, LogFrame, ResultFrame, Retry, Status, Stream};
use super::max_frame::max_frame;
use crate::worker::protocol::{self, level};

/// Bytes that are not a frame. The error is fatal for the channel: after a wrong frame the next one can neither be
/// found nor trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length is 0, so there is not even a kind.
    #[error("an empty frame")]
    Empty,
    /// The length exceeds the cap.
    #[error("a frame of {length} bytes where {max} are allowed")]
    TooLarge {
        /// The announced length.
        length: usize,
        /// The reader's cap.
        max: usize,
    },
    /// No worker frame has this kind.
    #[error("unknown frame kind {0:#04x}")]
    Kind(u8),
    /// The body ends inside its fixed fields, or continues after them.
    #[error("a frame of kind {kind:#04x} with a body of {length} bytes")]
    Length {
        /// The frame's kind.
        kind: u8,
        /// Its body's length.
        length: usize,
    },
    /// A field has a value that its table does not list.
    #[error("the {field} of a frame is {value}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// The field's value.
        value: u8,
    },
    /// The text is not UTF-8.
    #[error("a frame of kind {0:#04x} whose text is not UTF-8")]
    Utf8(u8),
}

/// Decodes what follows the length field.
pub(super) fn decode(frame: &[u8]) -> Result<FromWorker<'_>, FrameError> {
    let (&kind, body) = frame.split_first().ok_or(FrameError::Empty)?;
    let mut fields = Fields {
        kind,
        length: body.len(),
        rest: body,
    };
    let decoded = match kind {
        protocol::READY => FromWorker::Ready { json: fields.text()? },
        protocol::LOAD_FAILED => FromWorker::LoadFailed { json: fields.text()? },
        protocol::ENTERED => FromWorker::Entered {
            call: fields.u32()?,
            nonce: fields.take()?,
        },
        protocol::RESULT => FromWorker::Result(result(&mut fields)?),
        protocol::PROGRESS => FromWorker::Progress {
            call: fields.u32()?,
            nonce: fields.take()?,
            json: fields.text()?,
        },
        // The worker cuts longer entries. As JSON a line can be six times as long, and a host's strings are limited.
        protocol::LOG if frame.len() > max_frame(0) => {
            return Err(FrameError::TooLarge {
                length: frame.len(),
                max: max_frame(0),
            });
        }
        protocol::LOG => FromWorker::Log(log(&mut fields)?),
        protocol::ABORT_ACK => FromWorker::AbortAck {
            call: fields.u32()?,
            nonce: fields.take()?,
            listens: fields.listed("listens", &[(0, false), (1, true)])?,
        },
        protocol::PONG => FromWorker::Pong,
        protocol::PRINTED => FromWorker::Printed,
        protocol::MISSED => FromWorker::Missed {
            call: fields.u32()?,
            nonce: fields.take()?,
            names: fields.text()?,
        },
        protocol::WANTS => FromWorker::Wants { place: fields.text()? },
        protocol::READS => FromWorker::Reads { name: fields.text()? },
        protocol::LEAVING => FromWorker::Leaving {
            call: fields.u32()?,
            nonce: fields.take()?,
        },
        unknown => return Err(FrameError::Kind(unknown)),
    };
    fields.end()?;
    Ok(decoded)
}

fn result<'a>(fields: &mut Fields<'a>) -> Result<ResultFrame<'a>, FrameError> {
    use {Retry::*, Status::*};
    Ok(ResultFrame {
        call: fields.u32()?,
        nonce: fields.take()?,
        status: fields.listed(
            "status",
            &[
                Value,
                Undefined,
                Threw,
                NotFound,
                InputInvalid,
                OutputInvalid,
                OutputTooLarge,
                OtherGroup,
            ]
            .map(|status| (status as u8, status)),
        )?,
        retry: fields.listed(
            "retry",
            &[Unsaid, Retryable, NotRetryable].map(|retry| (retry as u8, retry)),
        )?,
        retry_after_ms: Some(fields.u32()?).filter(|&ms| ms != protocol::NO_RETRY_AFTER),
        text: fields.text()?,
    })
}

fn log<'a>(fields: &mut Fields<'a>) -> Result<LogFrame<'a>, FrameError> {
    use Level::*;
    Ok(LogFrame {
        call: Some(fields.u32()?).filter(|&call| call != 0),
        stream: fields.listed(
            "stream",
            &[Stream::Stdout, Stream::Stderr].map(|stream| (stream as u8, stream)),
        )?,
        level: match fields.take()? {
            [level::RAW] => None,
            [value] => Some(one_of(
                "level",
                value,
                &[Debug, Info, Log, Warn, Error].map(|level| (level as u8, level)),
            )?),
        },
        time: f64::from_le_bytes(fields.take()?),
        bytes: std::mem::take(&mut fields.rest),
    })
}

fn one_of<T: Copy>(field: &'static str, value: u8, table: &[(u8, T)]) -> Result<T, FrameError> {
    table
        .iter()
        .find(|(listed, _)| *listed == value)
        .map(|(_, meaning)| *meaning)
        .ok_or(FrameError::Field { field, value })
}

/// Takes the fields of one body from its front.
struct Fields<'a> {
    kind: u8,
    length: usize,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn wrong_length(&self) -> FrameError {
        FrameError::Length {
            kind: self.kind,
            length: self.length,
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.wrong_length())?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, FrameError> {
        self.take().map(u32::from_le_bytes)
    }

    fn listed<T: Copy>(&mut self, field: &'static str, table: &[(u8, T)]) -> Result<T, FrameError> {
        let [value] = self.take()?;
        one_of(field, value, table)
    }

    fn text(&mut self) -> Result<&'a str, FrameError> {
        str::from_utf8(std::mem::take(&mut self.rest)).map_err(|_| FrameError::Utf8(self.kind))
    }

    fn end(&self) -> Result<(), FrameError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.wrong_length())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_unknown_kinds_and_statuses() {
        assert_eq!(decode(&[]), Err(FrameError::Empty));
        assert_eq!(decode(&[0x01, b'{', b'}']), Err(FrameError::Kind(1)));
        assert_eq!(decode(&[0x88, 0]), Err(FrameError::Length { kind: 0x88, length: 1 }));
        assert_eq!(decode(&[0x83, 0, 0]), Err(FrameError::Length { kind: 0x83, length: 2 }));
        assert_eq!(decode(&[0x81, 0xff]), Err(FrameError::Utf8(0x81)));
        let mut ack = vec![0x87];
        ack.extend_from_slice(&[0; 20]);
        ack.push(2);
        assert_eq!(
            decode(&ack),
            Err(FrameError::Field {
                field: "listens",
                value: 2
            })
        );
    }

    #[test]
    fn a_raw_write_may_hold_any_bytes() {
        let mut frame = vec![0x86, 0, 0, 0, 0, 2, 0];
        frame.extend_from_slice(&1.5f64.to_le_bytes());
        frame.extend_from_slice(&[b'a', 0xff]);
        let Ok(FromWorker::Log(log)) = decode(&frame) else {
            panic!("not a log")
        };
        assert_eq!(
            (log.call, log.stream, log.level, log.time),
            (None, Stream::Stderr, None, 1.5)
        );
        assert_eq!((log.bytes, log.text().as_ref()), (&[b'a', 0xff][..], "a\u{fffd}"));
    }

    #[test]
    fn a_line_is_never_longer_than_a_workers_longest() {
        let log = |length: usize| {
            let mut frame = vec![protocol::LOG, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            frame.resize(length, b'x');
            frame
        };
        assert!(decode(&log(max_frame(0))).is_ok());
        let (length, max) = (max_frame(0) + 1, max_frame(0));
        assert_eq!(decode(&log(length)), Err(FrameError::TooLarge { length, max }));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(kind in prop_oneof![any::<u8>(), 0x80u8..=0x8f], body: Vec<u8>) {
            let mut frame = vec![kind];
            frame.extend_from_slice(&body);
            let _ = decode(&frame);
        }
    }
}
