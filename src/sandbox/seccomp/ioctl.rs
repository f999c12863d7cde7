//! The ioctl requests that a worker may make, as data.
//!
//! Landlock restricts how files are opened, but an ioctl needs no right: through a descriptor that is open for reading,
//! requests make and destroy snapshots, change flags, set encryption keys, seal files or pass anything to a file
//! system's server. There is no complete list of requests, so the allowed ones are listed here. The numbers are the
//! same on x86-64 and 64-bit Arm.

use super::row::{Answer, AppliesWhen, Row, Test, on, row};

const EPERM: Answer = Answer::Errno(libc::EPERM);

type Request = (u32, &'static str, &'static str);

/// A request, its name, and who needs it or why it is harmless.
const ALLOWED: [Request; 34] = [
    // Requests about descriptors.
    (0x5450, "FIONCLEX", "what F_SETFD does; Python and older programs"),
    (0x5451, "FIOCLEX", "what F_SETFD does; Rust's and Python's libraries"),
    (
        0x5421,
        "FIONBIO",
        "what F_SETFL does; libuv makes every pipe and socket non-blocking with it",
    ),
    (0x541b, "FIONREAD", "how much can be read"),
    (0x5411, "TIOCOUTQ", "how much is not sent yet, SIOCOUTQ for sockets"),
    (0x8905, "SIOCATMARK", "sockatmark of libc"),
    // Terminals. The policy's files decide which can be opened; from Landlock ABI 5 on, a terminal that was opened in
    // the sandbox answers none of these.
    (0x5401, "TCGETS", "isatty of libc, asked of every standard stream"),
    (0x802c_542a, "TCGETS2", "isatty of newer libcs"),
    (0x5402, "TCSETS", "raw mode of a terminal"),
    (0x5403, "TCSETSW", "raw mode of a terminal"),
    (0x5404, "TCSETSF", "raw mode of a terminal"),
    (0x402c_542b, "TCSETS2", "raw mode of a terminal, by newer libcs"),
    (0x402c_542c, "TCSETSW2", "raw mode of a terminal, by newer libcs"),
    (0x402c_542d, "TCSETSF2", "raw mode of a terminal, by newer libcs"),
    (0x5409, "TCSBRK", "tcdrain of libc"),
    (0x540a, "TCXONC", "tcflow of libc"),
    (0x540b, "TCFLSH", "tcflush of libc"),
    (0x540f, "TIOCGPGRP", "shells ask who is in the foreground"),
    (
        0x5413,
        "TIOCGWINSZ",
        "the size of a terminal; ls, curl, git and both runtimes",
    ),
    (0x5429, "TIOCGSID", "tcgetsid of libc"),
    // Files: reading metadata, and copying into a file that is open for writing, which Landlock restricts.
    (0x8008_6601, "FS_IOC_GETFLAGS", "lsattr, cp"),
    (0x801c_581f, "FS_IOC_FSGETXATTR", "lsattr -p, xfs tools"),
    (0x4004_9409, "FICLONE", "fs.copyFile of both runtimes, cp"),
    (0x4020_940d, "FICLONERANGE", "copies parts of files as FICLONE does"),
    // Network interfaces; only with the whole network, see below.
    (0x8910, "SIOCGIFNAME", "if_indextoname of libc"),
    (
        0x8912,
        "SIOCGIFCONF",
        "ifconfig, Python's and Java's lists of interfaces",
    ),
    (0x8913, "SIOCGIFFLAGS", "the same"),
    (0x8915, "SIOCGIFADDR", "the same"),
    (0x8917, "SIOCGIFDSTADDR", "the same"),
    (0x8919, "SIOCGIFBRDADDR", "the same"),
    (0x891b, "SIOCGIFNETMASK", "the same"),
    (0x8921, "SIOCGIFMTU", "the same"),
    (0x8927, "SIOCGIFHWADDR", "the same"),
    (
        0x8933,
        "SIOCGIFINDEX",
        "if_nametoindex of libc: addresses with an interface, fe80::1%eth0",
    ),
];

const fn numbers<const N: usize>(requests: [Request; N]) -> [u32; N] {
    let mut numbers = [0; N];
    let mut at = 0;
    while at < N {
        numbers[at] = requests[at].0;
        at += 1;
    }
    numbers
}

/// The byte that identifies the driver of a request.
const KIND: u32 = 0xff00;

/// The rows about ioctl, in the order in which they are tested.
pub(super) const ROWS: &[Row] = &[
    row!(AppliesWhen::Everyone, EPERM, ["ioctl"] if [on(1, Test::OneOf(&[0x5412, 0x541c, 0x540e, 0x5410, 0x5423]))],
        "TIOCSTI and TIOCLINUX type into the host's terminal, TIOCSCTTY, TIOCSPGRP and TIOCSETD take it over"),
    row!(AppliesWhen::Everyone, EPERM, ["ioctl"] if [on(1, Test::OneOf(&[0x8901, 0x8902]))],
        "FIOSETOWN and SIOCSPGRP aim signals at others"),
    row!(AppliesWhen::Everyone, EPERM, ["ioctl"] if [on(1, Test::MaskedIs(KIND, 0xff00))],
        "requests of a pidfd tell of other processes and open their namespaces"),
    row!(AppliesWhen::WithoutNetAll, EPERM, ["ioctl"] if [on(1, Test::MaskedIs(KIND, 0x8900)), on(1, Test::NoneOf(&[0x8905]))],
        "any socket, a pair that is a pipe too, tells of the network's interfaces"),
    row!(AppliesWhen::WithoutNetAll, EPERM, ["ioctl"] if [on(1, Test::MaskedIs(KIND, 0x8b00))], "the same of wireless interfaces"),
    row!(AppliesWhen::WithoutWriteAll, EPERM, ["ioctl"] if [on(1, Test::NoneOf(&numbers(ALLOWED)))],
        "changes files and more through a descriptor that is open for reading"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_listed_once_with_a_name_and_a_reason() {
        for (at, (number, name, reason)) in ALLOWED.iter().enumerate() {
            assert!(!name.is_empty() && !reason.is_empty(), "{number:#x}");
            assert!(ALLOWED[at + 1..].iter().all(|(other, ..)| other != number), "{name}");
        }
    }

    #[test]
    fn requests_are_those_of_the_libc_crate() {
        let known: [(libc::c_ulong, &str); 13] = [
            (libc::TCGETS, "TCGETS"),
            (libc::TCGETS2, "TCGETS2"),
            (libc::TCSETS, "TCSETS"),
            (libc::TCSETSW2, "TCSETSW2"),
            (libc::TIOCGWINSZ, "TIOCGWINSZ"),
            (libc::TIOCGPGRP, "TIOCGPGRP"),
            (libc::TIOCOUTQ, "TIOCOUTQ"),
            (libc::FIONREAD, "FIONREAD"),
            (libc::FIONBIO, "FIONBIO"),
            (libc::FIOCLEX, "FIOCLEX"),
            (libc::FIONCLEX, "FIONCLEX"),
            (libc::FICLONE, "FICLONE"),
            (libc::FS_IOC_GETFLAGS, "FS_IOC_GETFLAGS"),
        ];
        for (number, name) in known {
            let listed = ALLOWED.iter().find(|(_, listed, _)| *listed == name);
            assert_eq!(
                listed.map(|(listed, ..)| libc::c_ulong::from(*listed)),
                Some(number),
                "{name}"
            );
        }
    }
}
