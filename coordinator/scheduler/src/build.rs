//! A build as the coordinator keeps it: the aggregate that events are applied to and the store commits whole.
//!
//! What may happen to it is `lifecycle`'s, what is always true of it `invariant`'s, how people see it `view`'s.

use crate::event::Rejected;
use crate::lifecycle::history;
use crate::placement::{Candidate, Verdict};
use buildyard_model::{
    AgentId, ArtifactRecord, BuildId, JobSpec, LeaseToken, LogOffset, Outcome, Phase, PhaseRecord, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The grant that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub agent: AgentId,
    pub token: LeaseToken,
}

/// Where a build is. A variant holds what is true there, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Waits for an agent, since its QUEUED phase began: a lease that came to nothing does not restart the wait.
    Queued { since: Timestamp },
    /// Offered to an agent that has not said yes yet.
    Leased { lease: Lease, since: Timestamp },
    /// The agent works on it.
    Running { lease: Lease, since: Timestamp },
    /// Somebody asked for its end; the agent still has it.
    Stopping { lease: Lease, since: Timestamp },
    /// Over, since the start of COMPLETED. Nothing changes any more.
    Finished { outcome: Outcome, at: Timestamp },
}

impl State {
    /// The variant's name, as in stored documents: `queued`, `leased`, `running`, `stopping`, `finished`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Leased { .. } => "leased",
            Self::Running { .. } => "running",
            Self::Stopping { .. } => "stopping",
            Self::Finished { .. } => "finished",
        }
    }

    /// The grant in force, while an agent has the build.
    pub fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Leased { lease, .. } | Self::Running { lease, .. } | Self::Stopping { lease, .. } => Some(lease),
            Self::Queued { .. } | Self::Finished { .. } => None,
        }
    }
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    pub spec: JobSpec,
    pub state: State,
    /// Tries begun; the first is 1. A try begins when an agent accepts, so an offer that expires or is declined
    /// uses none up: the next grant carries the same attempt and a higher epoch.
    pub attempt: u32,
    /// Grants made; every grant raises it.
    pub epoch: u64,
    /// SUBMITTED, QUEUED, then what the attempt in force reported, then COMPLETED.
    pub phases: Vec<PhaseRecord>,
    /// Whether a command of the user may have begun in the attempt in force.
    pub commands_started: bool,
    /// How often an agent was lost with the build before a command began.
    pub losses: u32,
    /// Who has or had it last.
    pub agent: Option<AgentId>,
    pub image_digest: Option<String>,
    pub resolved_source_version: Option<String>,
    pub exported: Vec<(String, String)>,
    pub artifacts: Vec<ArtifactRecord>,
    pub log_bytes: Option<LogOffset>,
    /// The build that repeats this one, if its failure asked for that.
    #[serde(default)]
    pub next_retry: Option<BuildId>,
    /// The lease whose report was accepted: by it a repeated Finish is told from a stale one.
    #[serde(default)]
    pub accepted: Option<LeaseToken>,
    /// Why it ended as it did, or why it was queued again.
    pub reason: Option<String>,
    /// Rises by one with each commit; 0 before the first.
    pub version: u64,
}

impl Build {
    /// A new build: SUBMITTED is over, QUEUED has begun (reference 2.1).
    pub fn queued(spec: JobSpec, now: Timestamp) -> Self {
        let phases = history::submitted(spec.submitted_at, now);
        let since = phases.last().map_or(now, |queued| queued.start_time);
        Self {
            spec,
            state: State::Queued { since },
            attempt: 0,
            epoch: 0,
            phases,
            commands_started: false,
            losses: 0,
            agent: None,
            image_digest: None,
            resolved_source_version: None,
            exported: Vec::new(),
            artifacts: Vec::new(),
            log_bytes: None,
            next_retry: None,
            accepted: None,
            reason: None,
            version: 0,
        }
    }

    /// Lets the holder of the lease in force pass: the one place where a late agent is found out.
    ///
    /// # Errors
    /// `Fenced` for any other lease. `Unchanged` for the lease whose report ended the build: it repeats itself and
    /// is to be acknowledged.
    pub fn fence(&self, token: &LeaseToken) -> Result<(), Rejected> {
        if self.state.lease().is_some_and(|lease| lease.token == *token) {
            Ok(())
        } else if self.accepted.as_ref() == Some(token) {
            Err(Rejected::Unchanged)
        } else {
            Err(Rejected::Fenced(token.clone()))
        }
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            State::Finished { outcome, .. } => Some(outcome),
            State::Queued { .. } | State::Leased { .. } | State::Running { .. } | State::Stopping { .. } => None,
        }
    }

    /// How long it had its last agent's slot; none before it is over, and when it never had one.
    pub fn lasted(&self) -> Option<Duration> {
        let State::Finished { at, .. } = self.state else { return None };
        let queued = self.phases.iter().find(|record| record.phase_type == Phase::Queued)?;
        self.agent.as_ref().and(queued.end_time).map(|granted| at.since(granted)).filter(|_| self.attempt > 0)
    }

    /// What it says of its agent: that it can run builds, or that it fails them before a command of theirs begins.
    pub fn verdict(&self) -> Option<Verdict> {
        let faulted = matches!(self.state, State::Finished { outcome: Outcome::Fault, .. });
        match (self.commands_started, faulted) {
            (true, _) => Some(Verdict::Ran),
            (false, true) => Some(Verdict::Faulted),
            (false, false) => None,
        }
    }

    /// When its wait has taken too long; none unless it waits.
    pub fn queue_deadline(&self) -> Option<Timestamp> {
        match self.state {
            State::Queued { since } => Some(since.plus(Duration::from_secs(self.spec.queued_timeout_seconds))),
            State::Leased { .. } | State::Running { .. } | State::Stopping { .. } | State::Finished { .. } => None,
        }
    }

    /// The build as the matcher sees it, while it waits.
    pub fn candidate(&self) -> Option<Candidate> {
        let State::Queued { since } = self.state else { return None };
        Some(Candidate {
            build: self.spec.id.clone(),
            priority: self.spec.priority,
            since,
            sequence: self.spec.build_number,
            requirements: self.spec.requirements(),
        })
    }
}
