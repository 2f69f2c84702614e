//! The simulated fleet: instances with their agents, what these have in their hands, and how both look to the decisions.

use buildyard_model::{AgentId, Architecture, Capacity, InstanceId, ProjectName, Resources, Ticket, Timestamp};
use buildyard_scheduler::estimate::Durations;
use buildyard_scheduler::placement::{Closed, Standing};
use buildyard_scheduler::scaling::{Ending, Known, Member, Pending};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Recent launches that the launch time is told by, as the coordinator tells it.
const MEASURED: usize = 9;

/// A build in an agent's hands.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    /// Its place in the trace.
    pub(crate) entry: usize,
    pub(crate) project: ProjectName,
    pub(crate) resources: Resources,
    pub(crate) since: Timestamp,
}

/// An instance from the request for it to its end.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    ticket: Ticket,
    pub(crate) instance: InstanceId,
    pub(crate) agent: AgentId,
    pub(crate) asked_at: Timestamp,
    pub(crate) joined_at: Option<Timestamp>,
    idle_since: Timestamp,
    pub(crate) draining_since: Option<Timestamp>,
    pub(crate) running: Vec<Running>,
    /// Whether its launch is no longer waited for.
    is_given_up: bool,
}

/// Every instance that there is, by its number.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    pub(crate) hosts: BTreeMap<u64, Host>,
    slots: u32,
    size: Resources,
    launch_times: VecDeque<Duration>,
}

impl Fleet {
    pub(crate) fn new(slots: u32, size: Resources) -> Self {
        Self { hosts: BTreeMap::new(), slots, size, launch_times: VecDeque::new() }
    }

    /// An instance is asked for. None: the number makes no name, which no number does.
    pub(crate) fn launch(&mut self, number: u64, now: Timestamp) -> Option<()> {
        let host = Host {
            ticket: Ticket(Uuid::from_u128(number.into())),
            instance: InstanceId(format!("i-{number}")),
            agent: format!("agent-{number}").parse().ok()?,
            asked_at: now,
            joined_at: None,
            idle_since: now,
            draining_since: None,
            running: Vec::new(),
            is_given_up: false,
        };
        self.hosts.insert(number, host);
        Some(())
    }

    /// The agent says its first word, if its instance is still there. Gives the agent.
    pub(crate) fn join(&mut self, number: u64, now: Timestamp) -> Option<AgentId> {
        let host = self.hosts.get_mut(&number)?;
        host.joined_at = Some(now);
        host.idle_since = now;
        self.launch_times.push_back(now.since(host.asked_at));
        self.launch_times.drain(..self.launch_times.len().saturating_sub(MEASURED));
        Some(host.agent.clone())
    }

    pub(crate) fn begin(&mut self, agent: &AgentId, running: Running) -> Option<u64> {
        let (number, host) = self.by_agent(agent)?;
        host.running.push(running);
        Some(number)
    }

    pub(crate) fn end(&mut self, number: u64, entry: usize, now: Timestamp) {
        if let Some(host) = self.hosts.get_mut(&number) {
            host.running.retain(|running| running.entry != entry);
            host.idle_since = now;
        }
    }

    pub(crate) fn by_agent(&mut self, agent: &AgentId) -> Option<(u64, &mut Host)> {
        self.hosts.iter_mut().find(|(_, host)| host.agent == *agent).map(|(number, host)| (*number, host))
    }

    pub(crate) fn give_up(&mut self, ticket: Ticket) {
        self.hosts.values_mut().filter(|host| host.ticket == ticket).for_each(|host| host.is_given_up = true);
    }

    /// Takes the instance out, if there is one.
    pub(crate) fn terminate(&mut self, instance: &InstanceId) -> Option<Host> {
        let number = self.hosts.iter().find(|(_, host)| host.instance == *instance).map(|(number, _)| *number)?;
        self.hosts.remove(&number)
    }

    pub(crate) fn running(&self) -> usize {
        self.hosts.values().map(|host| host.running.len()).sum()
    }

    /// The middle one of the recent launches.
    pub(crate) fn launch_time(&self) -> Option<Duration> {
        let mut times: Vec<Duration> = self.launch_times.iter().copied().collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }

    /// A connected agent, as the dispatcher sees it.
    pub(crate) fn standing(&self, is_draining: bool) -> Standing {
        let capacity = Capacity {
            slots: self.slots,
            resources: self.size,
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: true,
            local_source: false,
            executor: "simulated".to_owned(),
            fleet: None,
        };
        let closed = is_draining.then(|| Closed::Because("its instance is to go".to_owned()));
        Standing { capacity, holds: Arc::default(), disk_mib: None, closed }
    }

    pub(crate) fn members(&self, durations: &Durations) -> Vec<Member> {
        let joined = self.hosts.values().filter_map(|host| Some((host, host.joined_at?)));
        let member = |(host, joined_at): (&Host, Timestamp)| Member {
            agent: host.agent.clone(),
            ticket: Some(host.ticket),
            instance: Some(host.instance.clone()),
            slots: self.slots,
            resources: self.size,
            builds: count(host.running.len()),
            used: host.used(),
            endings: host.endings(durations),
            idle_since: host.running.is_empty().then_some(host.idle_since),
            draining_since: host.draining_since,
            cordoned: false,
            joined_at,
        };
        joined.map(member).collect()
    }

    pub(crate) fn instances(&self) -> Vec<Known> {
        let known = |host: &Host| Known {
            instance: host.instance.clone(),
            ticket: Some(host.ticket),
            seen_since: host.asked_at,
            stopping: false,
            leased: false,
        };
        self.hosts.values().map(known).collect()
    }

    pub(crate) fn pending(&self) -> Vec<Pending> {
        let awaited = self.hosts.values().filter(|host| host.joined_at.is_none() && !host.is_given_up);
        awaited.map(|host| Pending { ticket: host.ticket, asked_at: host.asked_at }).collect()
    }
}

impl Host {
    fn used(&self) -> Resources {
        self.running.iter().fold(Resources { vcpu: 0, memory_mib: 0 }, |sum, running| Resources {
            vcpu: sum.vcpu.saturating_add(running.resources.vcpu),
            memory_mib: sum.memory_mib.saturating_add(running.resources.memory_mib),
        })
    }

    /// When its builds are expected to end, as the coordinator expects it.
    fn endings(&self, durations: &Durations) -> Vec<Ending> {
        let ending = |running: &Running| {
            let takes = durations.percentile(&running.project, 50)?;
            Some(Ending { at: running.since.plus(takes), resources: running.resources })
        };
        self.running.iter().filter_map(ending).collect()
    }
}

pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
