//! Defines a row: a refusal as data, and the policies whose filters contain it.

use super::filter_profile::{FilterProfile, Net};

/// The filter's answer to a call that matches a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Errno(i32),
    /// Notifies the supervisor; only in the filter that has the listener.
    Notify,
}

/// A test of one argument. `int` arguments are compared by their low half only, as the kernel reads them: other bits in
/// the high half must not bypass a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Is(u32),
    IsNot(u32),
    OneOf(&'static [u32]),
    NoneOf(&'static [u32]),
    /// Some bit of the mask is set.
    Any(u32),
    /// No bit of the mask is set.
    NotAny(u32),
    /// The bits under the mask are the value.
    MaskedIs(u32, u32),
    /// The bits under the mask are none of the values.
    MaskedNoneOf(u32, &'static [u32]),
    /// A pointer that is not null; both halves count.
    NotNull,
    /// Not the process itself, whose id is filled in just before the program is loaded.
    NotSelf,
}

/// A test of the argument with index `arg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    pub arg: u8,
    pub test: Test,
}

pub(super) const fn on(arg: u8, test: Test) -> Condition {
    Condition { arg, test }
}

/// The policies whose filters contain a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppliesWhen {
    Everyone,
    /// Programs may not be run and there is no supervisor, so the filter itself answers.
    WithoutRunUnrecorded,
    /// No network and no supervisor.
    NetDenied,
    /// The supervisor decides per address.
    NetSupervised,
    /// Everything may be reached except metadata services and unlisted unix sockets.
    NetWide,
    /// Everything may be reached except unix sockets, without a supervisor.
    NetFree,
    WithoutWriteAll,
    WithoutReadAll,
    /// As the two above, where no supervisor carries out the call instead.
    MetadataRefused,
    WatchRefused,
    /// Anything less than the whole network is allowed.
    WithoutNetAll,
    /// A supervisor checks connections, or there are none.
    ConnectionsChecked,
    /// There is nobody to send messages to: no network, no unix sockets, no programs.
    WithoutPeers,
    /// Programs may not be run, and Landlock does not confine signals.
    SignalsFiltered,
    /// As above, and there is no supervisor either.
    SignalsUnreported,
    /// Landlock does not confine signals; the supervisor decides instead.
    SignalsSupervised,
    /// Landlock does not cover truncation, and some file may not be written.
    TruncationUncovered,
    /// As above, without a supervisor.
    TruncationUnreported,
    /// Every process is started as a program of its own.
    WithoutForks,
    /// Processes may be forked from an origin.
    WithForks,
    /// Not in the child's filter, but reported to the supervisor.
    Reported(Reported),
}

/// The conditions of the rows in the listener's filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reported {
    Net,
    NetWide,
    /// The supervisor makes the sockets.
    Sockets,
    /// The same, where it would not see a `listen` otherwise.
    Fork,
    Exec,
    Reads,
    Writes,
    ReadsOrWrites,
    Metadata,
    Watch,
    Signals,
    ThreadSignals,
    /// A manager learns, and every address may be reached.
    NetLearnt,
}

/// One refusal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub calls: &'static [&'static str],
    pub when: &'static [Condition],
    pub answer: Answer,
    pub applies: AppliesWhen,
    #[allow(dead_code, reason = "for readers, and for the tests' messages")]
    pub reason: &'static str,
}

impl AppliesWhen {
    /// Whether a row is part of the child's own filter.
    pub(super) fn in_child(self, profile: &FilterProfile) -> bool {
        match self {
            AppliesWhen::Everyone => true,
            AppliesWhen::WithoutRunUnrecorded => !profile.run && !profile.fork_reported,
            AppliesWhen::NetDenied => profile.net == Net::Denied,
            AppliesWhen::NetSupervised => profile.net == Net::Supervised,
            AppliesWhen::NetWide => profile.net == Net::Wide,
            AppliesWhen::NetFree => profile.net == Net::Free,
            AppliesWhen::WithoutWriteAll => !profile.write_all,
            AppliesWhen::WithoutReadAll => !profile.read_all,
            AppliesWhen::MetadataRefused => !profile.write_all && !profile.files_reported,
            AppliesWhen::WatchRefused => !profile.read_all && !profile.files_reported,
            AppliesWhen::WithoutNetAll => !matches!(profile.net, Net::Free | Net::Wide),
            AppliesWhen::ConnectionsChecked => profile.net != Net::Free,
            AppliesWhen::WithoutPeers => !profile.peers,
            AppliesWhen::SignalsFiltered => !profile.landlock.signals && !profile.run,
            AppliesWhen::SignalsUnreported => !profile.landlock.signals && !profile.signals_reported,
            AppliesWhen::SignalsSupervised => profile.signals_reported,
            AppliesWhen::TruncationUncovered => !profile.landlock.truncation && !profile.write_all,
            AppliesWhen::TruncationUnreported => {
                !profile.landlock.truncation && !profile.write_all && !profile.writes_reported
            }
            AppliesWhen::WithoutForks => !profile.forked,
            AppliesWhen::WithForks => profile.forked,
            AppliesWhen::Reported(_) => false,
        }
    }

    /// Whether a row is part of the filter with the listener.
    pub(super) fn in_listener(self, profile: &FilterProfile) -> bool {
        match self {
            AppliesWhen::Reported(Reported::Net) => profile.net == Net::Supervised,
            AppliesWhen::Reported(Reported::NetWide) => profile.net == Net::Wide,
            AppliesWhen::Reported(Reported::Sockets) => {
                profile.sockets_made && matches!(profile.net, Net::Supervised | Net::Wide)
            }
            AppliesWhen::Reported(Reported::Fork) => !profile.run && profile.fork_reported,
            AppliesWhen::Reported(Reported::Exec) => profile.exec_reported,
            AppliesWhen::Reported(Reported::Reads) => profile.reads_reported,
            AppliesWhen::Reported(Reported::Writes) => profile.writes_reported,
            AppliesWhen::Reported(Reported::Metadata) => {
                (!profile.write_all || profile.learns) && profile.files_reported
            }
            AppliesWhen::Reported(Reported::Watch) => (!profile.read_all || profile.learns) && profile.files_reported,
            AppliesWhen::Reported(Reported::NetLearnt) => profile.learns && profile.net == Net::Wide,
            AppliesWhen::Reported(Reported::Signals) => profile.signals_reported && profile.run,
            AppliesWhen::Reported(Reported::ThreadSignals) => profile.signals_reported,
            AppliesWhen::Reported(Reported::ReadsOrWrites) => profile.reads_reported || profile.writes_reported,
            _ => false,
        }
    }
}

/// Writes a row: when it applies, the answer, the calls, the conditions on their arguments, the reason.
macro_rules! row {
    ($applies:expr, $answer:expr, [$($call:literal),+ $(,)?], $reason:expr) => {
        $crate::sandbox::seccomp::row::Row { calls: &[$($call),+], when: &[], answer: $answer, applies: $applies, reason: $reason }
    };
    ($applies:expr, $answer:expr, $calls:path, $reason:expr) => {
        $crate::sandbox::seccomp::row::Row { calls: $calls, when: &[], answer: $answer, applies: $applies, reason: $reason }
    };
    ($applies:expr, $answer:expr, [$($call:literal),+ $(,)?] if [$($when:expr),+ $(,)?], $reason:expr) => {
        $crate::sandbox::seccomp::row::Row { calls: &[$($call),+], when: &[$($when),+], answer: $answer, applies: $applies, reason: $reason }
    };
}
pub(super) use row;
