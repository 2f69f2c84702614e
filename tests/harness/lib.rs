//! Starts a fleet of real processes for a test, restarts and kills them, and reads their state through the CLI, as a
//! user would. Everything lies in one temporary directory and ends with the [`Fleet`].

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod agent;
mod binary;
mod containers;
mod coordinator;
mod disk;
mod fleet;
mod process;
mod stalled;
mod swarm;

pub use agent::{AgentOptions, ExecutorKind};
pub use binary::binary;
pub use containers::{busybox_image, leftovers};
pub use disk::{Ballast, Disk};
pub use fleet::{Fleet, FleetOptions, Started};
pub use process::{Process, wait_for};
pub use stalled::{Answer, Held, Stalled};
pub use swarm::SwarmOfOne;
