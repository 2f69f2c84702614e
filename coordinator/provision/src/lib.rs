//! Launching and terminating the instances that agents live on.
//!
//! The seam is [`Provisioner`]; each kind of place has a file of its own, and all pass one conformance suite. How many
//! instances there are to be is decided elsewhere (`scheduler::scaling`); here it is done. What a provisioner did not
//! start it never lists and never touches.

mod autoscaling_group;
mod command;
#[cfg(test)]
mod conformance;
mod docker;
mod engine;
mod environment;
mod fake;
mod owner;
mod process;
mod provisioner;
mod swarm;
mod text;

pub use autoscaling_group::{AutoScaling, AutoScalingSettings};
pub use command::{CommandSettings, UserCommand};
pub use docker::{DockerEngine, DockerSettings};
pub use engine::EngineSettings;
pub use fake::{Fake, FakeInstance, FakePlace, Mischief};
pub use owner::Owner;
pub use process::{Process, ProcessSettings};
pub use provisioner::{Error, Instance, InstanceState, Launch, Provisioner};
pub use swarm::{Swarm, SwarmSettings};
