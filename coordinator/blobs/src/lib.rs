//! Bytes: logs, artifacts, sources in S3-compatible storage. `client` talks to any S3 endpoint; `embedded` is our own
//! S3 on the data directory, served over HTTP by `aws-api` and used directly by the coordinator.

pub mod seam;

pub use seam::{Error, ObjectInfo, Objects, Page, Transfers};
