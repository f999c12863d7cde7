//! A host that has no descriptor left for a moment is no reason to refuse a tool what it is allowed.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::descriptors::{is_shortage_error, went_without};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a call waits for the host to have a descriptor.
const LONGEST: Duration = Duration::from_secs(2);

/// Opens for a worker as soon as there is a descriptor for it, for as long as it is `wanted` and two seconds at most. It fails then as
/// what it is, and that is noted: runtimes turn it into other errors.
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
