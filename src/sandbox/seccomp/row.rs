//! What a row is: a refusal as data, and for which policies it is part of a filter.

use super::filter_profile::{FilterProfile, Net};

/// What the filter says to a call that a row matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Errno(i32),
    /// Ask the supervisor; only in the filter that has its listener.
    Notify,
}

/// A test of one argument. `int` arguments are compared by their low half only, as the kernel reads them: junk above
/// must not get past a rule.
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
    /// Not the process itself, whose id is written into the program just before it is loaded.
    NotSelf,
}

/// `arg` is the index of the argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    pub arg: u8,
    pub test: Test,
}

pub(super) const fn on(arg: u8, test: Test) -> Condition {
    Condition { arg, test }
}

/// AppliesWhen which policies a row is part of the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppliesWhen {
    Everyone,
    /// Programs may not be run and nobody listens: the filter itself answers.
    WithoutRunUnrecorded,
    /// No network and no supervisor.
    NetDenied,
    /// The supervisor decides per address.
    NetSupervised,
    /// Everything may be reached, metadata services and unix sockets that are not listed excepted.
    NetWide,
    /// Everything may be reached, unix sockets may not, and nobody supervises.
    NetFree,
    WithoutWriteAll,
    WithoutReadAll,
    /// As the two above, where nobody does it instead.
    MetadataRefused,
    WatchRefused,
    /// Anything short of the whole network.
    WithoutNetAll,
    /// A supervisor looks at connections, or there are none.
    ConnectionsChecked,
    /// The kernel cannot confine signals (before Landlock ABI 6).
    WithoutSignalScope,
    /// Not in the child's filter: reported to the supervisor.
    Reported(Reported),
}

/// The rows of the filter with the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reported {
    Net,
    NetWide,
    Fork,
    Exec,
    Reads,
    Writes,
    ReadsOrWrites,
    Metadata,
    Watch,
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
            AppliesWhen::WithoutSignalScope => !profile.signal_scope,
            AppliesWhen::Reported(_) => false,
        }
    }

    /// Whether a row is part of the filter with the listener.
    pub(super) fn in_listener(self, profile: &FilterProfile) -> bool {
        match self {
            AppliesWhen::Reported(Reported::Net) => profile.net == Net::Supervised,
            AppliesWhen::Reported(Reported::NetWide) => profile.net == Net::Wide,
            AppliesWhen::Reported(Reported::Fork) => !profile.run && profile.fork_reported,
            AppliesWhen::Reported(Reported::Exec) => profile.exec_reported,
            AppliesWhen::Reported(Reported::Reads) => profile.reads_reported,
            AppliesWhen::Reported(Reported::Writes) => profile.writes_reported,
            AppliesWhen::Reported(Reported::Metadata) => !profile.write_all && profile.files_reported,
            AppliesWhen::Reported(Reported::Watch) => !profile.read_all && profile.files_reported,
            AppliesWhen::Reported(Reported::ReadsOrWrites) => profile.reads_reported || profile.writes_reported,
            _ => false,
        }
    }
}

/// Writes a row: for whom, the answer, the calls, what their arguments are, the reason.
macro_rules! row {
    ($applies:expr, $answer:expr, [$($call:literal),+ $(,)?], $reason:expr) => {
        $crate::sandbox::seccomp::row::Row { calls: &[$($call),+], when: &[], answer: $answer, applies: $applies, reason: $reason }
    };
    ($applies:expr, $answer:expr, [$($call:literal),+ $(,)?] if [$($when:expr),+ $(,)?], $reason:expr) => {
        $crate::sandbox::seccomp::row::Row { calls: &[$($call),+], when: &[$($when),+], answer: $answer, applies: $applies, reason: $reason }
    };
}
pub(super) use row;
