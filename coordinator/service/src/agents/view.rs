//! Agents as people see them: what is remembered of each, and what is known of those that are connected.

use super::VERSION;
use crate::{Error, Service};
use buildyard_model::{AgentStatus, AgentView, Architecture, Capacity, Resources, Skew, WithdrawalKind};
use buildyard_store::AgentRecord;

impl Service {
    /// Every agent that is enrolled.
    pub async fn agents(&self) -> Result<Vec<AgentView>, Error> {
        Ok(self.store().agents().await?.iter().map(|record| self.agent_view(record)).collect())
    }

    pub(super) fn agent_view(&self, record: &AgentRecord) -> AgentView {
        let session = self.inner.sessions.get(&record.name);
        let status = match &session {
            None => AgentStatus::Offline,
            Some(session) if session.unhealthy.is_some() => AgentStatus::Unhealthy,
            Some(session) if session.leaving || session.retiring => AgentStatus::Draining,
            Some(session) if session.draining => match &record.withdrawal {
                Some(withdrawal) if withdrawal.kind == WithdrawalKind::Cordon => AgentStatus::Cordoned,
                _ => AgentStatus::Draining,
            },
            Some(_) => AgentStatus::Online,
        };
        let version = session.as_ref().map_or_else(|| record.version.clone(), |session| session.version.clone());
        AgentView {
            name: record.name.clone(),
            status,
            reason: session.as_ref().and_then(|session| {
                let rest = || self.inner.load.rest(&record.name, self.now());
                session.unhealthy.clone().or_else(rest)
            }),
            skew: Skew::between(VERSION, &version),
            version,
            withdrawal: record.withdrawal.clone(),
            capacity: session
                .as_ref()
                .map(|session| session.capacity.clone())
                .or_else(|| record.capacity.clone())
                .unwrap_or_else(never_connected),
            builds: self.inner.load.builds(&record.name),
            vitals: session.as_ref().and_then(|session| session.vitals),
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
