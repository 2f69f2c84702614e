//! The seam behind which signatures are verified.

use async_trait::async_trait;
use buildyard_aws_protocol::{ApiError, Caller};
use http::request::Parts;
use std::fmt::Debug;

/// Finds out who sent a request.
#[async_trait]
pub trait Authenticator: Debug + Send + Sync {
    /// Refuses by its head alone a request to `service` that bears no signature, so that nothing of its body is held.
    ///
    /// # Errors
    /// In AWS's words.
    fn glance(&self, parts: &Parts, service: &'static str) -> Result<(), ApiError>;

    /// Verifies the signature of a request to `service` (`codebuild`, `sts`): head and the whole body.
    ///
    /// # Errors
    /// In AWS's words, for a request that is not signed, or not by somebody who is known here.
    async fn authenticate(&self, parts: &Parts, body: &[u8], service: &'static str) -> Result<Caller, ApiError>;
}
