//! A fleet as the plan sees it: what waits, who is connected, what the provisioner lists and what was launched, put
//! together. Pure but for [`Memory`], which carries from one round to the next what only the order of rounds tells.

use super::launch::LaunchRecord;
use buildyard_model::{AgentId, Capacity, InstanceId, Requirements, Resources, Timestamp};
use buildyard_provision::{Instance, InstanceState};
use buildyard_scheduler::placement::misfit;
use buildyard_scheduler::scaling::{Demand, Ending, FleetView, Known, Member, Pending};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// Launches by which the launch time is told.
const MEASURED: usize = 9;
/// Launches are remembered for the limits by the minute.
const REMEMBERED: Duration = Duration::from_secs(120);

/// A build that waits for the fleet.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) since: Timestamp,
    pub(crate) requirements: Requirements,
    /// How long such a build takes, by recent ones of its project.
    pub(crate) expected: Option<Duration>,
}

/// A connected agent of the fleet.
#[derive(Debug, Clone)]
pub(crate) struct Present {
    pub(crate) agent: AgentId,
    pub(crate) capacity: Capacity,
    /// Builds in its hands, offered ones included.
    pub(crate) builds: u32,
    pub(crate) used: Resources,
    /// When those of its builds end of which it can be told.
    pub(crate) endings: Vec<Ending>,
    /// When it last became free, if it has been busy since it connected.
    pub(crate) freed_at: Option<Timestamp>,
    /// Kept from builds by a person or by itself.
    pub(crate) cordoned: bool,
}

/// What one round saw.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) now: Timestamp,
    pub(crate) waiting: Vec<Waiting>,
    /// When builds for the fleet came lately, those that never had to wait among them.
    pub(crate) arrivals: Vec<Timestamp>,
    pub(crate) present: Vec<Present>,
    /// None when the provisioner could not say.
    pub(crate) listed: Option<Vec<Instance>>,
    pub(crate) launches: Vec<LaunchRecord>,
    /// Agents that have builds, connected or not.
    pub(crate) holders: HashSet<AgentId>,
}

/// What rounds carry on.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    idle_since: HashMap<AgentId, Timestamp>,
    alone_since: HashMap<InstanceId, Timestamp>,
    launched: VecDeque<Timestamp>,
    took: VecDeque<Duration>,
    timed: HashSet<AgentId>,
    pub(crate) failures: u32,
    pub(crate) failed_at: Option<Timestamp>,
    pub(crate) scaled_in_at: Option<Timestamp>,
}

impl Memory {
    /// Instances were asked for.
    pub(crate) fn launched(&mut self, count: usize, now: Timestamp) {
        self.launched.extend(std::iter::repeat_n(now, count));
    }

    /// A launch failed or came to nothing.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failed_at = Some(now);
    }

    /// How long a launch takes, by the middle one of the last.
    pub(crate) fn launch_time(&self) -> Option<Duration> {
        let mut took: Vec<Duration> = self.took.iter().copied().collect();
        took.sort();
        took.get(took.len() / 2).copied()
    }

    /// Measures launches whose agents have joined. One that joined ends a row of failures.
    fn measure(&mut self, launches: &[LaunchRecord]) {
        for launch in launches {
            let Some(joined) = launch.joined_at else { continue };
            if self.timed.insert(launch.agent.clone()) {
                self.took.push_back(joined.since(launch.asked_at));
                if self.took.len() > MEASURED {
                    self.took.pop_front();
                }
                if self.failed_at.is_none_or(|failed| failed <= joined) {
                    self.failures = 0;
                }
            }
        }
        self.timed.retain(|agent| launches.iter().any(|launch| launch.agent == *agent));
    }

    fn tidy(&mut self, sighting: &Sighting) {
        let now = sighting.now;
        while self.launched.front().is_some_and(|at| now.since(*at) > REMEMBERED) {
            self.launched.pop_front();
        }
        let present: HashSet<&AgentId> = sighting.present.iter().map(|present| &present.agent).collect();
        self.idle_since.retain(|agent, _| present.contains(agent));
        if let Some(listed) = &sighting.listed {
            let listed: HashSet<&InstanceId> = listed.iter().map(|instance| &instance.id).collect();
            self.alone_since.retain(|instance, _| listed.contains(instance));
        }
    }
}

/// Puts together what the plan is asked with.
pub(crate) fn view(memory: &mut Memory, sighting: &Sighting, offers: Option<&Capacity>) -> FleetView {
    memory.tidy(sighting);
    memory.measure(&sighting.launches);
    let by_agent: HashMap<&AgentId, &LaunchRecord> =
        sighting.launches.iter().map(|launch| (&launch.agent, launch)).collect();
    let members: Vec<Member> = sighting
        .present
        .iter()
        .filter_map(|present| member(memory, sighting, present, by_agent.get(&present.agent)?))
        .collect();
    let connected: BTreeSet<&AgentId> = members.iter().map(|member| &member.agent).collect();
    let pending = sighting.launches.iter().filter(|launch| launch.joined_at.is_none() && launch.ending_since.is_none());
    let known = |memory: &mut Memory, instance: &Instance| {
        let launch = owner(&sighting.launches, instance);
        let agent = launch.map(|launch| &launch.agent);
        if agent.is_some_and(|agent| connected.contains(agent)) {
            memory.alone_since.remove(&instance.id);
        }
        let seen_since = *memory.alone_since.entry(instance.id.clone()).or_insert(sighting.now);
        Known {
            instance: instance.id.clone(),
            ticket: instance.ticket,
            seen_since,
            stopping: instance.state == InstanceState::Stopping
                || launch.is_some_and(|launch| launch.ending_since.is_some()),
            leased: agent.is_some_and(|agent| sighting.holders.contains(agent) && !connected.contains(agent)),
        }
    };
    let instances =
        sighting.listed.as_ref().map(|listed| listed.iter().map(|instance| known(memory, instance)).collect());
    FleetView {
        waiting: sighting.waiting.iter().filter(|waiting| may_fit(waiting, offers)).map(demand).collect(),
        arrivals: sighting.arrivals.clone(),
        pending: pending.map(|launch| Pending { ticket: launch.ticket, asked_at: launch.asked_at }).collect(),
        launch_time: memory.launch_time(),
        launches: memory.launched.iter().copied().collect(),
        failures: memory.failures,
        failed_at: memory.failed_at,
        scaled_in_at: memory.scaled_in_at,
        members,
        instances,
    }
}

/// The launch that the instance came by.
pub(crate) fn owner<'a>(launches: &'a [LaunchRecord], instance: &Instance) -> Option<&'a LaunchRecord> {
    launches
        .iter()
        .find(|launch| instance.ticket == Some(launch.ticket) || launch.instance.as_ref() == Some(&instance.id))
}

/// An agent without a launch was not started by us: nobody launches, drains or ends it.
fn member(memory: &mut Memory, sighting: &Sighting, present: &Present, launch: &LaunchRecord) -> Option<Member> {
    let joined_at = launch.joined_at?;
    if present.builds > 0 {
        memory.idle_since.remove(&present.agent);
    }
    let seen_idle = || *memory.idle_since.entry(present.agent.clone()).or_insert(sighting.now);
    // A build may begin and end between two rounds.
    let idle_since = (present.builds == 0).then(seen_idle).map(|since| since.max(present.freed_at.unwrap_or(since)));
    Some(Member {
        agent: present.agent.clone(),
        ticket: Some(launch.ticket),
        instance: launch.instance.clone(),
        slots: present.capacity.slots,
        resources: present.capacity.resources,
        builds: present.builds,
        used: present.used,
        endings: present.endings.clone(),
        idle_since,
        draining_since: launch.leaving_since,
        cordoned: present.cordoned,
        joined_at,
    })
}

/// Whether an instance of this fleet could ever take the build, as far as one has said what it offers.
fn may_fit(waiting: &Waiting, offers: Option<&Capacity>) -> bool {
    offers.is_none_or(|offers| misfit(&waiting.requirements, offers).is_none())
}

fn demand(waiting: &Waiting) -> Demand {
    Demand { resources: waiting.requirements.resources, since: waiting.since, expected: waiting.expected }
}

#[cfg(test)]
mod tests;
