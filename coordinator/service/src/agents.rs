//! Agents come, go, and say how they are. Beneath: their enrolment and removal, whether they are to be given builds, and
//! how people see them.

mod enrolment;
mod removal;
mod standing;
mod turns;
mod view;

pub use removal::Removal;
pub use standing::Withdraw;
pub(crate) use turns::Turns;

use crate::sessions::{Messages, Session, SessionEnd, ToAgent};
use crate::{Error, Kind, Service};
use buildyard_model::{
    Affinity, AgentId, Capacity, InstanceId, LeaseToken, Skew, Ticket, Timestamp, Vitals, WithdrawalKind,
};
use buildyard_scheduler::event::shorten;
use buildyard_store::AgentRecord;
use std::collections::BTreeSet;
use std::sync::Arc;

/// This coordinator's release.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What an agent may say about its health, in bytes.
const MOST_UNHEALTHY: usize = 1024;
/// Images, mirrors and caches counted of one agent; which of more is not decided, since they are preferences only.
const MOST_HELD: usize = 4096;

/// What an agent says first.
#[derive(Debug, Clone)]
pub struct Hello {
    pub version: String,
    pub capacity: Capacity,
    pub held: Vec<LeaseToken>,
    /// The launch that it woke up by.
    pub ticket: Option<Ticket>,
    /// What its provisioner calls its instance.
    pub instance: Option<InstanceId>,
}

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heartbeat {
    /// Why it cannot run builds; empty when all is well.
    pub unhealthy: String,
    /// How its host does, where it was measured since the last one.
    pub vitals: Option<Vitals>,
    /// What it holds, where that changed.
    pub holds: Option<Vec<Affinity>>,
}

/// A heartbeat that says no more than how well the agent is.
impl From<&str> for Heartbeat {
    fn from(unhealthy: &str) -> Self {
        Self { unhealthy: unhealthy.to_owned(), ..Self::default() }
    }
}

impl Service {
    /// Opens an agent's session. Messages for it come from the receiver, which closes when a newer session begins.
    pub async fn connect(&self, agent: &AgentId, mut hello: Hello) -> Result<(SessionEnd, Messages), Error> {
        let retiring = self.join_fleet(agent, &mut hello).await?;
        let (record, now) = self.note_hello(agent, &hello).await?;
        if let Some(skew) = Skew::between(VERSION, &hello.version).filter(|skew| skew.is_too_much()) {
            return Err(Error::new(Kind::Conflict, too_far_apart(agent, &hello.version, skew)));
        }
        let (session, receiver) = self.inner.sessions.open(agent, |number, sender| Session {
            number,
            credential_sha256: record.credential_sha256.clone(),
            version: hello.version,
            capacity: hello.capacity,
            unhealthy: None,
            draining: record.draining,
            leaving: false,
            withdrawn: record.withdrawal.clone(),
            retiring,
            last_seen: now,
            holds: Arc::default(),
            vitals: None,
            resting_until: Timestamp(0),
            sender,
        });
        let end = SessionEnd { agent: agent.clone(), session, service: self.clone() };
        // A cordoned agent keeps its offers.
        if record.draining && record.withdrawal.is_none_or(|withdrawal| withdrawal.kind == WithdrawalKind::Drain) {
            self.inner.sessions.send(agent, ToAgent::Drain(true));
        }
        self.reconcile_held(agent, &hello.held).await?;
        tracing::info!(agent.id = %agent, held = hello.held.len(), "agent connected");
        self.inner.match_bell.notify_one();
        self.inner.fleets.ring();
        Ok((end, receiver))
    }

    /// Remembers what the agent said of itself.
    async fn note_hello(&self, agent: &AgentId, hello: &Hello) -> Result<(AgentRecord, Timestamp), Error> {
        let _turn = self.inner.turns.of(agent).await;
        let known = self.store().agent(agent).await?;
        let mut record = known.ok_or_else(|| Error::new(Kind::Denied, format!("agent {agent} is not enrolled")))?;
        let now = self.now();
        record.version = hello.version.clone();
        record.capacity = Some(hello.capacity.clone());
        record.last_seen = now;
        self.store().put_agent(&record).await?;
        Ok((record, now))
    }

    pub(crate) fn disconnected(&self, agent: &AgentId, session: u64) {
        let Some(last) = self.inner.sessions.get(agent).filter(|open| open.number == session) else { return };
        if self.inner.sessions.close(agent, session) {
            tracing::info!(agent.id = %agent, "agent disconnected");
            self.inner.fleets.ring();
            let service = self.clone();
            let agent = agent.clone();
            tokio::spawn(async move { service.remember_seen(&agent, last.last_seen).await });
        }
    }

    async fn remember_seen(&self, agent: &AgentId, last_seen: Timestamp) {
        let _turn = self.inner.turns.of(agent).await;
        let stored = async {
            if let Some(mut record) = self.store().agent(agent).await?
                && record.last_seen < last_seen
            {
                record.last_seen = last_seen;
                self.store().put_agent(&record).await?;
            }
            Ok::<(), buildyard_store::Error>(())
        };
        if let Err(error) = stored.await {
            tracing::warn!(agent.id = %agent, %error, "when the agent was last seen could not be stored");
        }
    }

    /// Takes in a sign of life.
    pub fn heartbeat(&self, agent: &AgentId, heartbeat: impl Into<Heartbeat>) {
        let Heartbeat { unhealthy, vitals, holds } = heartbeat.into();
        let holds = holds.map(|holds| Arc::new(holds.into_iter().take(MOST_HELD).collect::<BTreeSet<_>>()));
        let now = self.now();
        let mut recovered = false;
        self.inner.sessions.update(agent, |session| {
            recovered = session.unhealthy.is_some() && unhealthy.is_empty();
            session.unhealthy = (!unhealthy.is_empty()).then(|| shorten(unhealthy, MOST_UNHEALTHY));
            session.last_seen = now;
            session.vitals = vitals.or(session.vitals);
            if let Some(holds) = holds {
                session.holds = holds;
            }
        });
        if recovered {
            self.inner.match_bell.notify_one();
        }
    }

    /// The agent itself takes no more builds.
    pub fn agent_draining(&self, agent: &AgentId) {
        self.inner.sessions.update(agent, |session| {
            session.leaving = true;
            session.draining = true;
        });
    }
}

fn too_far_apart(agent: &AgentId, version: &str, skew: Skew) -> String {
    let update = if skew == Skew::TooOld { "the agent" } else { "the coordinator" };
    format!(
        "agent {agent} is of release {version} and the coordinator of {VERSION}: they may be one minor release apart at most; update {update}"
    )
}

#[cfg(test)]
mod tests;
