//! The system call filter: rows of data, a table of numbers per architecture, and the assembler.
//!
//! The decisions behind it: docs/decisions.md#sandbox.

mod assemble;
mod filter_profile;
mod hidden_memory;
mod ioctl;
mod load;
mod native_table;
mod program;
mod reverse_writer;
mod row;
mod rules;
#[cfg(test)]
mod simulate;
mod socket_options;
mod table;
#[cfg(any(test, target_arch = "aarch64"))]
mod table_aarch64;
#[cfg(any(test, target_arch = "x86_64"))]
mod table_x86_64;

pub(super) use filter_profile::{FilterProfile, Net};
pub(super) use load::{LoadedListener, child_program, listener_program, load, load_with_listener};
pub(super) use program::Program;

/// Every combination of properties, for tests that go through all of them. They take a minute in a debug build, and each
/// further bit doubles that: a property that decides about rows of its own alone is better added as `sockets_made` is.
#[cfg(test)]
fn profiles_for_tests() -> Vec<FilterProfile> {
    use super::landlock_abi::Covers;

    let mut profiles = Vec::new();
    let nets = [Net::Denied, Net::Supervised, Net::Wide, Net::Free];
    for (net, abi) in nets.into_iter().flat_map(|net| [1, 3, 6].map(|abi| (net, abi))) {
        for bits in 0..2048u16 {
            let bit = |n: u16| bits & (1 << n) != 0;
            profiles.push(FilterProfile {
                run: bit(0),
                net,
                read_all: bit(1),
                write_all: bit(2),
                landlock: Covers::of(abi),
                signals_reported: bit(3) && !Covers::of(abi).signals,
                fork_reported: bit(4),
                exec_reported: bit(5),
                reads_reported: bit(6),
                writes_reported: bit(7),
                files_reported: bit(8),
                peers: bit(9),
                forked: bit(10),
                learns: false,
                sockets_made: false,
            });
        }
    }
    // It depends on the network alone.
    let supervised = profiles.iter().filter(|profile| {
        !profile.landlock.signals && profile.fork_reported && matches!(profile.net, Net::Supervised | Net::Wide)
    });
    let made: Vec<_> = supervised
        .map(|profile| FilterProfile {
            sockets_made: true,
            ..*profile
        })
        .collect();
    profiles.extend(made);
    // Where a manager learns everything is reported.
    let learns: Vec<_> = profiles
        .iter()
        .filter(|profile| profile.exec_reported && profile.reads_reported && profile.writes_reported)
        .filter(|profile| profile.files_reported && profile.run && matches!(profile.net, Net::Supervised | Net::Wide))
        .map(|profile| FilterProfile {
            learns: true,
            ..*profile
        })
        .collect();
    profiles.extend(learns);
    profiles
}
