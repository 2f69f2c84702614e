//! A place to run: starts a program with folders mounted, limits set and a network of its own, and knows no phases.
//!
//! One conformance suite holds for the container engine, the host and the fake.

pub mod sandbox;

pub use sandbox::{Capabilities, Executor, ExecutorError, Exit, Found, ImageRequest, Limits, Mount, Progress, SandboxId, SandboxSpec};
