//! What the fleet's owner wants.

use buildyard_model::Resources;
use std::time::Duration;

/// A floor for a part of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Days it holds on, Monday is 0.
    pub days: Vec<u8>,
    /// Minutes after midnight, UTC: from the first up to the second; a second that is not larger means the next day.
    pub from_minute: u32,
    pub to_minute: u32,
    /// At least so many instances meanwhile.
    pub min: u32,
}

/// How a fleet grows and shrinks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub min: u32,
    pub max: u32,
    /// What one instance is expected to offer, before the first has said so.
    pub slots: u32,
    pub resources: Resources,
    /// An agent that had nothing to do for so long may go.
    pub idle: Duration,
    /// Free slots to be kept for builds to come, as far as `max` allows.
    pub warm_slots: u32,
    /// Keep besides so many free slots as builds are likely to come while an instance starts, by the recent arrivals.
    pub anticipate: bool,
    /// Drain agents that have work when the others can do it too, so that builds spread thin do not keep all of them.
    pub consolidate: bool,
    /// A build that gets a slot no later than this after a new instance could have joined is not launched for.
    pub patience: Duration,
    /// Of the slots, at most this percentage is to be in use (CodeBuild's FLEET_UTILIZATION_RATE target), in whole slots;
    /// 100 for none to spare.
    pub utilization_percent: u32,
    pub schedules: Vec<Schedule>,
    /// At most so many instances in one launch.
    pub max_launch: u32,
    pub max_launches_per_minute: u32,
    /// Between two scale-ins.
    pub cool_down: Duration,
    /// A launch whose agent has not joined within this is given up, and its instance ends.
    pub join_within: Duration,
    /// A drained agent that still has builds after this goes on with them all the same; it is told to people.
    pub drain_within: Duration,
}

/// Idle time and utilization are those that did best over simulated weeks (README, Scaling).
impl Default for Policy {
    fn default() -> Self {
        Self {
            min: 0,
            max: 10,
            slots: 1,
            resources: Resources { vcpu: 2, memory_mib: 4096 },
            idle: Duration::from_secs(600),
            warm_slots: 0,
            anticipate: true,
            consolidate: true,
            patience: Duration::from_secs(15),
            utilization_percent: 70,
            schedules: Vec::new(),
            max_launch: 10,
            max_launches_per_minute: 30,
            cool_down: Duration::from_secs(15),
            join_within: Duration::from_secs(300),
            drain_within: Duration::from_secs(3600),
        }
    }
}
