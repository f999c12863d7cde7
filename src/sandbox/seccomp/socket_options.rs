//! The socket options that a worker may set, as data.
//!
//! The supervisor checks where a socket connects, but options can redirect what is sent: routing headers and IP options
//! name other hosts on the way, others choose the interface or the source, delay the connection, or give the socket
//! another protocol. Every kernel adds new ones, so the allowed ones are listed here: what runtimes, libraries and
//! common clients set, and nothing that needs a capability. (The sizes of buffers: `hidden_memory.rs`.) The list is the same for every policy, except for fast
//! open: no tool needs more options with more network. The numbers are the same on x86-64 and 64-bit Arm.
//!
//! A filter cannot read control messages of sendmsg. On a TCP socket, which is the only kind where a supervisor checks,
//! the kernel takes none that redirect anything: it reads those of SOL_SOCKET only. (Tried: routing and hop-by-hop
//! headers, source addresses and IP options were sent along with data, on connections and with fast open, and none was
//! in a packet.)

use super::row::{Answer, AppliesWhen, Row, Test, on, row};

const EPERM: Answer = Answer::Errno(libc::EPERM);

const SOL_SOCKET: u32 = 1;
const IPPROTO_IP: u32 = 0;
const IPPROTO_TCP: u32 = 6;
const IPPROTO_UDP: u32 = 17;
const IPPROTO_IPV6: u32 = 41;
const SOL_NETLINK: u32 = 270;

const OF_SOCKET: &[u32] = &[
    2,  // SO_REUSEADDR: every server
    6,  // SO_BROADCAST: UDP
    9,  // SO_KEEPALIVE: every client
    10, // SO_OOBINLINE: telnet, ftp
    13, // SO_LINGER: resets, both runtimes
    15, // SO_REUSEPORT: servers in several processes
    16, // SO_PASSCRED: who is at the other end of a unix socket
    18, // SO_RCVLOWAT
    20, // SO_RCVTIMEO: time limits of libraries
    21, // SO_SNDTIMEO
    29, // SO_TIMESTAMP: ping, ntp
    66, // SO_RCVTIMEO_NEW: the same with 64-bit time
    67, // SO_SNDTIMEO_NEW
];

const OF_IP: &[u32] = &[
    1,  // IP_TOS: ssh, both runtimes
    2,  // IP_TTL: dgram's setTTL
    8,  // IP_PKTINFO: asks where a datagram was sent to; Bun's UDP
    10, // IP_MTU_DISCOVER: QUIC
    11, // IP_RECVERR: Bun's UDP
    12, // IP_RECVTTL: ping
    13, // IP_RECVTOS: QUIC
    24, // IP_BIND_ADDRESS_NO_PORT: clients with a local address
    32, // IP_MULTICAST_IF: from here on multicast, which the kernel refuses on TCP sockets
    33, // IP_MULTICAST_TTL
    34, // IP_MULTICAST_LOOP
    35, // IP_ADD_MEMBERSHIP
    36, // IP_DROP_MEMBERSHIP
    39, // IP_ADD_SOURCE_MEMBERSHIP
    40, // IP_DROP_SOURCE_MEMBERSHIP
    49, // IP_MULTICAST_ALL
];

const OF_TCP: &[u32] = &[
    1,  // TCP_NODELAY: every client
    3,  // TCP_CORK: Bun's servers
    4,  // TCP_KEEPIDLE: keep-alive of both runtimes, curl, libpq, redis
    5,  // TCP_KEEPINTVL
    6,  // TCP_KEEPCNT
    9,  // TCP_DEFER_ACCEPT: Bun's servers
    12, // TCP_QUICKACK
    18, // TCP_USER_TIMEOUT: libpq, redis, gRPC
    25, // TCP_NOTSENT_LOWAT: HTTP/2
];

/// Used when every address is allowed.
const OF_TCP_EVERYWHERE: &[u32] = &[
    1, 3, 4, 5, 6, 9, 12, 18, 25, // as above
    23, // TCP_FASTOPEN: servers that take data with the first packet
    30, // TCP_FASTOPEN_CONNECT: curl --tcp-fastopen
];

const OF_UDP: &[u32] = &[
    103, // UDP_SEGMENT: QUIC
    104, // UDP_GRO
];

const OF_IPV6: &[u32] = &[
    16, // IPV6_UNICAST_HOPS: dgram's setTTL
    17, // IPV6_MULTICAST_IF
    18, // IPV6_MULTICAST_HOPS
    19, // IPV6_MULTICAST_LOOP
    20, // IPV6_ADD_MEMBERSHIP
    21, // IPV6_DROP_MEMBERSHIP
    23, // IPV6_MTU_DISCOVER: QUIC
    25, // IPV6_RECVERR: Bun's UDP
    26, // IPV6_V6ONLY: every server
    46, // MCAST_JOIN_SOURCE_GROUP: dgram's addSourceSpecificMembership
    47, // MCAST_LEAVE_SOURCE_GROUP
    49, // IPV6_RECVPKTINFO: Bun's UDP
    51, // IPV6_RECVHOPLIMIT: ping
    66, // IPV6_RECVTCLASS: Bun's UDP
    67, // IPV6_TCLASS: ssh, both runtimes
];

const OF_NETLINK: &[u32] = &[
    11, // NETLINK_EXT_ACK: ip
    12, // NETLINK_GET_STRICT_CHK: ip
];

macro_rules! of_level {
    ($applies:ident, $level:ident, $options:ident, $reason:literal) => {
        row!(AppliesWhen::$applies, EPERM, ["setsockopt"] if [on(1, Test::Is($level)), on(2, Test::NoneOf($options))], $reason)
    };
}

/// The rows about socket options.
pub(super) const ROWS: &[Row] = &[
    of_level!(
        ConnectionsChecked,
        IPPROTO_TCP,
        OF_TCP,
        "fast open, repair, protocols on top and signatures get around what was checked at connect"
    ),
    of_level!(
        NetFree,
        IPPROTO_TCP,
        OF_TCP_EVERYWHERE,
        "repair, protocols on top and signatures are the machine's administration"
    ),
    of_level!(
        Everyone,
        SOL_SOCKET,
        OF_SOCKET,
        "interfaces, marks and filters of one's own"
    ),
    of_level!(
        Everyone,
        IPPROTO_IPV6,
        OF_IPV6,
        "routing headers, other extension headers, sources and interfaces of one's own"
    ),
    of_level!(
        Everyone,
        IPPROTO_IP,
        OF_IP,
        "IP options, which name routers; transparent and foreign sources"
    ),
    of_level!(Everyone, IPPROTO_UDP, OF_UDP, "encapsulation of other protocols"),
    of_level!(
        Everyone,
        SOL_NETLINK,
        OF_NETLINK,
        "watches what the machine's network does"
    ),
    row!(AppliesWhen::Everyone, EPERM, ["setsockopt"] if [on(1, Test::NoneOf(
        &[SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, SOL_NETLINK]))],
        "protocols that no tool's socket has"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_redirect_a_socket_are_not_listed() {
        for (listed, refused) in [
            (
                OF_SOCKET,
                &[
                    libc::SO_BINDTODEVICE,
                    libc::SO_MARK,
                    libc::SO_ATTACH_FILTER,
                    libc::SO_ATTACH_BPF,
                ][..],
            ),
            (
                OF_IP,
                &[
                    libc::IP_OPTIONS,
                    libc::IP_TRANSPARENT,
                    libc::IP_FREEBIND,
                    libc::IP_UNICAST_IF,
                ],
            ),
            (
                OF_TCP,
                &[
                    libc::TCP_FASTOPEN,
                    libc::TCP_FASTOPEN_CONNECT,
                    libc::TCP_ULP,
                    libc::TCP_REPAIR,
                    libc::TCP_MD5SIG,
                ],
            ),
            (
                OF_IPV6,
                &[
                    libc::IPV6_RTHDR,
                    libc::IPV6_HOPOPTS,
                    libc::IPV6_DSTOPTS,
                    libc::IPV6_RTHDRDSTOPTS,
                    libc::IPV6_PKTINFO,
                    libc::IPV6_NEXTHOP,
                    libc::IPV6_ADDRFORM,
                ],
            ),
        ] {
            for option in refused {
                assert!(!listed.contains(&(*option as u32)), "{option}");
            }
        }
    }

    #[test]
    fn the_whole_network_has_the_other_options_of_tcp_and_fast_open() {
        let more: Vec<&u32> = OF_TCP_EVERYWHERE
            .iter()
            .filter(|option| !OF_TCP.contains(option))
            .collect();
        assert_eq!(
            more,
            [&(libc::TCP_FASTOPEN as u32), &(libc::TCP_FASTOPEN_CONNECT as u32)]
        );
        assert!(OF_TCP.iter().all(|option| OF_TCP_EVERYWHERE.contains(option)));
    }

    #[test]
    fn numbers_are_those_of_the_libc_crate() {
        for (listed, options) in [
            (
                OF_SOCKET,
                &[
                    libc::SO_REUSEADDR,
                    libc::SO_KEEPALIVE,
                    libc::SO_LINGER,
                    libc::SO_REUSEPORT,
                    libc::SO_RCVTIMEO,
                ][..],
            ),
            (
                OF_IP,
                &[
                    libc::IP_TOS,
                    libc::IP_TTL,
                    libc::IP_PKTINFO,
                    libc::IP_ADD_MEMBERSHIP,
                    libc::IP_BIND_ADDRESS_NO_PORT,
                ],
            ),
            (
                OF_TCP,
                &[
                    libc::TCP_NODELAY,
                    libc::TCP_CORK,
                    libc::TCP_KEEPIDLE,
                    libc::TCP_KEEPINTVL,
                    libc::TCP_KEEPCNT,
                    libc::TCP_DEFER_ACCEPT,
                    libc::TCP_QUICKACK,
                    libc::TCP_USER_TIMEOUT,
                    libc::TCP_NOTSENT_LOWAT,
                ],
            ),
            (OF_UDP, &[libc::UDP_SEGMENT, libc::UDP_GRO]),
            (
                OF_IPV6,
                &[
                    libc::IPV6_V6ONLY,
                    libc::IPV6_UNICAST_HOPS,
                    libc::IPV6_RECVPKTINFO,
                    libc::IPV6_TCLASS,
                    libc::IPV6_ADD_MEMBERSHIP,
                ],
            ),
        ] {
            for option in options {
                assert!(listed.contains(&(*option as u32)), "{option}");
            }
        }
    }
}
