//! Which agents are connected now, and the way to tell them something.

use buildyard_model::{Affinity, AgentId, Capacity, JobSpec, LeaseToken, Timestamp, Vitals, Withdrawal};
use buildyard_scheduler::placement::{Closed, Standing};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// What one agent is to be told. A channel keeps room for dozens of messages from its beginning, and most agents hear
/// nothing for long: so it holds pointers.
#[derive(Debug)]
pub struct Messages(mpsc::Receiver<Box<ToAgent>>);

impl Messages {
    /// The next one; none when the session is over.
    pub async fn recv(&mut self) -> Option<ToAgent> {
        self.0.recv().await.map(|message| *message)
    }

    /// The next one if it is there.
    ///
    /// # Errors
    /// None is there now, or the session is over.
    pub fn try_recv(&mut self) -> Result<ToAgent, mpsc::error::TryRecvError> {
        self.0.try_recv().map(|message| *message)
    }
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
    pub(crate) retiring: bool,
    /// The agent itself asked for no more.
    pub(crate) leaving: bool,
    /// What a person said who took it out of service.
    pub(crate) withdrawn: Option<Withdrawal>,
    pub(crate) last_seen: Timestamp,
    /// Images, mirrors and caches that the agent says it has.
    pub(crate) holds: Arc<BTreeSet<Affinity>>,
    /// How its host does.
    pub(crate) vitals: Option<Vitals>,
    /// Given no offers before this moment, because it declined one.
    pub(crate) resting_until: Timestamp,
    pub(crate) sender: mpsc::Sender<Box<ToAgent>>,
}

impl Session {
    /// The agent as the matcher sees it.
    fn standing(&self) -> Standing {
        let declined = || Closed::Until(self.resting_until, "has just declined a build".to_owned());
        let closed = match &self.unhealthy {
            Some(trouble) => Some(Closed::Because(format!("is unhealthy: {trouble}"))),
            None => match self.withheld() {
                Some(words) => Some(Closed::Because(words)),
                None => (self.resting_until > Timestamp(0)).then(declined),
            },
        };
        Standing {
            capacity: self.capacity.clone(),
            holds: Arc::clone(&self.holds),
            // 0 says that it could not be measured.
            disk_mib: self.vitals.map(|vitals| vitals.disk_free_mib).filter(|free| *free > 0),
            closed,
        }
    }

    /// Takes it out of service, or back.
    pub(crate) fn stand(&mut self, withdrawn: Option<Withdrawal>) {
        self.draining = self.leaving || withdrawn.is_some();
        self.withdrawn = withdrawn;
    }

    /// Why it is given no builds whatever its health, as words behind its name.
    pub(crate) fn withheld(&self) -> Option<String> {
        let words = || self.withdrawn.as_ref().map_or_else(|| "is draining".to_owned(), Withdrawal::words);
        let retires = || self.retiring.then(|| "takes no more builds, for its instance is to go".to_owned());
        self.draining.then(words).or_else(retires)
    }
}

#[derive(Debug, Default)]
struct State {
    last_number: u64,
    sessions: BTreeMap<AgentId, Arc<Session>>,
    /// Came, went or may stand differently since the matcher looked last.
    changed: HashSet<AgentId>,
}

/// The connected agents. Sessions are handed out as they stand, shared: to look at ten thousand of them costs no copy
/// of what each can do. One that changes while somebody looks is copied then.
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
        make: impl FnOnce(u64, mpsc::Sender<Box<ToAgent>>) -> Session,
    ) -> (u64, Messages) {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let mut state = self.state();
        state.last_number += 1;
        let number = state.last_number;
        state.sessions.insert(agent.clone(), Arc::new(make(number, sender)));
        state.changed.insert(agent.clone());
        (number, Messages(receiver))
    }

    /// Ends the session if it is still this one. Says whether it was.
    pub(crate) fn close(&self, agent: &AgentId, number: u64) -> bool {
        let mut state = self.state();
        let current = state.sessions.get(agent).is_some_and(|session| session.number == number);
        if current {
            state.sessions.remove(agent);
            state.changed.insert(agent.clone());
        }
        current
    }

    /// Sends, or says that there is nobody to send to. An agent with a full backlog is cut off.
    pub(crate) fn send(&self, agent: &AgentId, message: ToAgent) -> bool {
        let mut state = self.state();
        let Some(session) = state.sessions.get(agent) else { return false };
        let sent = session.sender.try_send(Box::new(message)).is_ok();
        if !sent {
            state.sessions.remove(agent);
            state.changed.insert(agent.clone());
        }
        sent
    }

    /// Ends the agent's session, whichever it is. What was sent before still reaches it.
    pub(crate) fn end(&self, agent: &AgentId) {
        let mut state = self.state();
        state.sessions.remove(agent);
        state.changed.insert(agent.clone());
    }

    pub(crate) fn update(&self, agent: &AgentId, change: impl FnOnce(&mut Session)) {
        let mut state = self.state();
        if let Some(session) = state.sessions.get_mut(agent) {
            change(Arc::make_mut(session));
            state.changed.insert(agent.clone());
        }
    }

    /// Lets the matcher look at the agent again.
    pub(crate) fn touch(&self, agent: &AgentId) {
        self.state().changed.insert(agent.clone());
    }

    /// The agents that changed since this was asked last, with how they stand; none for those that are not connected.
    pub(crate) fn changed(&self) -> Vec<(AgentId, Option<Standing>)> {
        let mut state = self.state();
        let changed = std::mem::take(&mut state.changed);
        let standing = |agent: AgentId| {
            let standing = state.sessions.get(&agent).map(|session| session.standing());
            (agent, standing)
        };
        changed.into_iter().map(standing).collect()
    }

    pub(crate) fn get(&self, agent: &AgentId) -> Option<Arc<Session>> {
        self.state().sessions.get(agent).cloned()
    }

    pub(crate) fn all(&self) -> Vec<(AgentId, Arc<Session>)> {
        self.state().sessions.iter().map(|(agent, session)| (agent.clone(), Arc::clone(session))).collect()
    }
}
