//! The HTTP door: S3 and the AWS APIs on one address.
//!
//! `route` tells requests apart, `serve` owns connections and their limits, `json` speaks AWS JSON 1.1. What S3 says is
//! `buildyard-blobs`' business. No AWS API besides S3 has operations yet; whoever calls one is told so.

mod json;
mod limits;
mod patience;
mod route;
mod serve;

pub use limits::Limits;
pub use route::Http;
pub use serve::{Error, serve};
