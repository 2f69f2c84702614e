//! IAM policies: reads the documents that an admin writes, and decides whether a request is allowed by them.
//!
//! Deny is where every decision starts; one matching `Deny` ends it (reference/codepipeline 8.2). Which policies a user
//! has, and which resource an operation asks for, is left to the caller; organisations, boundaries and session policies
//! are not part of Buildyard.

mod condition;
mod context;
mod decide;
mod denied;
mod document;
mod error;
mod glob;
mod json;
pub mod managed;
mod pattern;
mod principal;
mod statement;

pub use context::Context;
pub use decide::{Decision, Request, decide};
pub use denied::Denied;
pub use document::{Policy, check_resource_policy};
pub use error::PolicyError;

#[cfg(test)]
mod tests;
