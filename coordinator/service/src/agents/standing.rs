//! Whether an agent is to be given builds: what a person decided, kept with its record. Cordoned, it is given no new
//! ones; drained, offers are taken back as well, and after a deadline the builds that it still has.

use crate::sessions::ToAgent;
use crate::tenure::Stage;
use crate::{Error, Kind, Service};
use buildyard_model::{AgentId, AgentView, BuildId, Withdrawal, WithdrawalKind};
use buildyard_scheduler::event::shorten;
use buildyard_scheduler::{Event, State};
use std::time::Duration;

/// What a person may say of a withdrawal, in bytes.
const MOST_WORDS: usize = 256;
/// Nobody waits longer for a drained agent than the longest build takes.
const LATEST: Duration = Duration::from_secs(7 * 86_400);

/// How an agent is to be taken out of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdraw {
    pub kind: WithdrawalKind,
    /// Of a drain: after how long the builds that are left are taken from the agent.
    pub within: Option<Duration>,
    pub by: String,
    pub reason: String,
}

impl Service {
    /// A person wants the agent to take no more builds, or to take them again.
    pub async fn drain(&self, agent: &AgentId, drain: bool) -> Result<AgentView, Error> {
        if !drain {
            return self.restore(agent).await;
        }
        let how = Withdraw { kind: WithdrawalKind::Drain, within: None, by: String::new(), reason: String::new() };
        self.withdraw(agent, how).await
    }

    /// Takes the agent out of service. What was decided before is replaced.
    pub async fn withdraw(&self, agent: &AgentId, how: Withdraw) -> Result<AgentView, Error> {
        if how.within.is_some_and(|within| within > LATEST) {
            return Err(Error::invalid("a drain may take 7 days at most: give a shorter time, or none"));
        }
        if how.within.is_some() && how.kind == WithdrawalKind::Cordon {
            return Err(Error::invalid("a cordon has no deadline: drain the agent to end its builds"));
        }
        let now = self.now();
        let withdrawal = Withdrawal {
            kind: how.kind,
            since: now,
            by: shorten(how.by, MOST_WORDS),
            reason: shorten(how.reason, MOST_WORDS),
            deadline: how.within.map(|within| now.plus(within)),
        };
        tracing::info!(agent.id = %agent, words = withdrawal.words(), "agent taken out of service");
        let view = self.stand(agent, Some(withdrawal)).await?;
        if how.kind == WithdrawalKind::Drain {
            self.take_back_offers(agent).await;
        }
        Ok(view)
    }

    /// Gives the agent builds again, whether it was cordoned or drained.
    pub async fn restore(&self, agent: &AgentId) -> Result<AgentView, Error> {
        self.stand(agent, None).await
    }

    async fn stand(&self, agent: &AgentId, withdrawal: Option<Withdrawal>) -> Result<AgentView, Error> {
        let _turn = self.inner.turns.of(agent).await;
        let mut record = self.known_agent(agent).await?;
        record.draining = withdrawal.is_some();
        record.withdrawal = withdrawal;
        self.store().put_agent(&record).await?;
        let drains = record.withdrawal.as_ref().is_some_and(|withdrawal| withdrawal.kind == WithdrawalKind::Drain);
        self.inner.sessions.update(agent, |session| session.stand(record.withdrawal.clone()));
        self.inner.sessions.send(agent, ToAgent::Drain(drains));
        self.inner.match_bell.notify_one();
        Ok(self.agent_view(&record))
    }

    /// Queues again what the agent was offered and has not accepted. What fails here is ended by the offer's own time.
    async fn take_back_offers(&self, agent: &AgentId) {
        for build in self.inner.load.builds(agent) {
            if let Err(error) = self.take_back(agent, &build).await {
                tracing::warn!(agent.id = %agent, build.id = %build, %error, "an offer cannot be taken back");
            }
        }
    }

    async fn take_back(&self, agent: &AgentId, build: &BuildId) -> Result<(), Error> {
        let State::Leased { lease, .. } = self.load(build).await?.state else { return Ok(()) };
        if lease.agent == *agent {
            let reason = "it is taken out of service".to_owned();
            self.apply(build, Event::Decline { token: lease.token.clone(), reason: reason.clone() }).await?;
            self.inner.sessions.send(agent, ToAgent::Revoke { token: lease.token, reason });
        }
        Ok(())
    }

    /// Takes from the agent what it has, by the rules of lost builds: queued again where no command of the user had
    /// begun, else ended as FAULT with the reason, and repeated where its project asks for that. A build that is being
    /// stopped is left to its stop, unless `all` are to go.
    ///
    /// # Errors
    /// The first, when all were tried: one that cannot be read keeps no other.
    pub(crate) async fn evict(&self, agent: &AgentId, reason: &str, all: bool) -> Result<(), Error> {
        let mut evicted = Ok(());
        for (build, stage) in self.inner.load.stages(agent) {
            let taken = match stage {
                Stage::Offered => self.take_back(agent, &build).await,
                Stage::Stopping if !all => Ok(()),
                Stage::Running | Stage::Stopping => {
                    self.apply(&build, Event::Lost { reason: reason.to_owned() }).await.map(drop)
                }
            };
            evicted = evicted.and(taken);
        }
        evicted
    }

    pub(super) async fn known_agent(&self, agent: &AgentId) -> Result<buildyard_store::AgentRecord, Error> {
        let known = self.store().agent(agent).await?;
        known.ok_or_else(|| Error::new(Kind::NotFound, format!("agent {agent} does not exist")))
    }
}
