//! Agents come, go, say how they are, and are told to take no builds.

use crate::credential::{fingerprint, new_secret, same};
use crate::sessions::{Session, SessionEnd, ToAgent};
use crate::{Error, Kind, Service};
use buildyard_model::{
    AgentId, AgentStatus, AgentView, Architecture, Capacity, InstanceId, LeaseToken, Resources, Ticket, Timestamp,
};
use buildyard_scheduler::event::shorten;
use buildyard_store::AgentRecord;
use std::time::Duration;
use tokio::sync::mpsc;

/// A host that lost its credential may enrol again under its name when nobody used the name for so long.
const NAME_IS_FREE_AFTER: Duration = Duration::from_secs(300);

/// What an agent may say about its health, in bytes.
const MOST_UNHEALTHY: usize = 1024;

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

impl Service {
    /// Trades a join token for a credential of the agent's own, `<name>.<secret>`.
    pub async fn enroll(&self, name: &AgentId, join_token: &str, earlier: &str) -> Result<String, Error> {
        let now = self.now();
        let known = self.store().agent(name).await?;
        if let Some(record) = &known
            && !earlier.is_empty()
            && same(&record.credential_sha256, &fingerprint(earlier))
        {
            return Ok(earlier.to_owned());
        }
        if !same(&self.settings().join_token_sha256, &fingerprint(join_token)) {
            return Err(Error::new(
                Kind::Denied,
                "the join token is not valid; take it from the coordinator's data directory or config",
            ));
        }
        if let Some(record) = &known {
            let in_use = self.inner.sessions.get(name).is_some() || now.since(record.last_seen) < NAME_IS_FREE_AFTER;
            if in_use {
                return Err(Error::new(
                    Kind::Conflict,
                    format!(
                        "agent name {name} is in use by another host; give this one another name, or wait 5 minutes after the other stopped"
                    ),
                ));
            }
        }
        let credential = format!("{name}.{}", new_secret());
        let record = AgentRecord {
            name: name.clone(),
            credential_sha256: fingerprint(&credential),
            version: String::new(),
            capacity: None,
            draining: known.is_some_and(|record| record.draining),
            enrolled_at: now,
            last_seen: now,
        };
        self.store().put_agent(&record).await?;
        tracing::info!(agent.id = %name, "agent enrolled");
        Ok(credential)
    }

    /// Opens an agent's session. Messages for it come from the receiver, which closes when a newer session begins.
    pub async fn connect(
        &self,
        agent: &AgentId,
        mut hello: Hello,
    ) -> Result<(SessionEnd, mpsc::Receiver<ToAgent>), Error> {
        let mut record = self
            .store()
            .agent(agent)
            .await?
            .ok_or_else(|| Error::new(Kind::Denied, format!("agent {agent} is not enrolled")))?;
        let leaving = self.join_fleet(agent, &mut hello).await?;
        let now = self.now();
        record.version = hello.version.clone();
        record.capacity = Some(hello.capacity.clone());
        record.last_seen = now;
        self.store().put_agent(&record).await?;
        let (session, receiver) = self.inner.sessions.open(agent, |number, sender| Session {
            number,
            credential_sha256: record.credential_sha256.clone(),
            version: hello.version,
            capacity: hello.capacity,
            unhealthy: None,
            draining: record.draining,
            leaving,
            last_seen: now,
            resting_until: now,
            sender,
        });
        let end = SessionEnd { agent: agent.clone(), session, service: self.clone() };
        if record.draining {
            self.inner.sessions.send(agent, ToAgent::Drain(true));
        }
        self.reconcile_held(agent, &hello.held).await?;
        tracing::info!(agent.id = %agent, held = hello.held.len(), "agent connected");
        self.inner.match_bell.notify_one();
        self.inner.fleets.ring();
        Ok((end, receiver))
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

    /// A sign of life. `unhealthy` is empty when all is well.
    pub fn heartbeat(&self, agent: &AgentId, unhealthy: &str) {
        let now = self.now();
        let mut recovered = false;
        self.inner.sessions.update(agent, |session| {
            recovered = session.unhealthy.is_some() && unhealthy.is_empty();
            session.unhealthy = (!unhealthy.is_empty()).then(|| shorten(unhealthy.to_owned(), MOST_UNHEALTHY));
            session.last_seen = now;
        });
        if recovered {
            self.inner.match_bell.notify_one();
        }
    }

    /// The agent itself takes no more builds.
    pub fn agent_draining(&self, agent: &AgentId) {
        self.inner.sessions.update(agent, |session| session.draining = true);
    }

    /// A person wants the agent to take no more builds, or to take them again.
    pub async fn drain(&self, agent: &AgentId, drain: bool) -> Result<AgentView, Error> {
        let mut record = self
            .store()
            .agent(agent)
            .await?
            .ok_or_else(|| Error::not_found(format!("agent {agent} does not exist")))?;
        record.draining = drain;
        self.store().put_agent(&record).await?;
        self.inner.sessions.update(agent, |session| session.draining = drain);
        self.inner.sessions.send(agent, ToAgent::Drain(drain));
        self.inner.match_bell.notify_one();
        Ok(self.agent_view(&record))
    }

    /// Every agent that is enrolled.
    pub async fn agents(&self) -> Result<Vec<AgentView>, Error> {
        Ok(self.store().agents().await?.iter().map(|record| self.agent_view(record)).collect())
    }

    fn agent_view(&self, record: &AgentRecord) -> AgentView {
        let session = self.inner.sessions.get(&record.name);
        let status = match &session {
            None => AgentStatus::Offline,
            Some(session) if session.unhealthy.is_some() => AgentStatus::Unhealthy,
            Some(session) if session.draining || session.leaving => AgentStatus::Draining,
            Some(_) => AgentStatus::Online,
        };
        AgentView {
            name: record.name.clone(),
            status,
            reason: session.as_ref().and_then(|session| session.unhealthy.clone()),
            version: session.as_ref().map_or_else(|| record.version.clone(), |session| session.version.clone()),
            capacity: session
                .as_ref()
                .map(|session| session.capacity.clone())
                .or_else(|| record.capacity.clone())
                .unwrap_or_else(never_connected),
            builds: self.inner.load.builds(&record.name),
            last_seen: session.map_or(record.last_seen, |session| session.last_seen),
        }
    }
}

fn never_connected() -> Capacity {
    Capacity {
        slots: 0,
        resources: Resources { vcpu: 0, memory_mib: 0 },
        architecture: Architecture::native(),
        labels: std::collections::BTreeMap::new(),
        privileged: false,
        local_source: false,
        executor: "unknown".to_owned(),
        fleet: None,
    }
}
