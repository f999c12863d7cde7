//! Which filter follows from a policy and from what the kernel supports.

use super::landlock;
use super::policy::{NetPolicy, Policy, Run};
use super::probe::Support;
use super::seccomp::{FilterProfile, Net};
use super::supervise::SocketMaker;

/// The properties of this policy and kernel.
pub(super) fn profile(policy: &Policy, support: &Support) -> FilterProfile {
    let net = match policy.net {
        NetPolicy::All if support.listener => Net::Wide,
        NetPolicy::All => Net::Free,
        NetPolicy::None if !support.listener => Net::Denied,
        _ => Net::Supervised,
    };
    FilterProfile {
        run: policy.run != Run::None,
        net,
        read_all: policy.read_all,
        write_all: policy.write_all,
        signal_scope: support.landlock_abi >= landlock::SCOPE_ABI,
        fork_reported: support.listener && policy.run == Run::None,
        exec_reported: support.listener && policy.run != Run::All,
        reads_reported: support.listener && (!policy.read_all || policy.run != Run::None),
        writes_reported: support.listener && !policy.write_all,
        files_reported: support.listener && !(policy.read_all && policy.write_all),
        sockets_made: support.listener && support.sockets == SocketMaker::Supervisor,
        forked: policy.forked && support.listener && policy.run == Run::None,
    }
}

/// Whether the supervisor sees everything that a worker can be refused and that a flag would allow.
pub(super) fn sees_every_refusal(profile: &FilterProfile) -> bool {
    profile.reads_reported
        && (profile.write_all || (profile.writes_reported && profile.files_reported))
        && (profile.read_all || profile.files_reported)
        && (profile.run || profile.fork_reported)
        && matches!(profile.net, Net::Supervised | Net::Wide)
}
