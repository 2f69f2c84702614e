//! A small client of AWS's JSON 1.1 services: one signed request, one bounded answer. Who calls tries again.
//!
//! Bodies of answers are secrets: they are read into what the caller asks for and never told.

use crate::{Error, Kind};
use buildyard_access::sigv4::{Payload, Signer};
use buildyard_model::{Clock, Secret};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(15);
/// Of an answer. Secrets have at most 64 KiB, and escapes make them longer.
const BYTES: usize = 1 << 20;
/// Of a sentence from outside.
const SENTENCE: usize = 500;

/// An access key of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsCredentials {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
}

impl AwsCredentials {
    /// From the variables that AWS's own programs read; `variable` gives one. `None`: the key or its secret is missing.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        Some(Self {
            access_key_id: given("AWS_ACCESS_KEY_ID")?,
            secret_access_key: Secret::new(given("AWS_SECRET_ACCESS_KEY")?),
            session_token: given("AWS_SESSION_TOKEN").map(Secret::new),
        })
    }
}

/// Which AWS.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// For everything that is not named by an ARN.
    pub region: String,
    /// `http://host:port` in place of AWS's own addresses.
    pub endpoint: Option<String>,
    pub credentials: AwsCredentials,
}

/// Why there is no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Later it may go better.
    #[error("{0}")]
    Passing(String),
    /// AWS said no.
    #[error("{code}: {message}")]
    Answered { code: String, message: String },
}

#[derive(Debug)]
pub(super) struct Client {
    settings: AwsSettings,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

#[derive(Default, Deserialize)]
struct Exception {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(default, alias = "Message")]
    message: String,
}

impl Client {
    pub(super) fn new(settings: AwsSettings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        // Fails only when a provider is set already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("buildyard/", env!("CARGO_PKG_VERSION")));
        let http = builder.build().map_err(|error| {
            Error::new(Kind::Unavailable, format!("no https connection to AWS can be made from this host: {error}"))
        })?;
        Ok(Self { settings, http, clock })
    }

    /// Asks `service`; `region` if not that of the settings.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        service: &str,
        target: &'static str,
        region: Option<&str>,
        body: &serde_json::Value,
    ) -> Result<T, Refusal> {
        let region = region.unwrap_or(&self.settings.region);
        let host = || format!("https://{service}.{region}.amazonaws.com/");
        let url = self.settings.endpoint.as_ref().map_or_else(host, |endpoint| format!("{endpoint}/"));
        let bytes = body.to_string().into_bytes();
        let headers = self.sign(service, target, region, &url, &bytes)?;
        let sent = self.http.request(Method::POST, &url).headers(headers).body(bytes).send().await;
        let mut response = sent.map_err(|error| Refusal::Passing(chain(&error)))?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Refusal::Passing(chain(&error)))? {
            if answer.len() + chunk.len() > BYTES {
                return Err(Refusal::Passing(format!("the answer has more than {BYTES} bytes")));
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_success() {
            let unreadable = |_| Refusal::Passing("the answer cannot be read".to_owned());
            return serde_json::from_slice(&answer).map_err(unreadable);
        }
        Err(refusal(status, &answer))
    }

    fn sign(
        &self,
        service: &str,
        target: &'static str,
        region: &str,
        url: &str,
        body: &[u8],
    ) -> Result<http::HeaderMap, Refusal> {
        let unusable =
            |error: &dyn std::fmt::Display| Refusal::Passing(format!("the request cannot be signed: {error}"));
        let request = Request::post(url).body(()).map_err(|error| unusable(&error))?;
        let (mut parts, ()) = request.into_parts();
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        parts.headers.insert("x-amz-target", HeaderValue::from_static(target));
        let credentials = &self.settings.credentials;
        let signer = Signer {
            access_key_id: &credentials.access_key_id,
            secret: &credentials.secret_access_key,
            session_token: credentials.session_token.as_ref(),
            region,
            service,
        };
        signer.sign(&mut parts, Payload::Bytes(body), self.clock.now()).map_err(|error| unusable(&error))?;
        Ok(parts.headers)
    }
}

/// What an answer that is no success says.
fn refusal(status: http::StatusCode, answer: &[u8]) -> Refusal {
    let exception: Exception = serde_json::from_slice(answer).unwrap_or_default();
    let code = exception.kind.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(100).collect();
    let message: String = exception.message.chars().filter(|c| !c.is_control()).take(SENTENCE).collect();
    let throttled = code.contains("Throttl") || code == "RequestLimitExceeded" || code == "TooManyRequestsException";
    if status.is_server_error() || throttled || code.is_empty() {
        return Refusal::Passing(format!("status {} {code} {message}", status.as_u16()).trim_end().to_owned());
    }
    Refusal::Answered { code, message }
}

/// An error with its causes: the outermost one says too little.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_aws_refuses() {
        let of = |status: u16, body: &str| refusal(http::StatusCode::from_u16(status).unwrap(), body.as_bytes());
        let denied = of(400, r#"{"__type":"com.amazon#AccessDeniedException","Message":"no\nway"}"#);
        assert_eq!(denied.to_string(), "AccessDeniedException: noway");
        assert!(matches!(of(400, r#"{"__type":"ThrottlingException"}"#), Refusal::Passing(_)));
        assert!(matches!(of(503, "<html>"), Refusal::Passing(_)));
        assert!(matches!(of(403, "proxy says no"), Refusal::Passing(_)));
    }

    #[test]
    fn credentials_come_from_awss_own_variables() {
        let of = |given: &[(&str, &str)]| {
            let find = |name: &str| given.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            AwsCredentials::from_variables(find)
        };
        let (id, key) = (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"));
        assert_eq!(of(&[id, key]).unwrap().session_token, None);
        assert!(of(&[id, key, ("AWS_SESSION_TOKEN", "t")]).unwrap().session_token.is_some());
        assert_eq!(of(&[id]), None);
        assert_eq!(of(&[id, ("AWS_SECRET_ACCESS_KEY", "")]), None);
    }
}
