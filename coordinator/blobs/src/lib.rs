//! Bytes: logs, artifacts, sources in S3-compatible storage. `client` talks to any S3 endpoint; `embedded` is our own
//! S3 on the data directory, served over HTTP by `aws-api` and used directly by the coordinator.

pub mod client;
pub mod embedded;
pub mod seam;

#[cfg(test)]
mod conformance;

pub use client::{ClientSettings, S3Client};
pub use embedded::{Credentials, Embedded, EndpointInfo, S3Door};
/// The body of what `S3Door` answers.
pub use s3s::Body;
pub use seam::{Error, ObjectInfo, Objects, Page, Transfers, WHOLE_OBJECT_MAX_BYTES};
