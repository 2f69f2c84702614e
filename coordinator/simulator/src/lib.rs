//! Replays a stream of builds through the coordinator's own queue, placement and scaling, in virtual time: what a policy
//! would have cost, and how long builds would have waited. Pure: traces come in as text, results go out as values.
//!
//! What is simulated is the world around the decisions (launches, agents, builds that take their time), never the
//! decisions: these are `scheduler::Dispatcher`, with its memory of what each project had, and `scheduler::scaling::plan`
//! themselves.

mod fleet;
mod generate;
mod outcome;
mod plot;
mod random;
mod reactive;
mod simulate;
mod trace;

pub use generate::week;
pub use outcome::{Moment, Outcome, Waits};
pub use plot::plot;
pub use reactive::IDLE as REACTIVE_IDLE;
pub use simulate::{Launches, Planner, simulate};
pub use trace::{Entry, TraceError, parse, write};
