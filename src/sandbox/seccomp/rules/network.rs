//! Sockets and connections.

use super::super::row::AppliesWhen::*;
use super::super::row::{Answer, Reported, Row, Test, on, row};
use super::errno::EACCES;

const AF_UNIX: u32 = 1;
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const AF_NETLINK: u32 = 16;
const SOCK_STREAM: u32 = 1;
/// Messages over a connection. Like streams they cannot be sent elsewhere: the kernel takes no address with them.
const SOCK_SEQPACKET: u32 = 5;
const SOCK_DGRAM: u32 = 2;
const SOCK_RAW: u32 = 3;
/// The type of a socket without SOCK_CLOEXEC and SOCK_NONBLOCK.
const SOCK_TYPE: u32 = 0xf;
const IPPROTO_TCP: u32 = 6;
const IPPROTO_MPTCP: u32 = 262;
const MSG_FASTOPEN: u32 = 0x2000_0000;

pub(super) const ROWS: &[Row] = &[
    row!(NetDenied, EACCES, ["socket"], "no network"),
    row!(
        NetDenied,
        EACCES,
        ["connect", "bind", "listen", "accept", "accept4"],
        "no network, also on inherited sockets"
    ),
    row!(NetDenied, EACCES, ["sendto"] if [on(4, Test::NotNull)], "an address makes it a connection"),
    row!(NetSupervised, EACCES, ["socket"] if [on(0, Test::NoneOf(&[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK]))],
        "only what the supervisor can check"),
    row!(NetSupervised, EACCES, ["socket"] if [on(0, Test::Is(AF_UNIX)), on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM]))],
        "a datagram carries its address where it cannot be checked"),
    row!(NetSupervised, EACCES, ["socket"] if [on(0, Test::IsNot(AF_NETLINK)), on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM, SOCK_DGRAM]))],
        "raw sockets and others that are no connection"),
    row!(NetSupervised, EACCES, ["socket"] if [on(1, Test::MaskedIs(SOCK_TYPE, SOCK_STREAM)), on(2, Test::NoneOf(&[0, IPPROTO_TCP]))],
        "MPTCP and SCTP pass Landlock's TCP rules"),
    row!(NetSupervised, EACCES, ["sendto"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetSupervised, EACCES, ["sendmsg"] if [on(2, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetSupervised, EACCES, ["sendmmsg"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetFree, EACCES, ["socket"] if [on(0, Test::NoneOf(&[AF_INET, AF_INET6, AF_NETLINK]))],
        "unix sockets are files that cannot be told apart here, other families are no tool's"),
    row!(NetWide, EACCES, ["socket"] if [on(0, Test::NoneOf(&[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK]))],
        "other families are no tool's"),
    row!(NetWide, EACCES, ["socket"] if [on(0, Test::Is(AF_UNIX)), on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM]))],
        "a datagram carries its address where it cannot be checked"),
    row!(NetWide, EACCES, ["socket"] if [on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM, SOCK_DGRAM, SOCK_RAW]))],
        "a message of SCTP connects by itself"),
    row!(NetWide, EACCES, ["socket"] if [on(1, Test::MaskedIs(SOCK_TYPE, SOCK_STREAM)), on(2, Test::NoneOf(&[0, IPPROTO_TCP, IPPROTO_MPTCP]))],
        "a message of SCTP connects by itself"),
    row!(NetWide, EACCES, ["sendto"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetWide, EACCES, ["sendmsg"] if [on(2, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(NetWide, EACCES, ["sendmmsg"] if [on(3, Test::Any(MSG_FASTOPEN))], "connects while sending"),
    row!(Everyone, EACCES, ["socketpair"] if [on(0, Test::IsNot(AF_UNIX))], "only the pair that is a pipe"),
    row!(Everyone, EACCES, ["socketpair"] if [on(1, Test::MaskedNoneOf(SOCK_TYPE, &[SOCK_STREAM, SOCK_SEQPACKET]))],
        "a datagram socket of a pair reaches any other, such as /dev/log"),
    row!(
        Reported(Reported::Net),
        Answer::Notify,
        ["socket"] if [on(1, Test::MaskedIs(SOCK_TYPE, SOCK_DGRAM))],
        "datagrams carry their address where it cannot be checked; the supervisor refuses and records it"
    ),
    row!(Reported(Reported::Net), Answer::Notify, ["socket"] if [on(0, Test::Is(AF_NETLINK))],
        "it shows the machine's interfaces; the supervisor refuses and records it"),
    row!(
        Reported(Reported::Net),
        Answer::Notify,
        ["connect", "bind", "listen"],
        "the supervisor checks and does it"
    ),
    row!(
        Reported(Reported::NetWide),
        Answer::Notify,
        ["connect", "bind", "listen"],
        "the supervisor checks and does it"
    ),
    row!(
        Reported(Reported::NetLearnt),
        Answer::Notify,
        ["socket"] if [on(1, Test::MaskedIs(SOCK_TYPE, SOCK_DGRAM))],
        "datagrams carry their address where it cannot be seen; the supervisor notes that there are some"
    ),
    row!(Reported(Reported::NetLearnt), Answer::Notify, ["socket"] if [on(0, Test::Is(AF_NETLINK))],
        "it shows the machine's interfaces; the supervisor notes that"),
    row!(
        Reported(Reported::Sockets),
        Answer::Notify,
        ["socket"],
        "the supervisor may not copy a worker's sockets, so it makes them"
    ),
    row!(Reported(Reported::Net), Answer::Notify, ["sendto"] if [on(4, Test::NotNull)],
        "an address makes it a connection; the supervisor refuses and records it"),
];
