//! What a row is: a refusal as data, and for which policies it is part of a filter.

use super::shape::{Net, Shape};

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

/// For which policies a row is part of the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
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
    pub applies: For,
    #[allow(dead_code, reason = "for readers, and for the tests' messages")]
    pub reason: &'static str,
}

impl For {
    /// Whether a row is part of the child's own filter.
    pub(super) fn in_child(self, shape: &Shape) -> bool {
        match self {
            For::Everyone => true,
            For::WithoutRunUnrecorded => !shape.run && !shape.fork_reported,
            For::NetDenied => shape.net == Net::Denied,
            For::NetSupervised => shape.net == Net::Supervised,
            For::NetWide => shape.net == Net::Wide,
            For::NetFree => shape.net == Net::Free,
            For::WithoutWriteAll => !shape.write_all,
            For::WithoutReadAll => !shape.read_all,
            For::MetadataRefused => !shape.write_all && !shape.files_reported,
            For::WatchRefused => !shape.read_all && !shape.files_reported,
            For::WithoutNetAll => !matches!(shape.net, Net::Free | Net::Wide),
            For::ConnectionsChecked => shape.net != Net::Free,
            For::WithoutSignalScope => !shape.signal_scope,
            For::Reported(_) => false,
        }
    }

    /// Whether a row is part of the filter with the listener.
    pub(super) fn in_listener(self, shape: &Shape) -> bool {
        match self {
            For::Reported(Reported::Net) => shape.net == Net::Supervised,
            For::Reported(Reported::NetWide) => shape.net == Net::Wide,
            For::Reported(Reported::Fork) => !shape.run && shape.fork_reported,
            For::Reported(Reported::Exec) => shape.exec_reported,
            For::Reported(Reported::Reads) => shape.reads_reported,
            For::Reported(Reported::Writes) => shape.writes_reported,
            For::Reported(Reported::Metadata) => !shape.write_all && shape.files_reported,
            For::Reported(Reported::Watch) => !shape.read_all && shape.files_reported,
            For::Reported(Reported::ReadsOrWrites) => shape.reads_reported || shape.writes_reported,
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
