//! Walks a build's phases inside its container, or as a child process on the host executor.
//!
//! Owns: running commands as CodeBuild does (reference 1.10, 2.2), masking, the journal, packing artifacts.
//! Leaves to the agent: sources, the container, timeouts, the network. It is synchronous and starts no async code.

pub mod failure;
pub mod journal;
pub mod limits;
pub mod log_line;
pub mod mask;
pub mod plan;

mod access;
mod command;
mod environment;
mod exported;
mod git;
mod helper;
mod log;
mod pack;
mod phases;
mod programs;
mod reach;
mod run;
mod runtime;
mod secrets;
mod shell;
mod user;
mod waiting;
mod walk;

pub use git::GitCredential;
pub use helper::helper;
pub use plan::Plan;
pub use run::{Start, run};
