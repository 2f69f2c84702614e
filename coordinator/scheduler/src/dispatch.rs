//! Queue and placement together: which build is given to which agent now. Pure: a value that is told of every change
//! and decides in rounds. The caller commits what a round decides, or takes it back.
//!
//! A build is in one of three places: in the queue, in an agent's hands, or nowhere. What a round decides counts as in
//! the agent's hands at once, so that rounds may follow one another faster than they are committed.
//!
//! A build that fits nowhere now lets those behind it pass. So that a big one is not passed for ever, a shape of which
//! a build has waited for [`PATIENCE`] reserves the agent that it could have soonest: nothing else is placed there, the
//! agent empties, and an empty agent is refused to no build for its size.

use crate::placement::{AgentLoad, Assignment, Candidate, PATIENCE, Policy, Room, Standing};
use crate::queue::{Passed, Queue};
use buildyard_model::{AgentId, BuildId, ProjectName, Resources, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// A build in an agent's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hold {
    agent: AgentId,
    resources: Resources,
    since: Timestamp,
    /// For how much slot time it counts.
    charged: Duration,
}

/// What is known of a build in an agent's hands.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    pub build: &'a BuildId,
    pub agent: &'a AgentId,
    pub resources: Resources,
    pub since: Timestamp,
}

/// The queue, the agents, and what they have in their hands.
#[derive(Debug, Default)]
pub struct Dispatcher {
    queue: Queue,
    room: Room,
    holds: HashMap<BuildId, Hold>,
    /// When builds will have had their slots for as long as they count for.
    due: BTreeSet<(Timestamp, BuildId)>,
}

impl Dispatcher {
    /// Nothing waits and no agent is there. Projects have these weights, others 1.
    pub fn new(policy: Policy, weights: HashMap<ProjectName, u32>) -> Self {
        Self { queue: Queue::new(weights), room: Room::new(policy), ..Self::default() }
    }

    /// The waiting builds.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The connected agents, in no order.
    pub fn agents(&self) -> impl Iterator<Item = AgentLoad<'_>> + Clone {
        self.room.connected()
    }

    /// How many builds the agent has and what they use together.
    pub fn load(&self, agent: &AgentId) -> (u32, Resources) {
        self.room.load(agent)
    }

    /// Builds in agents' hands.
    pub fn held(&self) -> impl Iterator<Item = Held<'_>> {
        self.holds.iter().map(|(build, hold)| Held {
            build,
            agent: &hold.agent,
            resources: hold.resources,
            since: hold.since,
        })
    }

    /// An agent is connected, and how it stands.
    pub fn connect(&mut self, agent: AgentId, standing: Standing, now: Timestamp) {
        self.room.connect(agent, standing, now);
    }

    /// An agent is not connected any more. What it has in its hands stays there.
    pub fn disconnect(&mut self, agent: &AgentId) {
        self.room.disconnect(agent);
    }

    /// The build waits, whatever it did before.
    pub fn wait(&mut self, candidate: Candidate, now: Timestamp) {
        self.let_go(&candidate.build, now);
        self.room.learn(&candidate.requirements, now);
        self.queue.push(candidate);
    }

    /// The agent has the build, whatever it did before.
    pub fn hold(&mut self, build: BuildId, agent: AgentId, resources: Resources, now: Timestamp) {
        self.queue.remove(&build);
        if self.holds.get(&build).is_some_and(|held| held.agent == agent && held.resources == resources) {
            return;
        }
        self.let_go(&build, now);
        let add = |builds: &mut u32, used: &mut Resources| {
            *builds += 1;
            used.vcpu = used.vcpu.saturating_add(resources.vcpu);
            used.memory_mib = used.memory_mib.saturating_add(resources.memory_mib);
        };
        self.room.change(&agent, add, now);
        let charged = self.queue.started(build.project());
        self.due.insert((now.plus(charged), build.clone()));
        self.holds.insert(build, Hold { agent, resources, since: now, charged });
    }

    /// The build neither waits nor is in an agent's hands.
    pub fn forget(&mut self, build: &BuildId, now: Timestamp) {
        self.queue.remove(build);
        self.let_go(build, now);
    }

    /// Decides on at most `most` grants, and counts each of them as in its agent's hands.
    pub fn round(&mut self, most: usize, now: Timestamp) -> Vec<Assignment> {
        self.room.wake(now);
        self.charge(now);
        let (mut passed, mut reserved) = (Passed::default(), None);
        let mut assignments = Vec::new();
        while assignments.len() < most && self.room.any() {
            let Some(entry) = self.queue.next(&mut passed) else { break };
            let wanted = &*entry.requirements;
            if let Some(agent) = self.room.choose(wanted, reserved.as_ref()) {
                self.queue.chosen(entry.build.project());
                self.hold(entry.build.clone(), agent.clone(), wanted.resources, now);
                assignments.push(Assignment { build: entry.build.clone(), agent });
                continue;
            }
            passed.pass(entry.shape);
            let oldest = self.queue.oldest(entry.shape).unwrap_or(now);
            if reserved.is_none() && now.since(oldest) >= PATIENCE {
                reserved = self.room.soonest(wanted);
            }
        }
        self.queue.resume(passed);
        assignments
    }

    fn let_go(&mut self, build: &BuildId, now: Timestamp) {
        let Some(hold) = self.holds.remove(build) else { return };
        let take = |builds: &mut u32, used: &mut Resources| {
            *builds = builds.saturating_sub(1);
            used.vcpu = used.vcpu.saturating_sub(hold.resources.vcpu);
            used.memory_mib = used.memory_mib.saturating_sub(hold.resources.memory_mib);
        };
        self.room.change(&hold.agent, take, now);
        self.due.remove(&(hold.since.plus(hold.charged), build.clone()));
        self.queue.ended(build.project(), now.since(hold.since), hold.charged);
    }

    /// Lets builds count for twice as much that have had their slots for as long as they counted for.
    fn charge(&mut self, now: Timestamp) {
        while let Some((at, build)) = self.due.pop_first() {
            if at > now {
                self.due.insert((at, build));
                return;
            }
            let Some(hold) = self.holds.get_mut(&build) else { continue };
            let more = hold.charged;
            hold.charged += more;
            self.queue.overran(build.project(), more);
            self.due.insert((hold.since.plus(hold.charged), build));
        }
    }
}

#[cfg(test)]
mod tests;
