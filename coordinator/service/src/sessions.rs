//! Which agents are connected now, and the way to tell them something.

use buildyard_model::{AgentId, Capacity, JobSpec, LeaseToken, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// A message to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToAgent {
    Offer { token: LeaseToken, job: Box<JobSpec> },
    Stop { token: LeaseToken, grace: Duration },
    Revoke { token: LeaseToken, reason: String },
    Drain(bool),
}

/// Ends the session when dropped.
#[derive(Debug)]
pub struct SessionEnd {
    pub(crate) agent: AgentId,
    pub(crate) session: u64,
    pub(crate) service: crate::Service,
}

impl Drop for SessionEnd {
    fn drop(&mut self) {
        self.service.disconnected(&self.agent, self.session);
    }
}

/// Messages that may wait for one agent before it counts as stuck and its session is ended.
const BACKLOG: usize = 4096;

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) number: u64,
    pub(crate) credential_sha256: String,
    pub(crate) version: String,
    pub(crate) capacity: Capacity,
    pub(crate) unhealthy: Option<String>,
    /// The agent asked for no more builds, or a person did.
    pub(crate) draining: bool,
    /// Its instance is to go.
    pub(crate) leaving: bool,
    pub(crate) last_seen: Timestamp,
    /// Given no offers before this moment, because it declined one.
    pub(crate) resting_until: Timestamp,
    pub(crate) sender: mpsc::Sender<ToAgent>,
}

impl Session {
    pub(crate) fn accepting(&self, now: Timestamp) -> bool {
        !self.draining && !self.leaving && self.unhealthy.is_none() && self.resting_until <= now
    }
}

#[derive(Debug, Default)]
struct State {
    last_number: u64,
    sessions: BTreeMap<AgentId, Session>,
}

/// The connected agents.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<State>);

impl Sessions {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a session; an earlier one of the same agent ends, because its channel closes.
    pub(crate) fn open(
        &self,
        agent: &AgentId,
        make: impl FnOnce(u64, mpsc::Sender<ToAgent>) -> Session,
    ) -> (u64, mpsc::Receiver<ToAgent>) {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let mut state = self.state();
        state.last_number += 1;
        let number = state.last_number;
        state.sessions.insert(agent.clone(), make(number, sender));
        (number, receiver)
    }

    /// Ends the session if it is still this one. Says whether it was.
    pub(crate) fn close(&self, agent: &AgentId, number: u64) -> bool {
        let mut state = self.state();
        let current = state.sessions.get(agent).is_some_and(|session| session.number == number);
        if current {
            state.sessions.remove(agent);
        }
        current
    }

    /// Sends, or says that there is nobody to send to. An agent with a full backlog is cut off.
    pub(crate) fn send(&self, agent: &AgentId, message: ToAgent) -> bool {
        let mut state = self.state();
        let Some(session) = state.sessions.get(agent) else { return false };
        let sent = session.sender.try_send(message).is_ok();
        if !sent {
            state.sessions.remove(agent);
        }
        sent
    }

    pub(crate) fn update(&self, agent: &AgentId, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.state().sessions.get_mut(agent) {
            change(session);
        }
    }

    pub(crate) fn get(&self, agent: &AgentId) -> Option<Session> {
        self.state().sessions.get(agent).cloned()
    }

    pub(crate) fn all(&self) -> Vec<(AgentId, Session)> {
        self.state().sessions.iter().map(|(agent, session)| (agent.clone(), session.clone())).collect()
    }

    pub(crate) fn find(&self, wanted: impl Fn(&Session) -> bool) -> Option<AgentId> {
        self.state().sessions.iter().find(|(_, session)| wanted(session)).map(|(agent, _)| agent.clone())
    }
}
