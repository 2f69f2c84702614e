//! Fetches what a build is made from: a git repository, S3 objects, a directory of this host, or nothing.
//!
//! Owns git's mirrors and everything about running git safely; leaves object URLs to a seam and form checks to
//! `buildyard-model`. Invariant: nothing that a source names or contains runs on the host, and no credential is left
//! in an argument list, a `.git` directory, a log or an error.

mod address;
mod error;
mod fetcher;
mod git;
mod local;
mod object;
mod options;
mod redact;

pub use error::Error;
pub use fetcher::{Fetched, Fetcher, Log};
pub use object::{ListError, ObjectLocation, ObjectUrls, Page, RemoteObject};
pub use options::{ObjectLimits, Options, Ssh, SubmoduleLimits, passed_environment};
