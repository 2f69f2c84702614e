//! One instance's room over time: what it holds, until when, and from when on another build has place in it.

use super::view::Member;
use buildyard_model::{Resources, Timestamp};

const NEVER: Timestamp = Timestamp(i64::MAX);

/// An instance as a place for builds.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    from: Timestamp,
    slots: u32,
    has: Resources,
    /// What is in it, with its end, soonest first.
    held: Vec<(Timestamp, Resources)>,
    /// Builds in its hands at present.
    busy: u32,
    /// Whether a waiting build was given to it.
    pub(super) is_wanted: bool,
}

impl Lane {
    /// An instance that is empty from `from` on.
    pub(super) fn empty(slots: u32, has: Resources, from: Timestamp) -> Self {
        Self { from, slots, has, held: Vec::new(), busy: 0, is_wanted: false }
    }

    /// An agent as it is. Builds whose end cannot be told, or should have come already, hold their place for good.
    pub(super) fn of(member: &Member, now: Timestamp) -> Self {
        let mut lane = Self::empty(member.slots, member.resources, now);
        lane.busy = member.builds;
        let endings = || member.endings.iter().filter(|ending| ending.at > now).take(member.builds as usize);
        let mut rest = member.used;
        for ending in endings() {
            lane.hold(ending.at, ending.resources);
            rest = less(rest, ending.resources);
        }
        let untold = member.builds.saturating_sub(u32::try_from(lane.held.len()).unwrap_or(u32::MAX));
        for number in 0..untold {
            let resources = if number == 0 { rest } else { Resources { vcpu: 0, memory_mib: 0 } };
            lane.hold(NEVER, resources);
        }
        lane
    }

    /// From when on such a build has place, if not after `by`. Placement's own rule: a slot, and its size, which counts
    /// for nothing when it is alone.
    pub(super) fn earliest(&self, wanted: Resources, by: Timestamp) -> Option<Timestamp> {
        let mut left = self.held.len();
        let mut used = self.held.iter().fold(Resources { vcpu: 0, memory_mib: 0 }, |sum, (_, one)| more(sum, *one));
        let mut ended = self.held.iter();
        let mut start = self.from;
        loop {
            let together = more(used, wanted);
            let is_within = together.vcpu <= self.has.vcpu && together.memory_mib <= self.has.memory_mib;
            if start > by {
                return None;
            }
            if left < self.slots as usize && (left == 0 || is_within) {
                return Some(start);
            }
            let (end, resources) = ended.next()?;
            used = less(used, *resources);
            left -= 1;
            start = start.max(*end);
        }
    }

    /// Gives it the build from `start` on, for `ends`; none: until nobody knows when.
    pub(super) fn give(&mut self, resources: Resources, ends: Option<Timestamp>) {
        self.hold(ends.unwrap_or(NEVER), resources);
        self.is_wanted = true;
    }

    /// Slots that are or will be in use; of an instance whose CPUs or memory are in use to a larger part than its slots,
    /// that part.
    pub(super) fn used_slots(&self) -> u32 {
        let used = self.held.iter().fold(Resources { vcpu: 0, memory_mib: 0 }, |sum, (_, one)| more(sum, *one));
        let part = |used: u64, has: u64| (used.saturating_mul(self.slots.into())).div_ceil(has.max(1));
        let part = part(used.vcpu.into(), self.has.vcpu.into()).max(part(used.memory_mib, self.has.memory_mib));
        let builds = u32::try_from(self.held.len()).unwrap_or(u32::MAX).max(self.busy);
        u32::try_from(part).unwrap_or(u32::MAX).max(builds).min(self.slots)
    }

    pub(super) fn slots(&self) -> u32 {
        self.slots
    }

    fn hold(&mut self, end: Timestamp, resources: Resources) {
        let at = self.held.partition_point(|(other, _)| *other <= end);
        self.held.insert(at, (end, resources));
    }
}

fn more(one: Resources, other: Resources) -> Resources {
    Resources { vcpu: one.vcpu.saturating_add(other.vcpu), memory_mib: one.memory_mib.saturating_add(other.memory_mib) }
}

fn less(one: Resources, other: Resources) -> Resources {
    Resources { vcpu: one.vcpu.saturating_sub(other.vcpu), memory_mib: one.memory_mib.saturating_sub(other.memory_mib) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Resources = Resources { vcpu: 2, memory_mib: 4096 };
    const LARGE: Resources = Resources { vcpu: 8, memory_mib: 16_384 };

    #[test]
    fn a_slot_that_frees_up_in_time_is_found() {
        let mut lane = Lane::empty(1, SMALL, Timestamp(100));
        lane.give(SMALL, Some(Timestamp(500)));
        assert_eq!(lane.earliest(SMALL, Timestamp(1000)), Some(Timestamp(500)));
        assert_eq!(lane.earliest(SMALL, Timestamp(499)), None);
        lane.give(SMALL, None);
        assert_eq!(lane.earliest(SMALL, Timestamp(i64::MAX - 1)), None);
    }

    #[test]
    fn a_large_build_waits_until_it_is_alone() {
        let mut lane = Lane::empty(4, SMALL, Timestamp(0));
        assert_eq!(lane.earliest(LARGE, Timestamp(0)), Some(Timestamp(0)));
        lane.give(SMALL, Some(Timestamp(10)));
        assert_eq!(lane.earliest(SMALL, Timestamp(5)), None);
        assert_eq!(lane.earliest(LARGE, Timestamp(20)), Some(Timestamp(10)));
    }
}
