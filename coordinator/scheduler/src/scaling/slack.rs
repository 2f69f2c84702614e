//! What is kept beyond what builds need: the floor, free slots for builds to come, slots to spare by the utilization
//! target. Growth and shrinkage ask the same question, so that neither undoes the other's work.

use super::lane::Lane;
use super::policy::Policy;
use super::schedule;
use super::supply::launch_time;
use super::view::FleetView;
use buildyard_model::Timestamp;
use std::time::Duration;

/// How far back arrivals are looked at, and no further than the policy's idle time.
pub const ANTICIPATION: Duration = Duration::from_secs(600);
/// Parts that this is cut into.
const PARTS: usize = 10;
/// The fullest parts are left out: one burst says nothing of the next minutes.
const LEFT_OUT: usize = 2;

/// What is to be there at least.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slack {
    instances: u32,
    free_slots: u64,
    utilization_percent: u64,
}

/// Slots of a set of instances.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slots {
    pub(super) instances: u32,
    pub(super) used: u64,
    pub(super) all: u64,
}

impl Slack {
    pub(super) fn of(view: &FleetView, policy: &Policy, now: Timestamp) -> Self {
        let coming = if policy.anticipate { arrivals_in(launch_time(view), view, policy, now) } else { 0 };
        Self {
            instances: schedule::floor(policy, now),
            free_slots: u64::from(policy.warm_slots).max(coming),
            utilization_percent: u64::from(policy.utilization_percent.clamp(1, 100)),
        }
    }

    /// Whether so much is enough.
    pub(super) fn is_kept(&self, slots: Slots) -> bool {
        slots.instances >= self.instances && slots.all >= self.slots_for(slots.used)
    }

    /// How many instances with `each` slots are missing.
    pub(super) fn missing(&self, slots: Slots, each: u32) -> u32 {
        let to_floor = self.instances.saturating_sub(slots.instances);
        let short = self.slots_for(slots.used).saturating_sub(slots.all);
        let for_slots = if each == 0 { 0 } else { short.div_ceil(each.into()) };
        to_floor.max(u32::try_from(for_slots).unwrap_or(u32::MAX))
    }

    fn slots_for(&self, used: u64) -> u64 {
        (used + self.free_slots).max((used * 100).div_ceil(self.utilization_percent))
    }
}

impl Slots {
    pub(super) fn add(&mut self, lane: &Lane) {
        self.instances += 1;
        self.used += u64::from(lane.used_slots());
        self.all += u64::from(lane.slots());
    }

    pub(super) fn without(self, lane: &Lane) -> Self {
        Self {
            instances: self.instances.saturating_sub(1),
            used: self.used.saturating_sub(lane.used_slots().into()),
            all: self.all.saturating_sub(lane.slots().into()),
        }
    }
}

/// How many builds are likely to come within `lead`, and as many more as their number commonly varies by. The rate is
/// that of the recent arrivals without the fullest parts of the time looked at.
fn arrivals_in(lead: Duration, view: &FleetView, policy: &Policy, now: Timestamp) -> u64 {
    let window = ANTICIPATION.min(policy.idle);
    let part_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX) / PARTS as u64;
    if part_ms == 0 {
        return 0;
    }
    let mut parts = [0_u64; PARTS];
    for arrival in &view.arrivals {
        let ago_ms = u64::try_from(now.since(*arrival).as_millis()).unwrap_or(u64::MAX);
        if let Some(part) = usize::try_from(ago_ms / part_ms).ok().and_then(|part| parts.get_mut(part)) {
            *part += 1;
        }
    }
    parts.sort_unstable();
    let counted: u64 = parts[..PARTS - LEFT_OUT].iter().sum();
    let lead_ms = u64::try_from(lead.min(window).as_millis()).unwrap_or(u64::MAX);
    // In thousandths of a build, to stay with whole numbers.
    let expected = counted * 1000 * lead_ms / (part_ms * (PARTS - LEFT_OUT) as u64);
    let spread = (expected * 1000).isqrt();
    (expected + spread) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(every_ms: i64, count: i64) -> FleetView {
        let arrivals = (0..count).map(|number| Timestamp(1_000_000 - number * every_ms)).collect();
        FleetView { arrivals, launch_time: Some(Duration::from_secs(60)), ..FleetView::default() }
    }

    fn expected(view: &FleetView) -> u64 {
        arrivals_in(Duration::from_secs(60), view, &Policy::default(), Timestamp(1_000_000))
    }

    #[test]
    fn a_steady_stream_keeps_slots_for_one_launch_time() {
        // 4 a minute, and 2 for the variation.
        assert_eq!(expected(&arrivals(15_000, 20)), 6);
        assert_eq!(expected(&arrivals(60_000, 5)), 1);
        assert_eq!(expected(&arrivals(150_000, 2)), 0);
        assert_eq!(expected(&FleetView::default()), 0);
    }

    #[test]
    fn one_burst_keeps_none() {
        assert_eq!(expected(&arrivals(100, 200)), 0);
    }

    #[test]
    fn the_utilization_target_and_warm_slots_are_kept_and_no_more() {
        let policy = Policy { warm_slots: 2, utilization_percent: 80, ..Policy::default() };
        let slack = Slack::of(&FleetView::default(), &policy, Timestamp(0));
        let slots = |used, all| Slots { instances: 3, used, all };
        assert_eq!(slack.missing(slots(16, 20), 4), 0);
        assert_eq!(slack.missing(slots(17, 20), 4), 1);
        assert_eq!(slack.missing(slots(0, 0), 4), 1);
        assert!(slack.is_kept(slots(2, 4)) && !slack.is_kept(slots(3, 4)));
    }
}
