//! Asks about TCP sockets that no descriptor leads to: the kernel where it answers, and otherwise its lists.

use std::collections::BTreeSet;
use std::io;
use std::sync::OnceLock;

use super::connection::{Connection, ListeningPort};
use super::sock_diag::{Found, SockDiag};
use super::tcp_list::TcpList;

/// What is asked. It is opened for each look, because lists are of one moment.
#[derive(Debug)]
pub(crate) enum TcpSockets {
    Answered(SockDiag),
    Listed(TcpList),
}

impl TcpSockets {
    pub(crate) fn open() -> io::Result<Self> {
        // A kernel that cannot answer starts a program that looks for its module each time that it is asked.
        static ANSWERS: OnceLock<bool> = OnceLock::new();
        let diag = SockDiag::open()?;
        let answers = match ANSWERS.get() {
            Some(answers) => *answers,
            // An error says nothing about the machine, so it is not remembered.
            None => {
                let answers = diag.answers_tcp()?;
                *ANSWERS.get_or_init(|| answers)
            }
        };
        match answers {
            true => Ok(Self::Answered(diag)),
            false => TcpList::read().map(Self::Listed),
        }
    }

    /// The socket of this connection; `None` when it is over.
    pub(crate) fn connection(&self, of: &Connection) -> io::Result<Option<Found>> {
        match self {
            Self::Answered(diag) => diag.connection(of),
            Self::Listed(list) => Ok(list.connection(of)),
        }
    }

    /// Every connection at these ports, those that wait to be accepted included.
    pub(crate) fn at_ports(&self, ports: &BTreeSet<ListeningPort>, each: &mut impl FnMut(Found)) -> io::Result<()> {
        match self {
            Self::Answered(diag) => diag.at_ports(ports, each),
            Self::Listed(list) => {
                list.at_ports(ports, each);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::time::Duration;

    use super::*;

    type Open = fn() -> TcpSockets;
    const BOTH: [Open; 2] = [
        || TcpSockets::Answered(SockDiag::open().unwrap()),
        || TcpSockets::Listed(TcpList::read().unwrap()),
    ];

    fn connection(of: &TcpStream, family: i32) -> Connection {
        Connection {
            family: family as u8,
            ends: [of.local_addr().unwrap(), of.peer_addr().unwrap()],
            cookie: Some(rustix::net::sockopt::socket_cookie(of).unwrap()),
            inode: rustix::fs::fstat(of.as_fd()).unwrap().st_ino,
        }
    }

    /// Sends until the kernel takes nothing more.
    fn fill(stream: &mut TcpStream) -> u64 {
        stream.set_nonblocking(true).unwrap();
        let mut total = 0;
        while let Ok(count) = stream.write(&[1; 64 * 1024]) {
            total += count as u64;
        }
        total
    }

    #[test]
    fn what_a_closed_connection_and_one_that_nobody_accepts_hold_is_found() {
        for open in BOTH {
            for (address, family) in [("127.0.0.1:0", libc::AF_INET), ("[::1]:0", libc::AF_INET6)] {
                let listener = TcpListener::bind(address).unwrap();
                let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                let known = connection(&sender, family);
                let sent = fill(&mut sender);
                assert_eq!(open().connection(&known).unwrap().unwrap().inode, known.inode);
                drop(sender);
                let closed = open().connection(&known).unwrap().unwrap();
                assert_eq!(closed.inode, 0);
                let port = (family as u8, listener.local_addr().unwrap().port());
                let [mut waiting, mut again] = [0, 0];
                let one = BTreeSet::from([port]);
                open().at_ports(&one, &mut |found| waiting += found.bytes).unwrap();
                let several = BTreeSet::from([port, (family as u8, 1), (libc::AF_UNIX as u8, 0)]);
                open().at_ports(&several, &mut |found| again += found.bytes).unwrap();
                assert_eq!(again, waiting);
                assert!(closed.bytes > 0 && waiting > 0, "{closed:?} {waiting}");
                assert!(closed.bytes + waiting >= sent, "{closed:?} {waiting} {sent}");
                drop(listener);
                assert!(open().connection(&known).unwrap().is_none(), "reset with its server");
            }
        }
    }

    #[test]
    fn a_connection_to_an_ipv4_address_from_a_socket_of_ipv6_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let socket =
            rustix::net::socket(rustix::net::AddressFamily::INET6, rustix::net::SocketType::STREAM, None).unwrap();
        let mapped = std::net::SocketAddrV6::new(std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped(), at.port(), 0, 0);
        rustix::net::connect(&socket, &mapped).unwrap();
        let stream = TcpStream::from(socket);
        let known = connection(&stream, libc::AF_INET6);
        for open in BOTH {
            assert_eq!(open().connection(&known).unwrap().unwrap().inode, known.inode);
        }
    }

    #[test]
    fn a_closed_connection_without_data_is_over() {
        for open in BOTH {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let closed = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let _open = listener.accept().unwrap();
            let known = connection(&closed, libc::AF_INET);
            drop(closed);
            // The other end stays open, and acknowledges this one's end a moment later.
            let over = || open().connection(&known).unwrap().is_none();
            let waited = (0..1000)
                .take_while(|_| !over())
                .map(|_| std::thread::sleep(Duration::from_millis(5)));
            assert!(waited.count() < 1000);
        }
    }

    #[test]
    fn this_machine_answers_or_has_lists() {
        assert!(TcpSockets::open().is_ok());
    }
}
