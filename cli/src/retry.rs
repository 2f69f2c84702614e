//! When to call again after the connection was lost. Pure: the caller waits.

use std::time::Duration;

/// A coordinator that is restarted is back within this time; one that is not needs a person.
pub(crate) const GIVE_UP_AFTER: Duration = Duration::from_secs(120);

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait before try number `tries` (from 0), or nothing when contact was lost for too long.
pub(crate) fn wait(tries: u32, lost_for: Duration) -> Option<Duration> {
    if lost_for >= GIVE_UP_AFTER {
        return None;
    }
    Some(FIRST.saturating_mul(1_u32.checked_shl(tries).unwrap_or(u32::MAX)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_end() {
        let waits: Vec<_> =
            (0..7).filter_map(|tries| wait(tries, Duration::ZERO)).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(wait(u32::MAX, Duration::ZERO), Some(LONGEST));
        assert_eq!(wait(0, GIVE_UP_AFTER), None);
    }
}
