//! The vocabulary that agent, coordinator and clients share: plain values, no I/O, no clock of its own.
//!
//! Every type here crosses a process boundary, so each is `serde` and grows only by optional fields.

pub mod artifact;
pub mod build;
pub mod compute;
pub mod environment;
pub mod fleet;
pub mod id;
pub mod job;
pub mod lease;
pub mod log;
pub mod outcome;
pub mod phase;
pub mod placement;
pub mod project;
pub mod release;
pub mod report_group;
pub mod secret;
pub mod source;
pub mod time;
pub mod usage;
pub mod user;
pub mod vitals;
pub mod wait;
pub mod withdrawal;

pub use artifact::{ArtifactKind, ArtifactRecord, ArtifactSpec, Namespace, Packaging};
pub use build::BuildView;
pub use compute::{ComputeType, EnvironmentType, Resources};
pub use environment::{Environment, EnvironmentVariable, PullPolicy, VariableKind};
pub use fleet::{Fleet, FleetEvent, FleetEventKind, FleetName, FleetStanding, InstanceId, Ticket};
pub use id::{AgentId, BuildId, IdError, ProjectName};
pub use job::{BuildspecOrigin, JobSpec, RetryOf, Submission};
pub use lease::LeaseToken;
pub use log::{LogChunk, LogNames, LogOffset, S3LogObject};
pub use outcome::{BuildStatus, Outcome};
pub use phase::{Phase, PhaseContext, PhaseRecord, PhaseStatus};
pub use placement::{Affinity, AgentStatus, AgentView, Architecture, Capacity, Requirements};
pub use project::Project;
pub use release::Skew;
pub use report_group::ReportGroup;
pub use secret::Secret;
pub use source::{GitCredentials, SecondarySource, Source, SourceKind};
pub use time::{Clock, Epoch, SystemClock, Timestamp};
pub use usage::{Day, Metered, UsageBy, UsageGroup, UsageReport};
pub use user::{KeyView, PolicyView, UserView};
pub use vitals::Vitals;
pub use wait::{AgentWord, EstimateScore, StartEstimate, WaitReason, WhyView};
pub use withdrawal::{Withdrawal, WithdrawalKind};
