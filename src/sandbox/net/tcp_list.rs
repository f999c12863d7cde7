//! TCP sockets as /proc/net/tcp and tcp6 list them, for machines whose kernel has no `tcp_diag` and cannot load it. The lists tell how many
//! bytes of data wait, which is less than the memory that they take.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::{fs, io};

use super::connection::{Connection, ListeningPort};
use super::sock_diag::{Found, padded};

/// The states TIME_WAIT, CLOSE, LISTEN and NEW_SYN_RECV, which hold no data.
const WITHOUT_DATA: [u8; 4] = [6, 7, 10, 12];

/// An address of a socket's family, in 16 bytes, and a port.
type End = ([u8; 16], u16);

/// What the lists said at one moment.
#[derive(Debug)]
pub(crate) struct TcpList(HashMap<(u8, [End; 2]), Found>);

impl TcpList {
    pub(super) fn read() -> io::Result<Self> {
        let mut all = HashMap::new();
        add(&mut all, libc::AF_INET as u8, &fs::read_to_string("/proc/net/tcp")?);
        // A kernel without IPv6 has no list of it.
        let six = fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
        add(&mut all, libc::AF_INET6 as u8, &six);
        Ok(Self(all))
    }

    /// The socket of this connection; `None` when it is over.
    pub(super) fn connection(&self, of: &Connection) -> Option<Found> {
        let ends = of.ends.map(|end| (padded(end.ip(), of.family), end.port()));
        self.0.get(&(of.family, ends)).copied()
    }

    /// Every connection at these ports, those that wait to be accepted included.
    pub(super) fn at_ports(&self, ports: &BTreeSet<ListeningPort>, each: &mut impl FnMut(Found)) {
        let here = self
            .0
            .iter()
            .filter(|((family, _), found)| ports.contains(&(*family, found.port)));
        here.for_each(|(_, found)| each(*found));
    }
}

/// The first line names the columns.
fn add(all: &mut HashMap<(u8, [End; 2]), Found>, family: u8, list: &str) {
    all.extend(list.lines().skip(1).filter_map(|line| {
        let (ends, found) = parse(line, family)?;
        Some(((family, ends), found))
    }));
}

/// `sl local remote state tx:rx timer retransmit uid timeout inode`. `None` for what holds no data.
fn parse(line: &str, family: u8) -> Option<([End; 2], Found)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let ends = [end(fields.get(1)?, family)?, end(fields.get(2)?, family)?];
    if WITHOUT_DATA.contains(&u8::from_str_radix(fields.get(3)?, 16).ok()?) {
        return None;
    }
    let (sent, received) = fields.get(4)?.split_once(':')?;
    let bytes = |hex| u64::from_str_radix(hex, 16).ok();
    let found = Found {
        inode: fields.get(9)?.parse().ok()?,
        port: ends[0].1,
        bytes: bytes(sent)? + bytes(received)?,
    };
    // What is left of a closed connection after its last data is listed for a minute.
    (found.inode != 0 || found.bytes != 0).then_some((ends, found))
}

/// `0100007F:CA6C`: words of an address, each as this machine reads its four bytes, and the port.
fn end(text: &str, family: u8) -> Option<End> {
    let (address, port) = text.split_once(':')?;
    let mut bytes = [0; 16];
    let words = address.len() / 8;
    if !address.is_ascii() || address.len() != words * 8 || words > 4 {
        return None;
    }
    for (at, place) in bytes.chunks_exact_mut(4).take(words).enumerate() {
        let word = u32::from_str_radix(&address[at * 8..at * 8 + 8], 16).ok()?;
        place.copy_from_slice(&word.to_ne_bytes());
    }
    let ip = match words {
        1 => IpAddr::from(<[u8; 4]>::try_from(&bytes[..4]).ok()?),
        4 => IpAddr::from(bytes),
        _ => return None,
    };
    Some((padded(ip, family), u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn of(line: &str, family: i32) -> Option<([End; 2], Found)> {
        parse(line, family as u8)
    }

    #[test]
    fn a_line_is_read() {
        let line = "   1: 0100007F:CA6C 0200007F:0050 01 00000010:00034200 02:000004E2 00000000     0        0 225904 2 0000000000000000 20";
        // The words are in this machine's order.
        let ip = |last: u8| {
            if cfg!(target_endian = "little") {
                [127, 0, 0, last]
            } else {
                [last, 0, 0, 127]
            }
        };
        let (ends, found) = of(line, libc::AF_INET).expect("a connection");
        let address = |last| padded(IpAddr::from(ip(last)), libc::AF_INET as u8);
        assert_eq!(ends, [(address(1), 0xca6c), (address(2), 80)]);
        assert_eq!((found.inode, found.port, found.bytes), (225_904, 0xca6c, 0x34210));
    }

    #[test]
    fn what_holds_no_data_and_what_is_no_line_is_left_out() {
        for state in ["06", "07", "0A", "0C"] {
            let line = format!("1: 0100007F:CA6C 0100007F:0050 {state} 00000001:00000000 00:0 0 0 0 7");
            assert!(of(&line, libc::AF_INET).is_none(), "{state}");
        }
        for line in [
            "",
            "1:",
            "1: 0100007F 0100007F:0050 01 1:0 0 0 0 0 7",
            "1: é100007F:1 0100007F:0050 01 1:0 0 0 0 0 7",
            "1: 01:1 01:2 01 1:0 0 0 0 0 7",
        ] {
            assert!(of(line, libc::AF_INET).is_none(), "{line}");
        }
        let mut all = HashMap::new();
        add(&mut all, libc::AF_INET as u8, COLUMNS);
        assert!(all.is_empty());
    }

    proptest! {
        #[test]
        fn any_address_and_port_are_read_as_they_are_listed(bytes: [u8; 16], port: u16, six: bool) {
            let words = bytes.chunks_exact(4).take(if six { 4 } else { 1 });
            let listed: String = words.map(|word| format!("{:08X}", u32::from_ne_bytes(word.try_into().unwrap()))).collect();
            let (family, ip) = match six {
                true => (libc::AF_INET6 as u8, IpAddr::from(bytes)),
                false => (libc::AF_INET as u8, IpAddr::from(<[u8; 4]>::try_from(&bytes[..4]).unwrap())),
            };
            prop_assert_eq!(end(&format!("{listed}:{port:04X}"), family), Some((padded(ip, family), port)));
        }

        #[test]
        fn no_line_is_a_reason_to_panic(line in "[0-9A-F: é]{0,200}|.{0,200}") {
            let _ = (parse(&line, libc::AF_INET as u8), parse(&line, libc::AF_INET6 as u8));
        }
    }
}
