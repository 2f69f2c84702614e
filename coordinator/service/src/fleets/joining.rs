//! An agent says which launch it woke up by: the coordinator, not the agent, says which fleet it belongs to.

use super::launch::LaunchRecord;
use crate::{Error, Hello, Kind, Service};
use buildyard_model::{AgentId, FleetEvent, FleetEventKind, InstanceId, Ticket};

impl Service {
    /// Finds the agent's launch, puts the agent into its fleet and says whether it is to take no builds.
    ///
    /// # Errors
    /// `Denied` for a ticket that is not known or is another agent's, and for an instance that is a connected agent's;
    /// `Unavailable` for an instance that no fleet lists yet.
    pub(crate) async fn join_fleet(&self, agent: &AgentId, hello: &mut Hello) -> Result<bool, Error> {
        if hello.ticket.is_none() && hello.instance.is_none() {
            return Ok(false);
        }
        // Two agents that come together may not take the same launch.
        let _turn = self.inner.fleets.launches.turn().await;
        let launch = match (&hello.ticket, &hello.instance) {
            (Some(ticket), _) => self.launch_of(agent, *ticket)?,
            (None, Some(instance)) if self.inner.fleets.hosting.get().is_some() => self.adopted(agent, instance)?,
            (None, _) => return Ok(false),
        };
        hello.capacity.fleet = Some(launch.fleet.clone());
        let is_new = launch.joined_at.is_none();
        let instance = hello.instance.clone().or(launch.instance.clone());
        let joined_at = launch.joined_at.or(Some(self.now()));
        let known = LaunchRecord { confirmed: true, joined_at, instance, ..launch.clone() };
        let event = FleetEvent {
            at: self.now(),
            fleet: known.fleet.clone(),
            kind: FleetEventKind::Joined,
            agent: Some(agent.clone()),
            instance: known.instance.as_ref().map(ToString::to_string),
            builds: 0,
            taken_back: 0,
            reason: format!("{:.1} s after it was asked for", self.now().since(known.asked_at).as_secs_f64()),
        };
        let events = if is_new { std::slice::from_ref(&event) } else { &[] };
        // One that comes back changes nothing, and many come back at once when a coordinator starts.
        if self.inner.fleets.launches.get(&known.ticket).as_ref() != Some(&known) {
            self.keep_launches(std::slice::from_ref(&known), events).await?;
        }
        if is_new {
            self.inner.metrics.joined(&known.fleet, self.now().since(known.asked_at));
        }
        self.inner.fleets.learn(&known.fleet, &hello.capacity);
        Ok(known.leaving_since.is_some())
    }

    fn launch_of(&self, agent: &AgentId, ticket: Ticket) -> Result<LaunchRecord, Error> {
        let Some(launch) = self.inner.fleets.launches.get(&ticket) else {
            return Err(Error::new(
                Kind::Denied,
                format!(
                    "launch {ticket} of agent {agent} is not known here: it was given up or has ended, and so will its \
                     instance"
                ),
            ));
        };
        if launch.agent != *agent {
            let message = format!("launch {ticket} is agent {}'s and not agent {agent}'s", launch.agent);
            return Err(Error::new(Kind::Denied, message));
        }
        Ok(launch)
    }

    /// The launch of an instance whose place cannot hand out tickets: the one it had before, else the oldest of its
    /// fleet that waits for an agent.
    fn adopted(&self, agent: &AgentId, instance: &InstanceId) -> Result<LaunchRecord, Error> {
        let Some(fleet) = self.inner.fleets.fleet_of(instance) else {
            let message = format!("instance {instance} of agent {agent} is in no fleet's list; try again");
            return Err(Error::new(Kind::Unavailable, message));
        };
        let launches = self.inner.fleets.launches.of(&fleet);
        if let Some(launch) = launches.iter().find(|launch| launch.instance.as_ref() == Some(instance)) {
            let other = Some(&launch.agent).filter(|other| *other != agent);
            if let Some(other) = other.filter(|other| self.inner.sessions.get(other).is_some()) {
                let message = format!("instance {instance} is agent {other}'s and not agent {agent}'s");
                return Err(Error::new(Kind::Denied, message));
            }
            // An agent that lost its name with its disk is the same instance's still.
            return Ok(LaunchRecord { agent: agent.clone(), ..launch.clone() });
        }
        let open = launches.into_iter().find(|launch| launch.joined_at.is_none() && launch.instance.is_none());
        // One that nobody waits for any more is taken all the same: the plan says what becomes of it.
        let fresh = || LaunchRecord {
            ticket: Ticket(uuid::Uuid::new_v4()),
            fleet: fleet.clone(),
            agent: agent.clone(),
            asked_at: self.now(),
            confirmed: true,
            instance: None,
            joined_at: None,
            leaving_since: None,
            ending_since: None,
        };
        let launch = open.unwrap_or_else(fresh);
        Ok(LaunchRecord { agent: agent.clone(), instance: Some(instance.clone()), ..launch })
    }
}
