//! The channel's frames, as bytes: pure, no I/O.
//!
//! A frame is `u32 LE length of what follows | u8 kind | body`. The channel is a stream socket, file descriptor 3 of the
//! worker. Payloads (input, config, env, results) are JSON text that is moved and never parsed here.
//!
//! | kind | direction | name | body |
//! |---|---|---|---|
//! | 0x01 | to worker | CALL | JSON `{c, n, t, x, a, e?, i?, g?, k?, s?, m?, l?}` |
//! | 0x02 | to worker | ABORT | JSON `{c, n, r, w?}` |
//! | 0x03 | to worker | PING | empty |
//! | 0x04 | to worker | END | empty |
//! | 0x81 | from worker | READY | JSON `{protocol, runtime, entryTable, ring, warmup, tools, origin?}` |
//! | 0x82 | from worker | LOAD_FAILED | JSON error |
//! | 0x83 | from worker | ENTERED | u32 call, 16 B nonce |
//! | 0x84 | from worker | RESULT | u32 call, 16 B nonce, u8 status, u8 retry, u32 retry after ms, text |
//! | 0x85 | from worker | PROGRESS | u32 call, 16 B nonce, JSON |
//! | 0x86 | from worker | LOG | u32 call (0 none), u8 stream, u8 level, f64 unix ms, text |
//! | 0x87 | from worker | ABORT_ACK | u32 call, 16 B nonce, u8 listens |
//! | 0x88 | from worker | PONG | empty |
//! | 0x89 | from worker | LEAVING | u32 call, 16 B nonce |
//! | 0x8a | from worker | PRINTED | empty: there are frames in the ring |
//! | 0x8b | from worker | MISSED | u32 call (0 none), 16 B nonce, names of variables, one a line |
//! | 0x8c | from worker | WANTS | `host:port` that is about to be connected to |
//! | 0x8d | from worker | READS | name of a variable of the host that was read, while a manager learns |
//!
//! The numbers are those of `template/protocol.mjs`.

mod decode;
mod encode;
mod from_worker;
mod max_frame;
mod origin_ready;
mod reader;
mod ready;
#[cfg(test)]
pub mod worker_side;

pub use decode::FrameError;
pub use encode::{AbortReason, CallFrame, TooLong, append_abort, append_end, append_ping};
pub use from_worker::{FromWorker, Level, LogFrame, ResultFrame, Retry, Status, Stream};
pub use max_frame::max_frame;
pub use origin_ready::OriginReady;
pub use reader::FrameReader;
pub use ready::{NotReady, Ready};

#[cfg(test)]
mod tests {
    use crate::worker::protocol;

    /// The tables of kinds in this file's head and in docs/protocol.md.
    #[test]
    fn the_tables_of_frames_have_the_kinds_of_the_protocol() {
        let constants: Vec<(u8, String)> = include_str!("../template/protocol.mjs")
            .lines()
            .filter_map(|line| line.strip_prefix("export const ")?.split_once(" = 0x"))
            .filter(|(_, digits)| digits.len() == 2)
            .map(|(name, digits)| (u8::from_str_radix(digits, 16).expect("two digits"), name.to_owned()))
            .collect();
        assert!(
            constants.contains(&(protocol::MISSED, "MISSED".to_owned())),
            "{constants:?}"
        );
        for (file, text) in [
            ("frame/mod.rs", include_str!("mod.rs")),
            ("docs/protocol.md", include_str!("../../../docs/protocol.md")),
        ] {
            let mut listed: Vec<(u8, String)> = text
                .lines()
                .filter_map(|line| line.trim_start_matches("//! ").strip_prefix("| 0x"))
                .map(|row| {
                    let cells: Vec<_> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
                    (u8::from_str_radix(cells[0], 16).expect("a kind"), cells[2].to_owned())
                })
                .collect();
            listed.sort();
            assert_eq!(listed, constants, "{file}");
        }
    }
}
