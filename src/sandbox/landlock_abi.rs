//! What each version of Landlock's interface, its ABI, can govern.

/// Linux 5.13. The system call filter and the supervisor enforce what this ABI cannot govern.
pub(crate) const MINIMUM_ABI: u32 = 1;
/// From this ABI on (Linux 6.2), truncating a file by its path can be governed.
const TRUNCATE_ABI: u32 = 3;
/// From this ABI on (Linux 6.7), TCP can be governed.
pub(crate) const TCP_ABI: u32 = 4;
/// From this ABI on (Linux 6.12), signals and abstract unix sockets can be confined.
pub(crate) const SCOPE_ABI: u32 = 6;
/// The newest ABI that this code was tested with; a newer kernel is used as if it had this one.
pub(crate) const TESTED_ABI: u32 = 7;

/// What Landlock governs on a kernel, of that which something else has to hold where it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Covers {
    /// Truncating a file by its path, or by an open for reading.
    pub truncation: bool,
    /// TCP connections and ports.
    pub tcp: bool,
    /// Signals to processes outside of the sandbox.
    pub signals: bool,
}

impl Covers {
    pub(crate) const fn of(abi: u32) -> Self {
        Covers {
            truncation: abi >= TRUNCATE_ABI,
            tcp: abi >= TCP_ABI,
            signals: abi >= SCOPE_ABI,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_abi_covers_what_the_one_before_does_and_more() {
        let covered = |abi| {
            let covers = Covers::of(abi);
            [covers.truncation, covers.tcp, covers.signals].map(u8::from)
        };
        let by_abi: Vec<_> = (1..=TESTED_ABI).map(covered).collect();
        assert_eq!(
            by_abi,
            [
                [0, 0, 0],
                [0, 0, 0],
                [1, 0, 0],
                [1, 1, 0],
                [1, 1, 0],
                [1, 1, 1],
                [1, 1, 1]
            ]
        );
    }
}
