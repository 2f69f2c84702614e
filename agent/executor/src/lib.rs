//! A place to run: starts a program with folders mounted, limits set and a network of its own, and knows no phases.
//!
//! `engine` runs containers through Docker or Podman, `host` runs bare processes, `fake` runs scripts for tests of the
//! agent. One conformance suite holds for all three.

#[cfg(test)]
mod conformance;
pub mod engine;
pub mod fake;
pub mod host;
mod name;
pub mod sandbox;
pub mod stock;

pub use engine::{Deadlines, Engine, EngineOptions, Holder, SpareNetworks};
pub use fake::Fake;
pub use host::{Host, HostOptions};
pub use sandbox::{
    Capabilities, Executor, ExecutorError, Exit, Found, ImageRequest, Limits, Mount, Progress, RegistryLogin,
    SandboxId, SandboxSpec,
};
pub use stock::{Stock, StoredImage};
