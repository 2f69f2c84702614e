//! A launch: an instance from before it is asked for until it is gone.
//!
//! It is a document by its ticket, written before its instance is asked for, and kept in memory as written. Invariants:
//! what nobody stored is never launched, drained or ended; and no change is lost to another, because who changes a
//! launch that others know holds its turn from reading it to writing it.

use crate::records::{read, removal, write};
use crate::{Error, Service};
use buildyard_model::{AgentId, FleetEvent, FleetName, InstanceId, Ticket, Timestamp};
use buildyard_store::{DocumentKind, Expected};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Documents read at once.
const AT_ONCE: u32 = 500;

/// An instance as the coordinator remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LaunchRecord {
    pub(crate) ticket: Ticket,
    pub(crate) fleet: FleetName,
    /// The name that its agent has.
    pub(crate) agent: AgentId,
    pub(crate) asked_at: Timestamp,
    /// Whether the provisioner has said that it was asked; else it is asked again.
    #[serde(default)]
    pub(crate) confirmed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<InstanceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) joined_at: Option<Timestamp>,
    /// Since when its agent takes no more builds, because the instance is to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) leaving_since: Option<Timestamp>,
    /// When the provisioner was told to end the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ending_since: Option<Timestamp>,
}

/// All launches that are not over.
#[derive(Debug, Default)]
pub(crate) struct Launches {
    known: Mutex<BTreeMap<Ticket, LaunchRecord>>,
    turn: tokio::sync::Mutex<()>,
}

impl LaunchRecord {
    /// Where the instance is on its way from being asked for to being gone.
    pub(crate) fn status(&self) -> &'static str {
        match (self.joined_at, self.leaving_since, self.ending_since) {
            (_, _, Some(_)) => "ending",
            (_, Some(_), None) => "draining",
            (Some(_), None, None) => "running",
            (None, None, None) => "pending",
        }
    }
}

impl Launches {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Ticket, LaunchRecord>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn to change launches; it lasts as long as the guard. An agent joins, and a fleet's task changes
    /// the same launch, in the same moment.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(crate) fn get(&self, ticket: &Ticket) -> Option<LaunchRecord> {
        self.all().get(ticket).cloned()
    }

    /// Those of a fleet, in the order in which they were asked for.
    pub(crate) fn of(&self, fleet: &FleetName) -> Vec<LaunchRecord> {
        let mut found: Vec<_> = self.all().values().filter(|launch| launch.fleet == *fleet).cloned().collect();
        found.sort_by_key(|launch| (launch.asked_at, launch.ticket));
        found
    }

    /// The one whose agent has this name.
    pub(crate) fn of_agent(&self, agent: &AgentId) -> Option<LaunchRecord> {
        self.all().values().find(|launch| launch.agent == *agent).cloned()
    }

    /// How many there are, by fleet and status.
    pub(crate) fn count(&self) -> BTreeMap<(FleetName, &'static str), u64> {
        let mut counts = BTreeMap::new();
        for launch in self.all().values() {
            *counts.entry((launch.fleet.clone(), launch.status())).or_default() += 1;
        }
        counts
    }

    /// The fleets that still have launches.
    pub(crate) fn fleets(&self) -> Vec<FleetName> {
        let mut fleets: Vec<_> = self.all().values().map(|launch| launch.fleet.clone()).collect();
        fleets.sort();
        fleets.dedup();
        fleets
    }
}

impl Service {
    /// Reads what an earlier coordinator remembered.
    pub(crate) async fn recall_launches(&self) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let some = self.store().documents(DocumentKind::Launch, "", &after, AT_ONCE).await?;
            let Some(last) = some.last() else { return Ok(()) };
            after.clone_from(&last.key);
            for document in some {
                let launch: LaunchRecord = read(DocumentKind::Launch, &document)?;
                self.inner.fleets.launches.all().insert(launch.ticket, launch);
            }
        }
    }

    /// Remembers launches as they are now, and what happened, both or neither. Whoever calls this for launches that are
    /// known already has the turn.
    pub(crate) async fn keep_launches(&self, launches: &[LaunchRecord], events: &[FleetEvent]) -> Result<(), Error> {
        let mut changes = Vec::with_capacity(launches.len() + events.len());
        for launch in launches {
            changes.push(write(DocumentKind::Launch, &launch.ticket.to_string(), launch, Expected::Anything)?);
        }
        for event in events {
            changes.push(self.event_change(event)?);
        }
        self.store().change(&changes).await?;
        let mut all = self.inner.fleets.launches.all();
        launches.iter().for_each(|launch| drop(all.insert(launch.ticket, launch.clone())));
        Ok(())
    }

    /// Forgets a launch, and remembers what happened, both or neither.
    pub(crate) async fn drop_launch(&self, launch: &LaunchRecord, event: &FleetEvent) -> Result<(), Error> {
        let gone = removal(DocumentKind::Launch, &launch.ticket.to_string());
        self.store().change(&[gone, self.event_change(event)?]).await?;
        self.inner.fleets.launches.all().remove(&launch.ticket);
        Ok(())
    }
}
