//! Parses socket addresses that a worker passes to the kernel. The bytes are untrusted.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The longest address the kernel takes (sockaddr_storage).
pub(in super::super) const LONGEST: usize = 128;

const AF_INET: u16 = libc::AF_INET as u16;
const AF_INET6: u16 = libc::AF_INET6 as u16;

/// The address is not a TCP address.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Unknown;

/// Parses sockaddr_in and sockaddr_in6. An IPv4-mapped IPv6 address becomes the IPv4 address.
pub(in super::super) fn parse(bytes: &[u8]) -> Result<SocketAddr, Unknown> {
    let family = u16::from_ne_bytes([*bytes.first().ok_or(Unknown)?, *bytes.get(1).ok_or(Unknown)?]);
    let port = u16::from_be_bytes([*bytes.get(2).ok_or(Unknown)?, *bytes.get(3).ok_or(Unknown)?]);
    let ip: IpAddr = match family {
        AF_INET if bytes.len() >= 16 => {
            let ip: [u8; 4] = bytes[4..8].try_into().map_err(|_| Unknown)?;
            ip.into()
        }
        AF_INET6 if bytes.len() >= 28 => {
            let ip: [u8; 16] = bytes[8..24].try_into().map_err(|_| Unknown)?;
            let ip = Ipv6Addr::from(ip);
            let scope = u32::from_ne_bytes(bytes[24..28].try_into().map_err(|_| Unknown)?);
            if scope != 0 && ip.to_ipv4_mapped().is_none() {
                return Ok(std::net::SocketAddrV6::new(ip, port, 0, scope).into());
            }
            ip.into()
        }
        _ => return Err(Unknown),
    };
    Ok(SocketAddr::new(ip.to_canonical(), port))
}

/// The address family.
pub(super) fn family(bytes: &[u8]) -> Option<i32> {
    Some(i32::from(u16::from_ne_bytes([*bytes.first()?, *bytes.get(1)?])))
}

/// The path of a unix socket's address; `None` for abstract and unnamed ones.
pub(super) fn unix_path(bytes: &[u8]) -> Option<&Path> {
    if family(bytes)? != libc::AF_UNIX {
        return None;
    }
    let path = bytes[2..].split(|byte| *byte == 0).next()?;
    (!path.is_empty()).then(|| Path::new(OsStr::from_bytes(path)))
}

/// The address of a unix socket at a path; `None` when the path is too long for one.
pub(super) fn of_unix(path: &[u8]) -> Option<Vec<u8>> {
    // sun_path includes the terminating zero.
    (path.len() < 108).then(|| [&(libc::AF_UNIX as u16).to_ne_bytes(), path, &[0]].concat())
}

/// Whether a netlink address asks for nothing that needs rights: the supervisor has more of those than a worker. A
/// worker may choose its own port id.
pub(super) fn plain_netlink(bytes: &[u8], connecting: bool) -> bool {
    let word = |at: usize| bytes.get(at..at + 4).map(|word| word.iter().all(|byte| *byte == 0));
    let (port, groups) = (word(4), word(8));
    family(bytes) == Some(libc::AF_NETLINK) && groups == Some(true) && (port == Some(true) || !connecting)
}

/// The bytes of an address for a socket of the given family; an IPv4 address is mapped for an IPv6 socket.
pub(in super::super) fn bytes_of(address: SocketAddr, family: i32) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(28);
    match (address.ip(), family) {
        (IpAddr::V4(ip), libc::AF_INET) => {
            bytes.extend(AF_INET.to_ne_bytes());
            bytes.extend(address.port().to_be_bytes());
            bytes.extend(ip.octets());
            bytes.extend([0; 8]);
        }
        (ip, libc::AF_INET6) => {
            let (ip, scope) = match (ip, address) {
                (IpAddr::V4(ip), _) => (ip.to_ipv6_mapped(), 0),
                (IpAddr::V6(ip), SocketAddr::V6(address)) => (ip, address.scope_id()),
                (IpAddr::V6(ip), SocketAddr::V4(_)) => (ip, 0),
            };
            bytes.extend(AF_INET6.to_ne_bytes());
            bytes.extend(address.port().to_be_bytes());
            bytes.extend([0; 4]);
            bytes.extend(ip.octets());
            bytes.extend(scope.to_ne_bytes());
        }
        _ => return None,
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mapped_ipv6_address_equals_its_ipv4_address() {
        let mapped: SocketAddr = "[::ffff:10.1.2.3]:443".parse().expect("an address");
        let plain: SocketAddr = "10.1.2.3:443".parse().expect("an address");
        let raw = bytes_of(mapped, libc::AF_INET6).expect("bytes");
        assert_eq!(parse(&raw), Ok(plain));
        assert_eq!(bytes_of(plain, libc::AF_INET6), Some(raw));
    }

    #[test]
    fn short_and_foreign_addresses_are_unknown() {
        assert_eq!(parse(&[]), Err(Unknown));
        assert_eq!(
            parse(&bytes_of("1.2.3.4:5".parse().expect("an address"), libc::AF_INET).expect("bytes")[..15]),
            Err(Unknown)
        );
        assert_eq!(
            parse(&[1, 0, b'/', b'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(Unknown)
        );
        assert_eq!(parse(&[0; 16]), Err(Unknown), "AF_UNSPEC takes a connection back");
    }

    #[test]
    fn only_a_unix_socket_with_a_path_has_one() {
        let unix = |path: &[u8]| [&(libc::AF_UNIX as u16).to_ne_bytes(), path].concat();
        assert_eq!(unix_path(&unix(b"/run/x.sock\0junk")), Some(Path::new("/run/x.sock")));
        assert_eq!(
            unix_path(&unix(b"x")),
            Some(Path::new("x")),
            "without a zero at its end"
        );
        for none in [unix(b"\0abstract"), unix(b""), vec![1], vec![], vec![2, 0, b'/', b'x']] {
            assert_eq!(unix_path(&none), None, "{none:?}");
        }
        assert_eq!(of_unix(b"/x").as_deref().and_then(unix_path), Some(Path::new("/x")));
        assert_eq!(of_unix(&[b'x'; 108]), None);
    }

    #[test]
    fn netlink_groups_and_foreign_ports_need_rights() {
        let netlink = |port: u32, groups: u32| {
            let mut bytes = vec![16, 0, 0, 0];
            bytes.extend(port.to_ne_bytes());
            bytes.extend(groups.to_ne_bytes());
            bytes
        };
        assert!(plain_netlink(&netlink(0, 0), true) && plain_netlink(&netlink(0, 0), false));
        assert!(plain_netlink(&netlink(7, 0), false) && !plain_netlink(&netlink(7, 0), true));
        assert!(!plain_netlink(&netlink(0, 1), false) && !plain_netlink(&netlink(0, 1), true));
        assert!(!plain_netlink(&netlink(0, 0)[..11], false) && !plain_netlink(&[2, 0], false));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(raw in proptest::collection::vec(any::<u8>(), 0..LONGEST)) {
            let (_, _, _) = (unix_path(&raw), plain_netlink(&raw, true), family(&raw));
            if let Ok(address) = parse(&raw) {
                prop_assert!(matches!(address.ip(), IpAddr::V4(_)) || address.ip().to_canonical() == address.ip());
            }
        }

        #[test]
        fn an_address_survives_its_bytes(ip in any::<u32>(), port in any::<u16>()) {
            let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::from(ip)), port);
            for family in [libc::AF_INET, libc::AF_INET6] {
                prop_assert_eq!(parse(&bytes_of(address, family).expect("bytes")), Ok(address));
            }
        }
    }
}
