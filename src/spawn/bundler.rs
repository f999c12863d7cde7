//! Reads the whole answer of a process that answers once and ends, within a time and a size limit.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, retry_on_intr};

/// Reads the channel to its end. Output on the pipes is read and discarded, because a full pipe would block the
/// process. `None` when the time or the size limit is exceeded or the channel breaks. The caller kills the process.
pub fn collect(channel: &OwnedFd, printed: [OwnedFd; 2], longest: Duration, largest: usize) -> Option<Vec<u8>> {
    let deadline = Instant::now() + longest;
    let mut printed: Vec<OwnedFd> = printed.into();
    let mut answer = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let left = deadline.checked_duration_since(Instant::now())?;
        let left = Timespec::try_from(left).ok()?;
        let mut watched = vec![PollFd::new(channel, PollFlags::IN)];
        watched.extend(printed.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        if retry_on_intr(|| poll(&mut watched, Some(&left))).ok()? == 0 {
            return None;
        }
        drop(watched);
        printed.retain(|pipe| !matches!(take(pipe, &mut chunk), Ok(Some(0)) | Err(_)));
        match take(channel, &mut chunk).ok()? {
            Some(0) => return Some(answer),
            Some(count) if answer.len() + count > largest => return None,
            Some(count) => answer.extend_from_slice(&chunk[..count]),
            None => {}
        }
    }
}

/// The number of bytes read, 0 at the end of the stream; `None` when there is nothing yet.
fn take(fd: &OwnedFd, chunk: &mut [u8]) -> Result<Option<usize>, Errno> {
    match retry_on_intr(|| read(fd, &mut *chunk)) {
        Ok(count) => Ok(Some(count)),
        Err(Errno::AGAIN) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    /// The reading ends of a channel and two pipes, and the writing ends.
    fn ends() -> (OwnedFd, [OwnedFd; 2], [UnixStream; 3]) {
        let pair = || {
            let (ours, theirs) = UnixStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            (OwnedFd::from(ours), theirs)
        };
        let [(channel, a), (out, b), (err, c)] = [pair(), pair(), pair()];
        (channel, [out, err], [a, b, c])
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn the_whole_reply_is_read_whatever_is_printed() {
        let (channel, printed, [mut writer, mut out, err]) = ends();
        let writer = thread::spawn(move || {
            drop(err);
            out.write_all(&vec![b'x'; 1_000_000]).unwrap();
            writer.write_all(&vec![b'y'; 1_000_000]).unwrap();
        });
        let answer = collect(&channel, printed, LONG, 1_000_000).unwrap();
        writer.join().unwrap();
        assert_eq!(answer, vec![b'y'; 1_000_000]);
    }

    #[test]
    fn a_reply_that_is_too_long_or_empty_is_rejected() {
        let (channel, printed, [mut writer, ..]) = ends();
        writer.write_all(b"12345").unwrap();
        assert_eq!(collect(&channel, printed, LONG, 4), None);
        let (channel, printed, _silent) = ends();
        assert_eq!(collect(&channel, printed, Duration::from_millis(1), 4), None);
    }
}
