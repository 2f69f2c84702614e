//! Why a build waits, and what would let it start. Pure; follows the rules by which `dispatch` decides.

mod words;

pub use words::{text, unblocks};

use crate::placement::{AgentLoad, fits_ever, fits_now, misfit, oversized};
use crate::queue::Shares;
use buildyard_model::{AgentId, AgentWord, FleetName, ProjectName, Requirements, Resources, WaitReason};

/// Builds before one in the queue are counted up to this many.
pub const MOST_COUNTED: usize = 1000;
/// Agents that a reason names.
const NAMED: usize = 5;

/// A connected agent, as a waiting build sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onlooker {
    pub load: AgentLoad,
    /// Why it takes no builds at present ("is draining"), if so.
    pub closed: Option<String>,
}

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

/// An agent that has room for a build that wants this, or why there is none. `agents` are those connected.
///
/// # Errors
/// The reason, which holds for every build that wants the same.
pub fn place(wanted: &Requirements, agents: &[Onlooker]) -> Result<AgentId, WaitReason> {
    if agents.is_empty() {
        return Err(WaitReason::NoAgent);
    }
    let misfits = told(agents.iter(), |agent| misfit(wanted, &agent.load.capacity));
    let fitting = || agents.iter().filter(|agent| fits_ever(wanted, &agent.load.capacity));
    if fitting().next().is_none() {
        let (agents, more) = misfits;
        return Err(WaitReason::NoFit { agents, more });
    }
    let open: Vec<&AgentLoad> = fitting().filter(|agent| agent.closed.is_none()).map(|agent| &agent.load).collect();
    if open.is_empty() {
        let (agents, more) = told(fitting(), |agent| agent.closed.clone());
        return Err(WaitReason::Closed { agents, more });
    }
    match open.iter().find(|load| fits_now(wanted, load)) {
        Some(load) => Ok(load.agent.clone()),
        None => Err(full(wanted.resources, &open)),
    }
}

/// No agent has room. A build that is larger than each of them waits for one to be idle.
fn full(wanted: Resources, open: &[&AgentLoad]) -> WaitReason {
    if open.iter().all(|load| oversized(wanted, load.capacity.resources)) {
        let largest = Resources {
            vcpu: open.iter().map(|load| load.capacity.resources.vcpu).max().unwrap_or(0),
            memory_mib: open.iter().map(|load| load.capacity.resources.memory_mib).max().unwrap_or(0),
        };
        return WaitReason::TooLarge { wanted, largest };
    }
    let agents = open.iter().take(NAMED).map(|load| load.agent.clone()).collect();
    WaitReason::Full { agents, more: open.len().saturating_sub(NAMED) }
}

fn behind(standing: &Standing) -> Option<WaitReason> {
    let Standing { project, ahead, slots, of, weight } = standing.clone();
    let or_more = ahead >= MOST_COUNTED;
    (ahead > 0).then_some(WaitReason::Behind { builds: ahead, or_more, project, slots, of, weight })
}

/// The first few agents of which there is something to tell, and how many more there are.
fn told<'a>(
    agents: impl Iterator<Item = &'a Onlooker>,
    tell: impl Fn(&Onlooker) -> Option<String>,
) -> (Vec<AgentWord>, usize) {
    let mut words = Vec::new();
    let mut more = 0;
    for agent in agents {
        match tell(agent) {
            Some(word) if words.len() < NAMED => words.push(AgentWord { agent: agent.load.agent.clone(), word }),
            Some(_) => more += 1,
            None => {}
        }
    }
    (words, more)
}

#[cfg(test)]
mod tests;
