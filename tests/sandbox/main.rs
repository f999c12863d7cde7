//! The sandbox under attack: each test does what it tries in a process of its own, as root and as an ordinary user, and
//! has a twin that succeeds when the matching flag is given.

#![allow(clippy::unwrap_used, reason = "tests")]

mod files;
mod harness;
mod host_death;
mod lesser;
mod network;
mod programs;
mod races;
mod sockets;
mod syscalls;
