//! Retries when the host is out of descriptors: a short shortage is no reason to refuse a tool what it is allowed.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::descriptors::{is_shortage_error, went_without};

/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a call waits at most for a free descriptor.
const LONGEST: Duration = Duration::from_secs(2);

/// Opens something for a worker as soon as a descriptor is free, while it is `wanted` and for two seconds at most.
/// After that it fails with the shortage's error, and the shortage is recorded, because runtimes turn it into other
/// errors.
pub(super) fn retry_while_short_of_descriptors<T>(
    worker: u32,
    mut open: impl FnMut() -> io::Result<T>,
    wanted: impl Fn() -> bool,
) -> io::Result<T> {
    let until = Instant::now() + LONGEST;
    loop {
        match open() {
            Err(error) if is_shortage_error(&error) && wanted() => {
                if Instant::now() >= until {
                    went_without(worker, error.raw_os_error().unwrap_or(libc::EMFILE));
                    return Err(error);
                }
                thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_shortage_is_waited_out_while_it_is_wanted() {
        let failed = |errno| Err::<&str, _>(io::Error::from_raw_os_error(errno));
        let left = Cell::new(2);
        let passes = || match left.replace(left.get() - 1) {
            0 => Ok("open"),
            _ => failed(libc::EMFILE),
        };
        assert_eq!(
            retry_while_short_of_descriptors(1, passes, || true).expect("room at the third try"),
            "open"
        );
        let error = retry_while_short_of_descriptors(1, || failed(libc::EMFILE), || false).expect_err("no room");
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        let error = retry_while_short_of_descriptors(1, || failed(libc::EBADF), || panic!("not asked"))
            .expect_err("no descriptor");
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }
}
