//! Decides: a build's lifecycle, the queue's order and placement. Pure and synchronous; no clock, no I/O.

pub mod build;
pub mod event;
pub mod invariant;
pub mod lifecycle;
pub mod placement;
pub mod scaling;
mod view;

pub use build::{Build, Lease, State};
pub use event::{Effect, Event, Rejected, Report, Step};
pub use lifecycle::apply;
pub use placement::{AgentLoad, Assignment, Candidate, misfit, place};

#[cfg(test)]
mod sample;
