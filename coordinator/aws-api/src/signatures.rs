//! Callers by their signatures: SigV4, verified by `buildyard-access` with the keys that the service knows, and what the
//! caller may do by the caller's policies.
//!
//! Invariant: there is a `Caller` only for who signed this very request, for this region and service, just now.

use crate::authenticate::Authenticator;
use async_trait::async_trait;
use buildyard_access::policy::Context;
use buildyard_access::sigv4::{
    BodyHash, Dialect, Scope, SignatureError, check_session_token, parse, refuse_unknown_key, verify,
};
use buildyard_access::{Circumstances, Principal};
use buildyard_aws_protocol::{ApiError, Caller, Permissions};
use buildyard_service::Service;
use http::StatusCode;
use http::request::Parts;
use std::net::SocketAddr;
use std::sync::Arc;

/// The action whose policies ask for whom it is done; here that is always CodeBuild.
const PASS_ROLE: &str = "iam:PassRole";
const CODEBUILD: &str = "codebuild.amazonaws.com";

/// Knows callers by the service's access keys.
#[derive(Debug, Clone)]
pub struct Signatures {
    service: Service,
}

impl Signatures {
    /// Verifies by the service's keys and clock.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[async_trait]
impl Authenticator for Signatures {
    fn glance(&self, parts: &Parts, service: &'static str) -> Result<(), ApiError> {
        parse(parts).map(|_| ()).map_err(|error| refusal(&error, service))
    }

    async fn authenticate(&self, parts: &Parts, body: &[u8], service: &'static str) -> Result<Caller, ApiError> {
        let refused = |error: SignatureError| refusal(&error, service);
        let presented = parse(parts).map_err(refused)?;
        let holder = self.service.key_holder(&presented.access_key_id).await.map_err(|error| {
            tracing::error!(%error, "the holder of an access key cannot be found out");
            ApiError::unavailable("who holds the access key cannot be found out now; try again")
        })?;
        let region = &self.service.settings().region;
        let (scope, body) = (Scope { region, services: &[service] }, BodyHash::of(body));
        let now = self.service.now();
        let Some(holder) = holder else {
            return Err(refused(refuse_unknown_key(&presented, parts, &body, &scope, now)));
        };
        verify(&presented, parts, &body, &holder.secret, &scope, now)
            .and_then(|()| check_session_token(&presented, None, now))
            .map_err(refused)?;
        self.service.key_used(&presented.access_key_id);
        let circumstances = Circumstances {
            now,
            region: region.clone(),
            source: parts.extensions.get::<SocketAddr>().map(SocketAddr::ip),
            secure: false,
        };
        Ok(caller(holder.principal, &circumstances))
    }
}

fn caller(principal: Arc<Principal>, circumstances: &Circumstances) -> Caller {
    let context = principal.context(circumstances);
    Caller {
        account: principal.account.clone(),
        arn: principal.arn.clone(),
        user: principal.user.clone(),
        permissions: Arc::new(ByPolicies { principal, context }),
    }
}

/// A caller's policies, and what is known of the request that they decide about.
#[derive(Debug)]
struct ByPolicies {
    principal: Arc<Principal>,
    context: Context,
}

impl Permissions for ByPolicies {
    fn check(&self, action: &str, resource: &str) -> Result<(), ApiError> {
        if action != PASS_ROLE {
            return self.principal.check(action, resource, &self.context).map_err(ApiError::access_denied);
        }
        let context = self.context.clone().with("iam:PassedToService", CODEBUILD);
        self.principal.check(action, resource, &context).map_err(ApiError::access_denied)
    }
}

fn refusal(error: &SignatureError, service: &str) -> ApiError {
    let dialect = if service == "sts" { Dialect::Query } else { Dialect::Json };
    let answer = error.answer(dialect);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::FORBIDDEN);
    ApiError::new(answer.code, answer.message).with_status(status)
}

#[cfg(test)]
mod tests;
