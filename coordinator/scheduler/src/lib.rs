//! Decides: a build's lifecycle, the queue's order and placement. Pure and synchronous; no clock, no I/O.

pub mod build;
pub mod event;
pub mod placement;

pub use build::{Build, Lease, State};
pub use event::{Effect, Event, Rejected, Report, Step};
