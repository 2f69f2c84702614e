//! Any S3 endpoint behind the seams, through the AWS SDK: signing, retries and time-outs are the SDK's.
//!
//! Checksums beyond what S3 requires are off, since storages that only resemble S3 refuse them; what travels is covered
//! by the signature's hash. Invariant: keys above the seam never hold the configured prefix, keys below always do.

mod failure;
mod objects;
mod transfers;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::{Client, Config};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use buildyard_model::Secret;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);
const OPERATION_TIMEOUT: Duration = Duration::from_mins(3);
/// Storage may take minutes to assemble a large object (Amazon S3, CompleteMultipartUpload).
const COMPLETE_TIMEOUT: Duration = Duration::from_mins(10);
const ATTEMPTS: u32 = 4;

/// Where the storage is and how to sign in.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// `http(s)://host:port`; `None` for AWS itself, by region.
    pub endpoint: Option<String>,
    pub region: String,
    pub access_key: String,
    pub secret_key: Secret,
    /// `host/bucket/key` instead of `bucket.host/key`; what most storages but AWS want.
    pub force_path_style: bool,
    /// Put in front of every key, as it is; for a bucket that is shared with others.
    pub prefix: Option<String>,
}

/// A client of S3-compatible storage. Cheap to clone.
#[derive(Debug, Clone)]
pub struct S3Client {
    client: Client,
    prefix: String,
    /// Where a bucket is created: AWS wants to be told, and most others to be spared.
    location: Option<String>,
}

impl S3Client {
    /// A client; nothing is sent yet.
    pub fn new(settings: &ClientSettings) -> Self {
        let credentials = Credentials::new(&settings.access_key, settings.secret_key.expose(), None, None, "buildyard");
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .credentials_provider(credentials)
            .http_client(http)
            .force_path_style(settings.force_path_style)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT));
        if let Some(endpoint) = &settings.endpoint {
            config = config.endpoint_url(endpoint);
        }
        let location = settings.endpoint.is_none() && settings.region != "us-east-1";
        Self {
            client: Client::from_conf(config.build()),
            prefix: settings.prefix.clone().unwrap_or_default(),
            location: location.then(|| settings.region.clone()),
        }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT.max(attempt / 2))
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

#[cfg(test)]
mod tests;
