//! The largest frame that the host accepts from a worker.

use crate::worker::protocol::LEAST_MAX_FRAME;

/// Space for kind, call, nonce and the other fields before a text.
const FIXED_FIELDS: u64 = 1024;

/// The largest frame of a worker whose results may have `max_output_size` bytes.
pub fn max_frame(max_output_size: u64) -> usize {
    let max = max_output_size
        .max(LEAST_MAX_FRAME as u64)
        .saturating_add(FIXED_FIELDS)
        .min(u64::from(u32::MAX));
    usize::try_from(max).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_large_enough_for_logs_and_large_results() {
        assert!(max_frame(1) > LEAST_MAX_FRAME);
        assert!(max_frame(100 << 20) > 100 << 20);
        assert_eq!(max_frame(u64::MAX), u32::MAX as usize);
    }
}
