//! The daemon on a build host: dials the coordinator, runs the builds that it is offered, and sees them to their end
//! through its own restarts.
//!
//! `session` decides (pure), `transport` speaks, `supervisor` connects the two with the builds in `run`; `folder` is
//! what survives a restart, `logs` brings logs to storage.

mod agent;
mod bell;
mod binary;
mod clear;
mod config;
mod enrolment;
mod folder;
mod gc;
mod health;
mod lock;
mod logs;
mod metrics;
mod moment;
mod orders;
mod report;
mod retry;
mod run;
mod session;
mod shelf;
mod site;
mod supervisor;
mod sweep;
mod transfers;
mod transport;
mod uplink;
mod vitals;
mod voice;
mod warm;

pub use agent::{Agent, AgentControl, AgentHandle, StartError};
pub use config::{
    AgentConfig, ByteSize, CapacityConfig, ConfigError, CoordinatorConfig, ExecutorConfig, ExecutorKind, GcConfig,
    GitConfig, LaunchConfig, LogsConfig, MetricsConfig, ParseQuantityError, Span, TracingConfig, WarmConfig,
};
pub use lock::LockError;
pub use supervisor::RunError;
