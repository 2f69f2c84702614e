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
/// The fullest parts are left out: many builds at one moment say nothing of the next ones.
const LEFT_OUT: usize = 1;
/// Standard deviations that are kept beyond what is expected.
const SPREADS: u64 = 2;

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
        (used + self.free_slots).max(used * 100 / self.utilization_percent)
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

/// How many builds are likely to come within `lead`, and as many more as their number commonly varies by.
///
/// At the pace of the last minutes. While builds wait also at that of the last launch time, or of the last third of one:
/// a burst has begun, and whoever launches for those alone that wait already is late for all that follow. Then no more
/// than three times as many as wait, so that a wrong guess stays small.
fn arrivals_in(lead: Duration, view: &FleetView, policy: &Policy, now: Timestamp) -> u64 {
    let longest = ANTICIPATION.min(policy.idle);
    let lead = lead.min(longest);
    let with_spread = |expected: u64| (expected + SPREADS * (expected * 1000).isqrt()) / 1000;
    let steady = with_spread(paced(lead, longest, view, now));
    let burst = with_spread(paced(lead, lead, view, now).max(paced(lead, lead / 3, view, now)));
    steady.max(burst.min(3 * view.waiting.len() as u64))
}

/// How many builds come within `lead` at the pace of the last `window`, in thousandths to stay with whole numbers. The
/// fullest parts of the window are left out.
fn paced(lead: Duration, window: Duration, view: &FleetView, now: Timestamp) -> u64 {
    let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let part_ms = ms(window) / PARTS as u64;
    if part_ms == 0 {
        return 0;
    }
    let mut parts = [0_u64; PARTS];
    for arrival in &view.arrivals {
        let ago_ms = ms(now.since(*arrival));
        if let Some(part) = usize::try_from(ago_ms / part_ms).ok().and_then(|part| parts.get_mut(part)) {
            *part += 1;
        }
    }
    parts.sort_unstable();
    let counted: u64 = parts[..PARTS - LEFT_OUT].iter().sum();
    counted * 1000 * ms(lead) / (part_ms * (PARTS - LEFT_OUT) as u64)
}

#[cfg(test)]
mod tests {
    use super::super::view::Demand;
    use super::*;
    use buildyard_model::Resources;

    const WAITING: usize = 3;

    fn arrivals(every_ms: i64, count: i64) -> FleetView {
        let arrivals = (0..count).map(|number| Timestamp(1_000_000 - number * every_ms)).collect();
        let resources = Resources { vcpu: 2, memory_mib: 4096 };
        let waiting = vec![Demand { resources, since: Timestamp(0), expected: None }; WAITING];
        FleetView { arrivals, waiting, launch_time: Some(Duration::from_secs(60)), ..FleetView::default() }
    }

    fn expected(view: &FleetView) -> u64 {
        arrivals_in(
            Duration::from_secs(60),
            view,
            &Policy { idle: Duration::from_secs(300), ..Policy::default() },
            Timestamp(1_000_000),
        )
    }

    #[test]
    fn a_steady_stream_keeps_slots_for_one_launch_time() {
        // 4 a minute, and twice 2 for the variation.
        assert_eq!(expected(&arrivals(15_000, 20)), 8);
        assert_eq!(expected(&arrivals(60_000, 5)), 2);
        assert_eq!(expected(&arrivals(150_000, 2)), 1);
        assert_eq!(expected(&FleetView::default()), 0);
    }

    #[test]
    fn many_builds_at_one_moment_keep_none() {
        assert_eq!(expected(&arrivals(100, 20)), 0);
    }

    #[test]
    fn a_burst_that_goes_on_keeps_three_times_as_many_as_wait() {
        assert_eq!(expected(&arrivals(1000, 15)), 3 * WAITING as u64);
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
