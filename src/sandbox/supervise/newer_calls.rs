//! Numbers of system calls that the `libc` crate does not name for every processor and C library. Since Linux 5.1 all
//! processors number new calls alike.

/// From Linux 6.6.
pub(super) const FCHMODAT2: i64 = 452;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn is_the_number_that_libc_knows_on_x86_64() {
        assert_eq!(FCHMODAT2, libc::SYS_fchmodat2);
    }
}
