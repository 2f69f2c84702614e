//! How many instances may be launched at once, whatever is wanted.

use super::policy::Policy;
use super::view::FleetView;
use buildyard_model::Timestamp;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// After the first failed launch; each further one doubles it.
const FIRST_BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);

/// How many launches the policy allows now, by its limits and after failed ones. `max` is looked after elsewhere.
pub(super) fn allowed(view: &FleetView, policy: &Policy, now: Timestamp) -> u32 {
    if policy.slots == 0 || backs_off(view, now) {
        return 0;
    }
    let lately = view.launches.iter().filter(|&&at| now.since(at) < MINUTE).count();
    let lately = u32::try_from(lately).unwrap_or(u32::MAX);
    policy.max_launch.min(policy.max_launches_per_minute.saturating_sub(lately))
}

fn backs_off(view: &FleetView, now: Timestamp) -> bool {
    view.failed_at.is_some_and(|at| view.failures > 0 && now.since(at) < back_off(view.failures))
}

/// 10 s, 20 s, 40 s … 10 min.
fn back_off(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_BACK_OFF.saturating_mul(1 << doublings).min(LONGEST_BACK_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_double_the_pause_up_to_ten_minutes() {
        let seconds: Vec<u64> = [1, 2, 3, 6, 7, 8, u32::MAX].map(|count| back_off(count).as_secs()).to_vec();
        assert_eq!(seconds, [10, 20, 40, 320, 600, 600, 600]);
    }

    #[test]
    fn the_last_minutes_launches_count_and_older_ones_do_not() {
        let policy = Policy { max_launch: 5, max_launches_per_minute: 6, ..Policy::default() };
        let launches = vec![Timestamp(0), Timestamp(39_999), Timestamp(40_001), Timestamp(90_000)];
        let view = FleetView { launches, ..FleetView::default() };
        assert_eq!(allowed(&view, &policy, Timestamp(100_000)), 4);
        assert_eq!(allowed(&view, &policy, Timestamp(200_000)), 5);
    }
}
