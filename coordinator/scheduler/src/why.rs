//! Why a build waits, and what would let it start. Pure; follows the rules by which `dispatch` decides.

mod words;

pub use words::{text, unblocks};

use crate::placement::{AgentLoad, fits_ever, fits_now, misfit, oversized, short_of_disk};
use crate::queue::Shares;
use buildyard_model::{AgentId, AgentWord, FleetName, ProjectName, Requirements, Resources, Timestamp, WaitReason};
use std::collections::BTreeMap;

/// Builds before one in the queue are counted up to this many.
pub const MOST_COUNTED: usize = 1000;
/// Agents that a reason names.
const NAMED: usize = 5;

/// Where a build stands among those that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub project: ProjectName,
    /// Builds that go first, counted up to [`MOST_COUNTED`].
    pub ahead: usize,
    /// Slots that its project has, of all in use.
    pub slots: u32,
    pub of: u32,
    pub weight: u32,
}

impl Standing {
    /// Where a build of the project stands that has so many before it.
    pub fn of(project: ProjectName, ahead: usize, shares: &Shares) -> Self {
        let (slots, of, weight) = (shares.running(&project), shares.total(), shares.weight(&project));
        Self { project, ahead, slots, of, weight }
    }
}

/// Why a build waits: at least one reason, the first the heaviest. `place` is what [`place`] found for what it wants;
/// `launches` of its fleet have been asked for and not joined.
pub fn reasons(
    fleet: Option<&FleetName>,
    place: Result<AgentId, WaitReason>,
    standing: &Standing,
    launches: u32,
) -> Vec<WaitReason> {
    let fleet = fleet.cloned().unwrap_or_else(FleetName::on_demand);
    let scaling = (launches > 0).then_some(WaitReason::Scaling { fleet, launches });
    let found = match (place, behind(standing)) {
        (Err(full @ (WaitReason::Full { .. } | WaitReason::TooLarge { .. })), behind) => {
            vec![Some(full), scaling, behind]
        }
        // Whoever goes first waits for the same.
        (Err(reason), _) => vec![Some(reason), scaling],
        (Ok(_), Some(behind)) => vec![Some(behind), scaling],
        (Ok(agent), None) => vec![Some(WaitReason::Next { agent })],
    };
    found.into_iter().flatten().collect()
}

/// An agent that has room for a build that wants this, or why there is none. `agents` are those connected; they are
/// looked at where they are, since there may be ten thousand.
///
/// # Errors
/// The reason, which holds for every build that wants the same.
pub fn place<'a>(
    wanted: &Requirements,
    agents: impl Iterator<Item = AgentLoad<'a>> + Clone,
    now: Timestamp,
) -> Result<AgentId, WaitReason> {
    if agents.clone().next().is_none() {
        return Err(WaitReason::NoAgent);
    }
    let fitting = agents.clone().filter(|load| fits_ever(wanted, load.capacity));
    if fitting.clone().next().is_none() {
        let (agents, more) = told(agents, |load| misfit(wanted, load.capacity));
        return Err(WaitReason::NoFit { agents, more });
    }
    let open = fitting.clone().filter(|load| withheld(wanted, load, now).is_none());
    if open.clone().next().is_none() {
        let (agents, more) = told(fitting, |load| withheld(wanted, load, now).map(Withheld::words));
        return Err(WaitReason::Closed { agents, more });
    }
    let room = open.clone().filter(|load| fits_now(wanted, load)).map(|load| load.agent).min();
    room.cloned().ok_or_else(|| full(wanted.resources, open))
}

/// Why an agent that fits gets no such build now, whatever its load.
enum Withheld<'a> {
    Closed(&'a str),
    Disk { free: u64, wanted: u64 },
}

impl Withheld<'_> {
    fn words(self) -> String {
        match self {
            Self::Closed(why) => why.to_owned(),
            Self::Disk { free, wanted } => format!("has {free} MiB of disk free where the build needs {wanted}"),
        }
    }
}

fn withheld<'a>(wanted: &Requirements, load: &AgentLoad<'a>, now: Timestamp) -> Option<Withheld<'a>> {
    let closed = load.closed.and_then(|closed| closed.reason(now)).map(Withheld::Closed);
    let disk = || short_of_disk(wanted, load.disk_mib).map(|free| Withheld::Disk { free, wanted: wanted.disk_mib });
    closed.or_else(disk)
}

/// No agent has room. A build that is larger than each of them waits for one to be idle.
fn full<'a>(wanted: Resources, open: impl Iterator<Item = AgentLoad<'a>> + Clone) -> WaitReason {
    let sizes = || open.clone().map(|load| load.capacity.resources);
    if sizes().all(|size| oversized(wanted, size)) {
        let largest = Resources {
            vcpu: sizes().map(|size| size.vcpu).max().unwrap_or(0),
            memory_mib: sizes().map(|size| size.memory_mib).max().unwrap_or(0),
        };
        return WaitReason::TooLarge { wanted, largest };
    }
    let (agents, more) = first(open);
    WaitReason::Full { agents: agents.into_iter().map(|load| load.agent.clone()).collect(), more }
}

fn behind(standing: &Standing) -> Option<WaitReason> {
    let Standing { project, ahead, slots, of, weight } = standing.clone();
    let or_more = ahead >= MOST_COUNTED;
    (ahead > 0).then_some(WaitReason::Behind { builds: ahead, or_more, project, slots, of, weight })
}

/// What there is to tell of the first few agents, and how many more there are.
fn told<'a>(
    agents: impl Iterator<Item = AgentLoad<'a>>,
    tell: impl Fn(&AgentLoad<'a>) -> Option<String>,
) -> (Vec<AgentWord>, usize) {
    let (first, more) = first(agents);
    let word = |load: AgentLoad<'a>| Some(AgentWord { agent: load.agent.clone(), word: tell(&load)? });
    (first.into_iter().filter_map(word).collect(), more)
}

/// The first few by name, and how many more there are.
fn first<'a>(agents: impl Iterator<Item = AgentLoad<'a>>) -> (Vec<AgentLoad<'a>>, usize) {
    let (mut first, mut more) = (BTreeMap::new(), 0);
    for load in agents {
        first.insert(load.agent, load);
        if first.len() > NAMED {
            first.pop_last();
            more += 1;
        }
    }
    (first.into_values().collect(), more)
}

#[cfg(test)]
mod tests;
