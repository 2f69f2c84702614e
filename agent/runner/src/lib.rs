//! Walks a build's phases inside its container, or as a child process on the host executor.
//!
//! Owns: running commands as CodeBuild does (reference 1.10, 2.2), masking, the journal, packing artifacts.
//! Leaves to the agent: sources, the container, timeouts, the network. It is synchronous and links no async code.

pub mod journal;
pub mod plan;

pub use plan::Plan;
