//! The connected agents with room, arranged so that the best one for a build is found without looking at them all.
//!
//! Agents that fit the same builds form a group, in which they stand by load; beside that, agents with room are known
//! by what they hold. What a choice looks at is bounded where that costs a preference, never where it costs a fit.

use super::{AgentLoad, Policy, fit};
use buildyard_model::{Affinity, AgentId, Capacity, Requirements, Resources, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Fitting holders of one thing that are compared.
const LOOKED_AT: usize = 64;

/// Why an agent takes no builds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// Until it says otherwise.
    Because(String),
    /// It rests until then.
    Until(Timestamp, String),
}

impl Closed {
    /// Why, at this moment; none when the rest is over.
    pub fn reason(&self, now: Timestamp) -> Option<&str> {
        match self {
            Self::Because(why) => Some(why),
            Self::Until(until, why) => (*until > now).then_some(why.as_str()),
        }
    }
}

/// A connected agent, as its session tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub capacity: Capacity,
    pub holds: Arc<BTreeSet<Affinity>>,
    /// Free disk, as it last said; none when it never did.
    pub disk_mib: Option<u64>,
    pub closed: Option<Closed>,
}

/// An agent's place in its group: the least loaded first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    permille: u64,
    builds: u32,
    agent: AgentId,
}

#[derive(Debug)]
struct Known {
    standing: Standing,
    kind: Kind,
    /// Its place, while it has room and takes builds.
    listed: Option<Rank>,
}

/// What agents of a group have in common: all that decides whether a build can ever fit.
type Kind = Arc<Capacity>;

#[derive(Debug, Default)]
struct Group {
    ranks: BTreeSet<Rank>,
    /// No agent of the group is larger.
    largest: Option<Resources>,
}

/// The agents.
#[derive(Debug, Default)]
pub(crate) struct Room {
    policy: Policy,
    agents: HashMap<AgentId, Known>,
    /// Builds in each agent's hands and what they use, whether it is connected or not.
    loads: HashMap<AgentId, (u32, Resources)>,
    groups: HashMap<Kind, Group>,
    holders: HashMap<Affinity, BTreeSet<AgentId>>,
    /// When rests end.
    rests: BTreeMap<Timestamp, Vec<AgentId>>,
    /// Labels that builds have asked for: others make no difference.
    labels: BTreeSet<String>,
    /// How many are listed.
    open: usize,
}

const NOTHING: Resources = Resources { vcpu: 0, memory_mib: 0 };

/// Why one agent goes before another; the smallest is taken.
type Key = (bool, Reverse<u64>, u64, u32, AgentId);

impl Room {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Whether any agent has room.
    pub(crate) fn any(&self) -> bool {
        self.open > 0
    }

    pub(crate) fn load(&self, agent: &AgentId) -> (u32, Resources) {
        self.loads.get(agent).copied().unwrap_or((0, NOTHING))
    }

    /// The agents that are connected, with their loads.
    pub(crate) fn connected(&self) -> impl Iterator<Item = AgentLoad<'_>> + Clone {
        self.agents.iter().map(|(agent, known)| {
            let Standing { capacity, disk_mib, closed, .. } = &known.standing;
            let (builds, used) = self.load(agent);
            AgentLoad { agent, capacity, builds, used, disk_mib: *disk_mib, closed: closed.as_ref() }
        })
    }

    /// Takes note of how a connected agent stands.
    pub(crate) fn connect(&mut self, agent: AgentId, standing: Standing, now: Timestamp) {
        if let Some(known) = self.agents.get_mut(&agent) {
            // The disk changes with every sign of life, and no place depends on it.
            known.standing.disk_mib = standing.disk_mib;
            if known.standing == standing {
                return;
            }
        }
        self.unlist(&agent);
        if let Some(Closed::Until(until, _)) = &standing.closed {
            self.rests.entry(*until).or_default().push(agent.clone());
        }
        let kind = self.kind(&standing.capacity);
        self.agents.insert(agent.clone(), Known { standing, kind, listed: None });
        self.list(&agent, now);
    }

    pub(crate) fn disconnect(&mut self, agent: &AgentId) {
        self.unlist(agent);
        self.agents.remove(agent);
    }

    /// The agent has so much more, or less, in its hands.
    pub(crate) fn change(&mut self, agent: &AgentId, change: impl FnOnce(&mut u32, &mut Resources), now: Timestamp) {
        let (builds, used) = self.loads.entry(agent.clone()).or_insert((0, NOTHING));
        change(builds, used);
        let (builds, used) = (*builds, *used);
        if builds == 0 {
            self.loads.remove(agent);
        }
        if !self.rerank(agent, builds, used) {
            self.unlist(agent);
            self.list(agent, now);
        }
    }

    /// Gives an agent that had room and still has its new place, and says whether it is such a one.
    fn rerank(&mut self, agent: &AgentId, builds: u32, used: Resources) -> bool {
        let Some(known) = self.agents.get_mut(agent) else { return true };
        let capacity = &known.standing.capacity;
        let (Some(old), true) = (&known.listed, builds < capacity.slots) else { return false };
        let Some(group) = self.groups.get_mut(&known.kind) else { return false };
        let rank = Rank { permille: fit::permille(used, capacity.resources), builds, agent: agent.clone() };
        group.ranks.remove(old);
        group.ranks.insert(rank.clone());
        known.listed = Some(rank);
        true
    }

    /// Lets those take builds again whose rest is over.
    pub(crate) fn wake(&mut self, now: Timestamp) {
        while let Some(entry) = self.rests.first_entry().filter(|entry| *entry.key() <= now) {
            for agent in entry.remove() {
                self.unlist(&agent);
                self.list(&agent, now);
            }
        }
    }

    /// Learns which labels builds ask for.
    pub(crate) fn learn(&mut self, wanted: &Requirements, now: Timestamp) {
        if wanted.labels.keys().all(|label| self.labels.contains(label)) {
            return;
        }
        self.labels.extend(wanted.labels.keys().cloned());
        let agents: Vec<AgentId> = self.agents.keys().cloned().collect();
        for agent in agents {
            self.unlist(&agent);
            let kind = self.agents.get(&agent).map(|known| self.kind(&known.standing.capacity));
            if let (Some(known), Some(kind)) = (self.agents.get_mut(&agent), kind) {
                known.kind = kind;
            }
            self.list(&agent, now);
        }
    }

    /// The best agent that can take the build now, other than `except`.
    pub(crate) fn choose(&self, wanted: &Requirements, except: Option<&AgentId>) -> Option<AgentId> {
        let mut best: Option<Key> = None;
        for (kind, group) in &self.groups {
            if fit::fits_ever(wanted, kind) {
                self.first_of_group(wanted, group, except, &mut best);
            }
        }
        for affinity in &wanted.prefers {
            let holders = self.holders.get(affinity).into_iter().flatten();
            let fitting = holders.filter(|agent| Some(*agent) != except);
            let keys = fitting.filter_map(|agent| self.key(wanted, agent));
            keys.take(LOOKED_AT).for_each(|key| improve(&mut best, key));
        }
        best.map(|(.., agent)| agent)
    }

    /// The agent with room that the build could have soonest, were nothing more placed there.
    pub(crate) fn soonest(&self, wanted: &Requirements) -> Option<AgentId> {
        let mut best: Option<Key> = None;
        let fitting = self.groups.iter().filter(|(kind, _)| fit::fits_ever(wanted, kind));
        for rank in fitting.flat_map(|(_, group)| &group.ranks) {
            let Some(known) = self.agents.get(&rank.agent) else { continue };
            let small = fit::oversized(wanted.resources, known.standing.capacity.resources);
            improve(&mut best, (small, Reverse(0), rank.permille, rank.builds, rank.agent.clone()));
        }
        best.map(|(.., agent)| agent)
    }

    /// The first that fits is the group's best but for what it holds. One that is too small is the last resort.
    fn first_of_group(&self, wanted: &Requirements, group: &Group, except: Option<&AgentId>, best: &mut Option<Key>) {
        let all_small = group.largest.is_none_or(|largest| fit::oversized(wanted.resources, largest));
        let ranks: Box<dyn Iterator<Item = &Rank>> = match self.policy {
            // One that is too small has to be idle, and those come first.
            Policy::Pack if !all_small => Box::new(group.ranks.iter().rev()),
            Policy::Pack | Policy::Spread => Box::new(group.ranks.iter()),
        };
        let mut small = None;
        for rank in ranks.filter(|rank| Some(&rank.agent) != except) {
            let Some(key) = self.key(wanted, &rank.agent) else { continue };
            if !key.0 {
                return improve(best, key);
            }
            small.get_or_insert(key);
            if all_small {
                break;
            }
        }
        if let Some(key) = small {
            improve(best, key);
        }
    }

    /// The place of an agent with room among those that can take the build; none when it cannot.
    fn key(&self, wanted: &Requirements, agent: &AgentId) -> Option<Key> {
        let known = self.agents.get(agent)?;
        let rank = known.listed.as_ref()?;
        let Standing { capacity, holds, disk_mib, .. } = &known.standing;
        if !fit::has_room(wanted, capacity, self.load(agent), *disk_mib) {
            return None;
        }
        let by_load = match self.policy {
            Policy::Spread => rank.permille,
            Policy::Pack => u64::MAX - rank.permille,
        };
        let small = fit::oversized(wanted.resources, capacity.resources);
        Some((small, Reverse(score(&wanted.prefers, holds)), by_load, rank.builds, agent.clone()))
    }

    fn list(&mut self, agent: &AgentId, now: Timestamp) {
        let (builds, used) = self.load(agent);
        let Some(known) = self.agents.get_mut(agent) else { return };
        let has = known.standing.capacity.resources;
        let closed = known.standing.closed.as_ref().and_then(|closed| closed.reason(now)).is_some();
        if closed || builds >= known.standing.capacity.slots {
            return;
        }
        let rank = Rank { permille: fit::permille(used, has), builds, agent: agent.clone() };
        known.listed = Some(rank.clone());
        let group = self.groups.entry(Arc::clone(&known.kind)).or_default();
        group.ranks.insert(rank);
        let largest = group.largest.get_or_insert(has);
        largest.vcpu = largest.vcpu.max(has.vcpu);
        largest.memory_mib = largest.memory_mib.max(has.memory_mib);
        for affinity in known.standing.holds.iter() {
            self.holders.entry(*affinity).or_default().insert(agent.clone());
        }
        self.open += 1;
    }

    fn unlist(&mut self, agent: &AgentId) {
        let Some(known) = self.agents.get_mut(agent) else { return };
        let Some(rank) = known.listed.take() else { return };
        if let Some(group) = self.groups.get_mut(&known.kind) {
            group.ranks.remove(&rank);
            if group.ranks.is_empty() {
                self.groups.remove(&known.kind);
            }
        }
        for affinity in known.standing.holds.iter() {
            if let Some(holders) = self.holders.get_mut(affinity) {
                holders.remove(agent);
                if holders.is_empty() {
                    self.holders.remove(affinity);
                }
            }
        }
        self.open -= 1;
    }

    fn kind(&self, capacity: &Capacity) -> Kind {
        let labels = capacity.labels.iter().filter(|(label, _)| self.labels.contains(*label));
        let kind = Capacity {
            slots: capacity.slots.min(1),
            resources: NOTHING,
            architecture: capacity.architecture,
            labels: labels.map(|(label, value)| (label.clone(), value.clone())).collect(),
            privileged: capacity.privileged,
            local_source: capacity.local_source,
            executor: String::new(),
            fleet: capacity.fleet.clone(),
        };
        self.groups.get_key_value(&kind).map_or_else(|| Arc::new(kind.clone()), |(known, _)| Arc::clone(known))
    }
}

fn improve(best: &mut Option<Key>, key: Key) {
    if best.as_ref().is_none_or(|known| key < *known) {
        *best = Some(key);
    }
}

/// How much of what the build prefers the agent holds: each thing weighs more than all behind it.
fn score(prefers: &[Affinity], holds: &BTreeSet<Affinity>) -> u64 {
    let held = prefers.iter().take(32).enumerate().filter(|(_, affinity)| holds.contains(affinity));
    held.map(|(at, _)| 1 << (32 - at)).sum()
}
