//! Decides who asks and whether they may: verifies SigV4 signatures and evaluates IAM policies. Pure and synchronous;
//! no clock, no I/O. Keys, users and attached policies are kept elsewhere and passed in.

pub mod policy;
mod principal;
pub mod sigv4;

pub use principal::{Circumstances, Grants, KeyHolder, Principal};
