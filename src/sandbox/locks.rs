//! Decides what enforces each part of a policy: Landlock where the kernel's ABI covers it, and otherwise the system
//! call filter or the supervisor.

use super::held_by::HeldBy;
use super::landlock_abi::Covers;
use super::policy::{NetPolicy, Policy, Run};
use super::seccomp::{FilterProfile, Net};
use super::support::{SocketMaker, Support};

/// Where everything of a kind is allowed, nothing has to enforce it.
const NOTHING: &str = "none";

/// The properties of the filter for a policy.
///
/// `learns`: the supervisor notes what tools do.
pub(super) fn profile(policy: &Policy, support: &Support, learns: bool) -> FilterProfile {
    let covers = Covers::of(support.landlock_abi);
    let net = match policy.net {
        NetPolicy::All if support.listener => Net::Wide,
        NetPolicy::All => Net::Free,
        NetPolicy::None if !support.listener => Net::Denied,
        _ => Net::Supervised,
    };
    FilterProfile {
        run: policy.run != Run::None,
        net,
        peers: policy.net != NetPolicy::None || !policy.unix.is_empty() || policy.run != Run::None,
        read_all: policy.read_all,
        write_all: policy.write_all,
        landlock: covers,
        fork_reported: support.listener && policy.run == Run::None,
        exec_reported: support.listener && (learns || policy.run != Run::All),
        reads_reported: support.listener && (learns || !policy.read_all || policy.run != Run::None),
        writes_reported: support.listener && (learns || !policy.write_all),
        files_reported: support.listener && (learns || !(policy.read_all && policy.write_all)),
        signals_reported: support.listener && !covers.signals,
        forked: policy.forked && support.listener && policy.run == Run::None,
        learns,
        sockets_made: support.listener && support.sockets == SocketMaker::Supervisor,
    }
}

/// What enforces a policy whose filter has these properties.
pub(super) fn held_by(profile: &FilterProfile) -> HeldBy {
    let Covers {
        truncation,
        tcp,
        signals,
        ..
    } = profile.landlock;
    HeldBy {
        tcp: match (profile.net, tcp) {
            (Net::Free, _) => NOTHING,
            (Net::Wide, _) | (Net::Supervised, false) => "supervisor",
            (Net::Supervised, true) => "supervisor+landlock",
            (Net::Denied, false) => "seccomp",
            (Net::Denied, true) => "seccomp+landlock",
        },
        signals: match (signals, profile.run) {
            (true, _) => "landlock",
            (false, true) => "supervisor",
            (false, false) => "seccomp",
        },
        truncate: match (profile.write_all, truncation) {
            (true, _) => NOTHING,
            (false, true) => "landlock",
            (false, false) if profile.writes_reported => "seccomp+supervisor",
            (false, false) => "seccomp",
        },
    }
}

/// Whether something can confine the signals of programs that a tool starts.
pub(super) fn confines_programs(support: &Support) -> bool {
    support.listener || Covers::of(support.landlock_abi).signals
}

/// Whether the supervisor sees everything that a worker can be refused and that a flag would allow.
pub(super) fn sees_every_refusal(profile: &FilterProfile) -> bool {
    // Every property is named, so that a new one does not compile before it is decided whether it matters here.
    let FilterProfile {
        run,
        net,
        peers: _,
        read_all,
        write_all,
        landlock: _,
        fork_reported,
        // Reported forks come before it where programs are refused; no flag allows a worker to replace itself.
        exec_reported: _,
        reads_reported,
        writes_reported,
        files_reported,
        // No flag allows signals, forks of an origin, or who makes a socket.
        signals_reported: _,
        forked: _,
        sockets_made: _,
        learns: _,
    } = *profile;
    reads_reported
        && (write_all || (writes_reported && files_reported))
        && (read_all || files_reported)
        && (run || fork_reported)
        && matches!(net, Net::Supervised | Net::Wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(abi: u32, listener: bool) -> FilterProfile {
        FilterProfile {
            run: false,
            net: if listener { Net::Supervised } else { Net::Denied },
            peers: false,
            read_all: false,
            write_all: false,
            landlock: Covers::of(abi),
            fork_reported: listener,
            exec_reported: listener,
            reads_reported: listener,
            writes_reported: listener,
            files_reported: listener,
            signals_reported: listener && !Covers::of(abi).signals,
            forked: false,
            learns: false,
            sockets_made: false,
        }
    }

    fn words(profile: &FilterProfile) -> [&'static str; 3] {
        let HeldBy { tcp, signals, truncate } = held_by(profile);
        [tcp, signals, truncate]
    }

    #[test]
    fn with_a_supervisor_everything_is_held_on_every_abi() {
        let by_abi: Vec<_> = (1..=6).map(|abi| words(&profile(abi, true))).collect();
        assert_eq!(
            by_abi,
            [
                ["supervisor", "seccomp", "seccomp+supervisor"],
                ["supervisor", "seccomp", "seccomp+supervisor"],
                ["supervisor", "seccomp", "landlock"],
                ["supervisor+landlock", "seccomp", "landlock"],
                ["supervisor+landlock", "seccomp", "landlock"],
                ["supervisor+landlock", "landlock", "landlock"],
            ]
        );
    }

    #[test]
    fn without_a_supervisor_the_filter_refuses_what_landlock_does_not_cover() {
        assert_eq!(words(&profile(1, false)), ["seccomp", "seccomp", "seccomp"]);
        assert_eq!(words(&profile(6, false)), ["seccomp+landlock", "landlock", "landlock"]);
    }

    #[test]
    fn programs_are_kept_from_signalling_others_by_the_supervisor_or_by_landlock() {
        let run = |abi| FilterProfile {
            run: true,
            ..profile(abi, true)
        };
        assert_eq!(words(&run(5))[1], "supervisor");
        assert_eq!(words(&run(6))[1], "landlock");
        let confined = |landlock_abi, listener| {
            confines_programs(&Support {
                landlock_abi,
                listener,
                sockets: SocketMaker::Worker,
                lack: None,
            })
        };
        assert!(confined(1, true) && confined(6, false) && !confined(5, false));
    }

    #[test]
    fn nothing_is_said_to_hold_what_is_allowed() {
        let free = FilterProfile {
            net: Net::Free,
            write_all: true,
            ..profile(1, false)
        };
        assert_eq!(words(&free), ["none", "seccomp", "none"]);
        let wide = FilterProfile {
            net: Net::Wide,
            ..profile(7, true)
        };
        assert_eq!(words(&wide)[0], "supervisor");
    }
}
