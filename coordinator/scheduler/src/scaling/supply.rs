//! What a fleet has: which instance belongs to which agent, what is on its way, and what will never come.
//!
//! Every instance is counted once, however it is known: by its agent, by the provisioner's list, by a launch that was
//! asked for. One whose agent is connected is never counted among those that wait for theirs.

use super::policy::Policy;
use super::view::{FleetView, Known, Member, Pending};
use buildyard_model::{InstanceId, Ticket, Timestamp};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Until the first launch has been measured.
const GUESSED_LAUNCH: Duration = Duration::from_secs(60);

/// From the request to the agent's first message.
pub(super) fn launch_time(view: &FleetView) -> Duration {
    view.launch_time.unwrap_or(GUESSED_LAUNCH)
}

/// An agent, with those of the listed instances that it may live on.
#[derive(Debug)]
pub(super) struct Seat<'a> {
    pub(super) member: &'a Member,
    /// One, mostly; several when a provisioner started one ticket twice and the agent did not say where it lives.
    pub(super) instances: Vec<&'a Known>,
}

/// An instance that has no agent yet, or a launch that has no instance yet.
#[derive(Debug)]
pub(super) struct Starting {
    /// When its agent is expected.
    pub(super) joins_at: Timestamp,
}

/// Everything that the fleet has.
#[derive(Debug, Default)]
pub(super) struct Supply<'a> {
    /// Agents that take builds.
    pub(super) active: Vec<Seat<'a>>,
    /// Drained by an earlier plan.
    pub(super) draining: Vec<Seat<'a>>,
    /// Kept from builds by a person.
    pub(super) cordoned: Vec<Seat<'a>>,
    /// Instances whose agents are away with builds leased to them, or that may be an agent's home.
    away: usize,
    pub(super) starting: Vec<Starting>,
    /// Listed instances among the starting ones.
    pub(super) unjoined: Vec<&'a Known>,
    /// Launches that are given up.
    pub(super) given_up: Vec<&'a Pending>,
    /// Instances whose agent never came, or went and came back no more.
    pub(super) doomed: Vec<&'a Known>,
}

impl<'a> Supply<'a> {
    pub(super) fn of(view: &'a FleetView, policy: &Policy, now: Timestamp) -> Self {
        let mut supply = Self::default();
        let alone = supply.seat(view);
        let is_late = |since: Timestamp| now.since(since) >= policy.join_within;
        let joined: HashSet<Ticket> = view.members.iter().filter_map(|member| member.ticket).collect();
        let (late, awaited): (Vec<&Pending>, Vec<&Pending>) = view
            .pending
            .iter()
            .filter(|pending| !joined.contains(&pending.ticket))
            .partition(|pending| view.instances.is_some() && is_late(pending.asked_at));
        let lost: HashSet<Ticket> = late.iter().map(|pending| pending.ticket).collect();
        // An agent that does not say where it lives may live on any instance without a ticket.
        let mut homeless = supply.homeless();
        let is_anybodys = homeless > 0;
        for known in alone {
            if is_anybodys && known.ticket.is_none() {
                supply.away += usize::from(homeless == 0);
                homeless = homeless.saturating_sub(1);
            } else if known.leased {
                supply.away += 1;
            } else if is_late(known.seen_since) || known.ticket.is_some_and(|ticket| lost.contains(&ticket)) {
                supply.doomed.push(known);
            } else {
                supply.unjoined.push(known);
            }
        }
        supply.given_up = late;
        supply.starting = starting(&supply.unjoined, &awaited, launch_time(view), now);
        supply
    }

    /// Gives each agent its instances; what is left has no agent.
    fn seat(&mut self, view: &'a FleetView) -> Vec<&'a Known> {
        let listed = view.instances.as_deref().unwrap_or_default();
        let mut by_id: HashMap<&InstanceId, Vec<&Known>> = HashMap::new();
        let mut by_ticket: HashMap<Ticket, Vec<&Known>> = HashMap::new();
        for known in listed {
            by_id.entry(&known.instance).or_default().push(known);
            if let Some(ticket) = known.ticket {
                by_ticket.entry(ticket).or_default().push(known);
            }
        }
        let mut taken: HashSet<&InstanceId> = HashSet::new();
        for member in &view.members {
            let instances = match (&member.instance, member.ticket) {
                (Some(id), _) => by_id.get(id),
                (None, Some(ticket)) => by_ticket.get(&ticket),
                (None, None) => None,
            };
            let instances = instances.cloned().unwrap_or_default();
            taken.extend(instances.iter().map(|known| &known.instance));
            let is_going = !instances.is_empty() && instances.iter().all(|known| known.stopping);
            let seat = Seat { member, instances };
            match (is_going, member.cordoned, member.draining_since) {
                (true, ..) => {}
                (false, true, _) => self.cordoned.push(seat),
                (false, false, Some(_)) => self.draining.push(seat),
                (false, false, None) => self.active.push(seat),
            }
        }
        listed.iter().filter(|known| !known.stopping && !taken.contains(&known.instance)).collect()
    }

    /// Agents of which nobody can tell the instance.
    fn homeless(&self) -> usize {
        let seats = self.active.iter().chain(&self.draining).chain(&self.cordoned);
        seats.filter(|seat| seat.instances.is_empty() && seat.member.instance.is_none()).count()
    }

    /// What is there and not to be touched.
    pub(super) fn untouchable(&self) -> usize {
        self.cordoned.len() + self.away
    }

    /// Instances that take builds, now or soon.
    pub(super) fn capacity(&self) -> u32 {
        count(self.active.len() + self.starting.len())
    }

    /// Instances that exist or may come to exist without a further launch, going ones aside.
    pub(super) fn total(&self) -> u32 {
        count(self.active.len() + self.draining.len() + self.untouchable() + self.starting.len() + self.doomed.len())
    }
}

/// A launch and its instance are one where the ticket tells; where the place knows no tickets, as many of the one kind
/// are taken for as many of the other.
fn starting(unjoined: &[&Known], awaited: &[&Pending], launch_time: Duration, now: Timestamp) -> Vec<Starting> {
    let mut tagged: HashMap<Ticket, usize> = HashMap::new();
    let mut nameless = 0_usize;
    let mut all: Vec<Starting> = Vec::new();
    for known in unjoined {
        match known.ticket {
            Some(ticket) => *tagged.entry(ticket).or_default() += 1,
            None => nameless += 1,
        }
    }
    for pending in awaited {
        match tagged.get_mut(&pending.ticket) {
            Some(count) => *count = count.saturating_sub(1),
            None => nameless = nameless.saturating_sub(1),
        }
        all.push(Starting { joins_at: pending.asked_at.plus(launch_time).max(now) });
    }
    // What nobody waits for any more, and is there: late ones and doubles.
    let unasked = tagged.into_values().sum::<usize>() + nameless;
    all.extend((0..unasked).map(|_| Starting { joins_at: now }));
    all.sort_by_key(|starting| starting.joins_at);
    all
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
