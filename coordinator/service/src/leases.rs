//! What an agent says about a build it holds. Everything is fenced by the lease and may be said twice.

use crate::commit::Applied;
use crate::sessions::ToAgent;
use crate::{Error, Service};
use buildyard_model::{AgentId, LeaseToken};
use buildyard_scheduler::build::Lease;
use buildyard_scheduler::{Build, Event, Rejected, State};
use std::collections::HashSet;
use std::time::Duration;

/// An agent that declined gets no offer for so long, so that a refused build is not offered in a circle.
const REST_AFTER_DECLINE: Duration = Duration::from_millis(500);

impl Service {
    /// Takes in what `agent` says about `token`. A stale lease is answered with a revoke and is no error: the message
    /// has been dealt with. An error means: not dealt with, send it again.
    pub async fn heard(&self, agent: &AgentId, token: &LeaseToken, event: Event) -> Result<(), Error> {
        let event = event.bounded();
        if let Event::Decline { .. } = event {
            let until = self.now().plus(REST_AFTER_DECLINE);
            self.inner.sessions.update(agent, |session| session.resting_until = until);
            self.ring_later(REST_AFTER_DECLINE);
        }
        match self.apply(&token.build, event).await {
            Ok(Applied::Done(_) | Applied::Rejected(Rejected::Unchanged, _)) => Ok(()),
            Ok(Applied::Rejected(rejected, _)) => {
                tracing::info!(agent.id = %agent, lease = %token, %rejected, "a message about a build has no effect");
                self.revoke(agent, token, &rejected.to_string());
                Ok(())
            }
            Err(error) if error.kind == crate::Kind::NotFound => {
                self.revoke(agent, token, "the build is not known to this coordinator");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn revoke(&self, agent: &AgentId, token: &LeaseToken, reason: &str) {
        self.inner.sessions.send(agent, ToAgent::Revoke { token: token.clone(), reason: reason.to_owned() });
    }

    fn ring_later(&self, after: Duration) {
        let service = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            service.inner.match_bell.notify_one();
        });
    }

    /// The build, if `agent` holds it by this lease: the check before every effect of an agent outside of the build's
    /// own record (log, upload, secret).
    pub(crate) async fn leased(&self, agent: &AgentId, token: &LeaseToken) -> Result<Build, Error> {
        let build = self.load(&token.build).await?;
        match &build.state {
            State::Leased { lease, .. } | State::Running { lease, .. } | State::Stopping { lease, .. }
                if lease.agent == *agent && lease.token == *token =>
            {
                Ok(build)
            }
            _ => Err(Error::fenced(format!("lease {token} of agent {agent} is not in force"))),
        }
    }

    /// Brings the store's and an agent's view of its builds together when it connects: sends again what it must hear,
    /// takes back what it has forgotten, revokes what is no longer its own.
    pub(crate) async fn reconcile_held(&self, agent: &AgentId, held: &[LeaseToken]) -> Result<(), Error> {
        // By what is in memory, which holds every committed step: a herd of agents that connects reads no build that is
        // not theirs.
        let mut ours = HashSet::new();
        for build in self.inner.load.builds(agent) {
            // Read before anything is said, so that nothing is said of a build that has gone on meanwhile.
            let build = match self.load(&build).await {
                Ok(build) => build,
                Err(error) => {
                    tracing::error!(build.id = %build, %error, "a build of an agent that connects cannot be read");
                    continue;
                }
            };
            if let Some(lease) = lease_of(&build).filter(|lease| lease.agent == *agent) {
                self.reconcile_one(lease, &build, held.contains(&lease.token)).await?;
                ours.insert(lease.token.clone());
            }
        }
        for token in held.iter().filter(|token| !ours.contains(token)) {
            if !self.may_be_in_force(token).await {
                self.revoke(agent, token, "the lease is not in force");
            }
        }
        Ok(())
    }

    /// `holds`: whether the agent says that it has the build.
    async fn reconcile_one(&self, lease: &Lease, build: &Build, holds: bool) -> Result<(), Error> {
        match (&build.state, holds) {
            (State::Leased { .. }, false) => self.offer(lease, build),
            (State::Stopping { .. }, true) => self.send_stop(lease),
            (State::Running { .. } | State::Stopping { .. }, false) => {
                let reason = format!("agent {} came back without the build", lease.agent);
                self.apply(&build.spec.id, Event::Lost { reason }).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a lease is in force, or cannot be told not to be: a build goes on rather than end for a damaged record.
    async fn may_be_in_force(&self, token: &LeaseToken) -> bool {
        match self.store().get(&token.build).await {
            Ok(build) => build.as_ref().and_then(lease_of).is_some_and(|lease| lease.token == *token),
            Err(error) => {
                tracing::error!(build.id = %token.build, %error, "a build that an agent holds cannot be read");
                true
            }
        }
    }
}

fn lease_of(build: &Build) -> Option<&Lease> {
    match &build.state {
        State::Leased { lease, .. } | State::Running { lease, .. } | State::Stopping { lease, .. } => Some(lease),
        State::Queued { .. } | State::Finished { .. } => None,
    }
}
