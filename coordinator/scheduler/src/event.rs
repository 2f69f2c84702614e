//! What can happen to a build, and what follows from it: all as values.

mod bounds;

pub use bounds::shorten;

use crate::build::{Build, Lease};
use buildyard_model::{AgentId, ArtifactRecord, BuildId, LeaseToken, LogOffset, Metered, Outcome, PhaseRecord};
use serde::{Deserialize, Serialize};

/// The final word of an agent about its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub outcome: Outcome,
    /// From PROVISIONING on.
    pub phases: Vec<PhaseRecord>,
    pub exported: Vec<(String, String)>,
    pub artifacts: Vec<ArtifactRecord>,
    pub log_bytes: LogOffset,
    /// For FAULT.
    pub reason: Option<String>,
    /// When the failing phase asked for another try: at most this many after the first; 0 for none. The project's
    /// `autoRetryLimit` counts beside it.
    pub retry_limit: u32,
}

/// Something that happens to a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An agent is chosen for it.
    Lease { agent: AgentId },
    /// The agent has the job on its disk.
    Accept { token: LeaseToken },
    /// The agent will not run it.
    Decline { token: LeaseToken, reason: String },
    /// The agent did not say yes in time.
    OfferExpired,
    /// The offer is taken back before the agent said yes.
    Withdraw { token: LeaseToken, reason: String },
    /// The agent tells how far it is. Implies Accept. Records replace those of the same phase.
    Progress {
        token: LeaseToken,
        phases: Vec<PhaseRecord>,
        commands_started: bool,
        image_digest: Option<String>,
        resolved_source_version: Option<String>,
    },
    /// The agent is done.
    Finish { token: LeaseToken, report: Report },
    /// A person wants it to end.
    Stop,
    /// The agent did not confirm the stop in time, or is not there to be told.
    StopExpired,
    /// The agent is gone, or has forgotten the build.
    Lost { reason: String },
    /// It waited longer than its queue time-out.
    QueueTimeout,
}

impl Event {
    /// The lease that it is about, where another one makes it void.
    pub fn token(&self) -> Option<&LeaseToken> {
        match self {
            Self::Accept { token }
            | Self::Decline { token, .. }
            | Self::Withdraw { token, .. }
            | Self::Progress { token, .. }
            | Self::Finish { token, .. } => Some(token),
            Self::Lease { .. }
            | Self::OfferExpired
            | Self::Stop
            | Self::StopExpired
            | Self::Lost { .. }
            | Self::QueueTimeout => None,
        }
    }

    /// What it is called in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lease { .. } => "a lease",
            Self::Accept { .. } => "an acceptance",
            Self::Decline { .. } => "a refusal",
            Self::OfferExpired => "an offer's expiry",
            Self::Withdraw { .. } => "an offer's withdrawal",
            Self::Progress { .. } => "progress",
            Self::Finish { .. } => "a result",
            Self::Stop => "a stop",
            Self::StopExpired => "a stop's expiry",
            Self::Lost { .. } => "a loss",
            Self::QueueTimeout => "a queue time-out",
        }
    }
}

/// What must be done because of a step. Durable ones are stored in the outbox with the step and done at least once;
/// the others can be derived from the state again after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// The queue grew: match again.
    Match,
    /// Send the job to the agent.
    Offer { lease: Lease },
    /// Tell the agent to end it.
    SendStop { lease: Lease },
    /// Tell the agent that its lease is over.
    Revoke { lease: Lease, reason: String },
    /// Durable. End what the attempt's uploads left: drop those it began and did not commit, forget the records of all.
    /// The build's `artifacts` are committed.
    DropUploads { token: LeaseToken },
    /// Durable. Start a build that repeats this one.
    Retry { of: BuildId, number: u32 },
    /// Durable. Delete what is stored of the log of a build that was deleted.
    DropLogs { build: BuildId },
    /// Durable. Put the build's log where its project wants it in S3.
    ExportLog { build: BuildId },
    /// Durable. Count what the build used.
    Meter { metered: Box<Metered> },
    /// A slot at the agent may be free.
    Freed { agent: AgentId },
}

impl Effect {
    /// Whether it must survive a crash of the coordinator.
    pub fn durable(&self) -> bool {
        matches!(
            self,
            Self::DropUploads { .. }
                | Self::Retry { .. }
                | Self::DropLogs { .. }
                | Self::ExportLog { .. }
                | Self::Meter { .. }
        )
    }
}

/// What an event makes of a build. The caller commits both together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// With `version` one higher than before.
    pub build: Build,
    pub effects: Vec<Effect>,
}

/// Why an event has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The lease named is not the one in force: the agent is to be told to revoke it.
    #[error("lease {0} is not in force")]
    Fenced(LeaseToken),
    /// The build is over. A repeated Finish of the accepted lease is `Unchanged` instead: to be acknowledged.
    #[error("the build is finished")]
    Finished,
    /// The event says nothing new: nothing to commit.
    #[error("nothing changes")]
    Unchanged,
    /// The event does not fit the state.
    #[error("a build that is {state} cannot take {event}")]
    NotNow { state: &'static str, event: &'static str },
}
