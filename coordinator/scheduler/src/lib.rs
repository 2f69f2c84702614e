//! Decides: a build's lifecycle, the queue's order, placement, and why a build waits and for how long. Pure and synchronous; no clock, no I/O.

pub mod build;
mod dispatch;
pub mod estimate;
pub mod event;
pub mod invariant;
pub mod lifecycle;
pub mod placement;
pub mod queue;
pub mod scaling;
mod view;
pub mod why;

pub use build::{Build, Lease, State};
pub use dispatch::{Dispatcher, Held};
pub use event::{Effect, Event, Rejected, Report, Step};
pub use lifecycle::apply;
pub use placement::{AgentLoad, Assignment, Candidate, misfit};

#[cfg(test)]
mod sample;
