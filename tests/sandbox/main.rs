//! Attacks on the sandbox. Each test runs its attack in a process of its own, as root and as an ordinary user, and has
//! a twin that succeeds because the matching flag is given.
#![cfg(not(portable))]
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod files;
mod given_sockets;
mod harness;
mod host_death;
mod lesser;
mod network;
mod older;
mod programs;
mod races;
mod raw_calls;
mod sockets;
mod syscalls;
