//! The connection to EC2 Auto Scaling through the AWS SDK: signing, retries and deadlines are the SDK's. What it fails
//! with becomes the seam's errors here and nowhere else.

use crate::provisioner::Error;
use crate::text::one_line;
use aws_sdk_autoscaling::config::http::HttpResponse;
use aws_sdk_autoscaling::config::retry::RetryConfig;
use aws_sdk_autoscaling::config::timeout::TimeoutConfig;
use aws_sdk_autoscaling::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_autoscaling::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_autoscaling::{Client, Config};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use buildyard_model::Secret;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 3;

/// Which group, and how to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoScalingSettings {
    pub group: String,
    pub region: String,
    /// `http(s)://host:port` in place of AWS's own addresses.
    pub endpoint: Option<String>,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
    /// How long a call may take, all its attempts together.
    pub within: Duration,
}

pub(super) fn client(settings: &AutoScalingSettings) -> Client {
    let token = settings.session_token.as_ref().map(|token| token.expose().to_owned());
    let secret = settings.secret_access_key.expose();
    let credentials = Credentials::new(&settings.access_key_id, secret, token, None, "buildyard");
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT.min(settings.within))
        .operation_attempt_timeout(settings.within / 2)
        .operation_timeout(settings.within)
        .build();
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(credentials)
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts);
    if let Some(endpoint) = &settings.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

/// What a call about `group` failed with.
pub(super) fn failure<E>(group: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.code().unwrap_or_default();
    let said = match error.message() {
        Some(message) if !code.is_empty() => format!("{code}: {message}"),
        _ => DisplayErrorContext(error).to_string(),
    };
    let text = format!("the Auto Scaling group {group}: {}", one_line(&said));
    match error {
        SdkError::ServiceError(answer) if is_final(answer.raw().status().as_u16(), code) => Error::Refused(text),
        SdkError::ConstructionFailure(_) => Error::Refused(text),
        _ => Error::Unavailable(text),
    }
}

/// Some of the codes are for a while although their status is the caller's.
fn is_final(status: u16, code: &str) -> bool {
    let passing = ["Throttling", "ThrottlingException", "RequestLimitExceeded", "ResourceContention"];
    let passing = passing.contains(&code) || code == "ScalingActivityInProgress" || code == "RequestExpired";
    (400..500).contains(&status) && !passing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_aws_refuses() {
        assert!(is_final(403, "AccessDenied") && is_final(400, "ValidationError"));
        assert!(!is_final(400, "Throttling") && !is_final(503, "ServiceUnavailable"));
        assert!(!is_final(400, "ScalingActivityInProgress"));
    }
}
