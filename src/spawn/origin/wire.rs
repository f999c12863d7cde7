//! What a host and an origin send each other. Both run the same library, so nothing here has versions.

use std::io;
use std::mem::{size_of, size_of_val, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Asks an origin for a child; with the descriptors of `ForkFds`.
pub(super) const FORK: u8 = b'F';
/// Tells an origin what its children copy before they run: how long the runs are in bytes, and these follow.
pub(super) const AHEAD: u8 = b'A';
/// Lets a child run: how long the path of its temporary directory is, and that path follow; with one descriptor.
pub(super) const GO: u8 = b'G';
/// An origin's first answer: it serves.
pub(super) const SERVES: i32 = -1;
/// Bytes of GO before the path.
pub(super) const GO_HEAD: usize = 5;
/// The most descriptors in one message.
const MOST_FDS: usize = 5;
/// More epoll registrations and memory regions than an origin ever had.
const MOST_ENTRIES: usize = 64;
/// The most runs of pages that children copy. Those of a call are a few hundred.
pub(super) const MOST_RUNS: usize = 2048;

/// A descriptor that a process's event loop watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Registration {
    pub(super) fd: RawFd,
    pub(super) events: u32,
    pub(super) data: u64,
}

/// What the host found out about an origin, and its children need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setup {
    /// The host's process id.
    pub(super) host: i32,
    /// The descriptors of the event loop, and of the eventfd that wakes it.
    pub(super) epoll: RawFd,
    pub(super) wake: RawFd,
    pub(super) registered: Vec<Registration>,
    /// Regions of memory that a fork would leave out.
    pub(super) uncopied: Vec<(u64, u64)>,
}

/// Pages of an origin's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) from: u64,
    pub(super) to: u64,
    /// A child gets copies of its own of them, and otherwise the same ones.
    pub(super) write: bool,
}

impl Setup {
    /// Its length in bytes comes first.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut words = vec![self.host as u64, self.epoll as u64, self.wake as u64];
        words.push(self.registered.len() as u64);
        for one in &self.registered {
            words.extend([one.fd as u64, one.events.into(), one.data]);
        }
        words.push(self.uncopied.len() as u64);
        for (from, to) in &self.uncopied {
            words.extend([*from, *to]);
        }
        with_length(words)
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut words = words(bytes)?;
        let mut next = || words.next();
        let (host, epoll, wake) = (next()? as i32, next()? as RawFd, next()? as RawFd);
        let mut registered = Vec::new();
        for _ in 0..count(next()?, MOST_ENTRIES)? {
            registered.push(Registration {
                fd: next()? as RawFd,
                events: u32::try_from(next()?).ok()?,
                data: next()?,
            });
        }
        let mut uncopied = Vec::new();
        for _ in 0..count(next()?, MOST_ENTRIES)? {
            uncopied.push((next()?, next()?));
        }
        Some(Self {
            host,
            epoll,
            wake,
            registered,
            uncopied,
        })
    }
}

/// The runs of AHEAD. Their length in bytes comes first.
pub(super) fn encode_runs(runs: &[Run]) -> Vec<u8> {
    let words = runs.iter().flat_map(|run| [run.from, run.to, run.write.into()]);
    with_length(words.collect())
}

pub(super) fn decode_runs(bytes: &[u8]) -> Option<Vec<Run>> {
    let mut words = words(bytes)?;
    let mut runs = Vec::new();
    while let Some(from) = words.next() {
        let (to, write) = (words.next()?, words.next()? != 0);
        runs.push(Run { from, to, write });
    }
    (runs.len() <= MOST_RUNS).then_some(runs)
}

/// As bytes, with the number of bytes before them.
fn with_length(words: Vec<u64>) -> Vec<u8> {
    let length = (words.len() * size_of::<u64>()) as u64;
    [length].into_iter().chain(words).flat_map(u64::to_ne_bytes).collect()
}

fn words(bytes: &[u8]) -> Option<impl Iterator<Item = u64>> {
    let (eights, []) = bytes.as_chunks::<{ size_of::<u64>() }>() else {
        return None;
    };
    Some(eights.iter().map(|eight| u64::from_ne_bytes(*eight)))
}

fn count(number: u64, most: usize) -> Option<usize> {
    usize::try_from(number).ok().filter(|count| *count <= most)
}

/// Whether so many fit into a Setup.
pub(super) fn fits(entries: usize) -> bool {
    entries <= MOST_ENTRIES
}

/// GO for a child with this temporary directory.
pub(super) fn go(temporary: &[u8]) -> Vec<u8> {
    let length = u32::try_from(temporary.len()).unwrap_or(0);
    let mut message = vec![GO];
    message.extend(length.to_ne_bytes());
    message.extend(&temporary[..length as usize]);
    message
}

/// Sends bytes and descriptors as one message, entirely or not at all.
pub(super) fn send(channel: &OwnedFd, bytes: &[u8], fds: &[RawFd]) -> io::Result<()> {
    let mut control = [0u64; 8];
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    assert!(fds.len() <= MOST_FDS, "too many descriptors");
    let length = size_of_val(fds) as u32;
    // SAFETY: zeroed is a valid msghdr. It names `part` and `control`, which outlive the call, and the control buffer has room
    // for one header with MOST_FDS descriptors.
    let sent = unsafe {
        let mut message: libc::msghdr = zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(length) as _;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(length) as _;
        std::ptr::copy_nonoverlapping(fds.as_ptr(), libc::CMSG_DATA(header).cast::<RawFd>(), fds.len());
        libc::sendmsg(
            channel.as_raw_fd(),
            &raw const message,
            libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT,
        )
    };
    match usize::try_from(sent) {
        Ok(sent) if sent == bytes.len() => Ok(()),
        Ok(_) => Err(io::Error::from_raw_os_error(libc::EPIPE)),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// What `receive` got.
pub(super) enum Received {
    Message(Vec<OwnedFd>),
    Closed,
}

/// Fills the beginning of `bytes` with what has arrived, at least one byte, and takes the descriptors that came with it.
/// Fails with EAGAIN where nothing has arrived.
pub(super) fn receive(channel: RawFd, bytes: &mut [u8]) -> io::Result<(usize, Received)> {
    let mut control = [0u64; 8];
    let mut part = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: as in `send`; the kernel writes no more than the lengths that are given.
    let (got, fds) = unsafe {
        let mut message: libc::msghdr = zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control) as _;
        let got = libc::recvmsg(channel, &raw mut message, libc::MSG_CMSG_CLOEXEC);
        let mut fds = Vec::new();
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        let carries = |header: *const libc::cmsghdr| {
            (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS
        };
        if got > 0 && !header.is_null() && carries(header) {
            let count = ((*header).cmsg_len as usize - libc::CMSG_LEN(0) as usize) / size_of::<RawFd>();
            for index in 0..count {
                // The kernel just gave us this descriptor.
                let fd = libc::CMSG_DATA(header).cast::<RawFd>().add(index).read_unaligned();
                fds.push(OwnedFd::from_raw_fd(fd));
            }
        }
        (got, fds)
    };
    match usize::try_from(got) {
        Ok(0) => Ok((0, Received::Closed)),
        Ok(got) => Ok((got, Received::Message(fds))),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn descriptors_arrive_with_their_message() {
        let (one, other) = pair();
        let (read, write) = rustix::pipe::pipe().unwrap();
        send(&one, &go(b"/tmp/own"), &[write.as_raw_fd()]).unwrap();
        drop(write);
        let mut head = [0; GO_HEAD];
        let (got, Received::Message(fds)) = receive(other.as_raw_fd(), &mut head).unwrap() else {
            panic!("a message");
        };
        assert_eq!((got, head), (GO_HEAD, [GO, 8, 0, 0, 0]));
        rustix::io::write(&fds[0], b"x").unwrap();
        let mut byte = [0];
        assert_eq!(rustix::io::read(&read, &mut byte).unwrap(), 1);
        drop(one);
        let mut path = [0; 8];
        assert_eq!(receive(other.as_raw_fd(), &mut path).unwrap().0, 8);
        assert_eq!(&path, b"/tmp/own");
        assert!(matches!(
            receive(other.as_raw_fd(), &mut path).unwrap().1,
            Received::Closed
        ));
    }

    proptest! {
        #[test]
        fn a_setup_is_read_as_it_was_written(
            host in 2..i32::MAX,
            registered in proptest::collection::vec((0..99, any::<u32>(), any::<u64>()), 0..8),
            uncopied in proptest::collection::vec(any::<(u64, u64)>(), 0..8),
        ) {
            let registered = registered.into_iter().map(|(fd, events, data)| Registration { fd, events, data }).collect();
            let setup = Setup { host, epoll: 5, wake: 6, registered, uncopied };
            let bytes = setup.encode();
            prop_assert_eq!(u64::from_ne_bytes(bytes[..8].try_into().unwrap()) as usize, bytes.len() - 8);
            prop_assert_eq!(Setup::decode(&bytes[8..]), Some(setup));
        }

        #[test]
        fn runs_are_read_as_they_were_written(runs in proptest::collection::vec(any::<(u64, u64, bool)>(), 0..8)) {
            let runs: Vec<_> = runs.into_iter().map(|(from, to, write)| Run { from, to, write }).collect();
            prop_assert_eq!(decode_runs(&encode_runs(&runs)[8..]), Some(runs));
        }

        #[test]
        fn nothing_else_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Setup::decode(&bytes);
            let _ = decode_runs(&bytes);
        }
    }
}
