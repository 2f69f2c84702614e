//! The HTTP door: S3 and the AWS APIs on one address.
//!
//! `route` tells requests apart, `serve` owns connections and their limits, `apis` answers what is for an AWS API; what
//! bytes mean is `buildyard-aws-protocol`'s business, and what S3 says `buildyard-blobs`'.

mod apis;
mod authenticate;
pub mod codebuild;
mod context;
mod framing;
mod limits;
pub mod logs;
mod patience;
mod peers;
mod route;
#[cfg(test)]
mod safe_rig;
pub mod secretsmanager;
mod serve;
pub mod services;
pub mod shapes;
mod signatures;
pub mod ssm;
mod sts;

pub use authenticate::Authenticator;
pub use context::Context;
pub use limits::Limits;
pub use route::Http;
pub use serve::{Error, serve};
pub use signatures::Signatures;
