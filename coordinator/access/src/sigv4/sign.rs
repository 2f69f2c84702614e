//! The client's side: signs a request in its headers, or presigns it in its query. Shares every rule with `verify`.

use super::canonical;
use super::coverage;
use super::error::SignatureError;
use super::key::{ALGORITHM, SigningKey, string_to_sign};
use super::moment;
use super::path::{self, PathRules};
use super::payload::{BodyHash, S3};
use super::query_form::{EXPIRES_MAX, SIGNATURE};
use super::scope::CredentialScope;
use buildyard_model::{Secret, Timestamp};
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderValue, Uri};
use std::time::Duration;

/// Headers that proxies change or that carry the signature.
const UNSIGNED: &[&str] =
    &["authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"];

/// Who signs, and for which service.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The access key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a Secret,
    /// Of a temporary key.
    pub session_token: Option<&'a Secret>,
    /// For example `eu-central-1`.
    pub region: &'a str,
    /// The signing name, for example `codebuild`.
    pub service: &'a str,
}

/// What is signed of the body.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// Nothing: S3 only.
    Unsigned,
}

impl Signer<'_> {
    /// Adds `x-amz-date`, the session token, for S3 the payload's hash, and `authorization`. Signs every header that is
    /// there but those that proxies change.
    ///
    /// # Errors
    /// When the request has no host, or its path or query can't be read.
    pub fn sign(&self, parts: &mut Parts, payload: Payload<'_>, now: Timestamp) -> Result<(), SignatureError> {
        let (scope, date_time) = (self.scope(now), moment::text(now));
        let line = match payload {
            Payload::Bytes(body) => format!("{:?}", BodyHash::of(body)),
            Payload::Unsigned => "UNSIGNED-PAYLOAD".into(),
        };
        parts.headers.insert("x-amz-date", header_value(&date_time)?);
        if let Some(token) = self.session_token {
            parts.headers.insert("x-amz-security-token", header_value(token.expose())?);
        }
        if self.service == S3 {
            parts.headers.insert("x-amz-content-sha256", header_value(&line)?);
        }
        let names = header_names(parts)?;
        let signature = self.signature(parts, &names, &line, &scope, &date_time)?;
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.access_key_id,
            scope.text(),
            names.join(";"),
        );
        parts.headers.insert(AUTHORIZATION, header_value(&authorization)?);
        Ok(())
    }

    /// Puts a signature into the query, valid for `valid` (1 s to 7 days) from `now` on. Signs every header that is
    /// there; S3's body stays unsigned, other services' must be empty.
    ///
    /// # Errors
    /// When the request has no host, can't be read, or `valid` is out of bounds.
    pub fn presign(&self, parts: &mut Parts, valid: Duration, now: Timestamp) -> Result<(), SignatureError> {
        if !(1..=EXPIRES_MAX).contains(&valid.as_secs()) {
            return Err(SignatureError::Incomplete("a presigned request is valid for 1 s to 7 days".into()));
        }
        let (scope, date_time) = (self.scope(now), moment::text(now));
        let names = header_names(parts)?;
        let mut added = vec![
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", format!("{}/{}", self.access_key_id, scope.text())),
            ("X-Amz-Date", date_time.clone()),
            ("X-Amz-Expires", valid.as_secs().to_string()),
            ("X-Amz-SignedHeaders", names.join(";")),
        ];
        if let Some(token) = self.session_token {
            added.push(("X-Amz-Security-Token", token.expose().to_owned()));
        }
        for (name, value) in added {
            append(parts, name, &value)?;
        }
        let line = if self.service == S3 { "UNSIGNED-PAYLOAD".into() } else { format!("{:?}", BodyHash::of(b"")) };
        let signature = self.signature(parts, &names, &line, &scope, &date_time)?;
        append(parts, SIGNATURE, &signature)
    }

    fn scope(&self, now: Timestamp) -> CredentialScope {
        CredentialScope { date: moment::date(now), region: self.region.to_owned(), service: self.service.to_owned() }
    }

    fn signature(
        &self,
        parts: &Parts,
        names: &[String],
        payload: &str,
        scope: &CredentialScope,
        date_time: &str,
    ) -> Result<String, SignatureError> {
        let canonical = canonical::request(parts, names, payload, PathRules::of(self.service))?;
        let to_sign = string_to_sign(date_time, scope, &canonical);
        Ok(hex::encode(SigningKey::derive(self.secret, scope).sign(to_sign.as_bytes())))
    }
}

fn header_names(parts: &Parts) -> Result<Vec<String>, SignatureError> {
    coverage::host(parts)?;
    let there = parts.headers.keys().map(http::HeaderName::as_str).filter(|name| !UNSIGNED.contains(name));
    let mut names: Vec<String> = there.chain([HOST.as_str()]).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn header_value(text: &str) -> Result<HeaderValue, SignatureError> {
    HeaderValue::from_str(text).map_err(|_| SignatureError::Unreadable("a credential is not plain text".into()))
}

fn append(parts: &mut Parts, name: &str, value: &str) -> Result<(), SignatureError> {
    let unreadable = |_| SignatureError::Unreadable("the request's target can't take a signature".into());
    let mark = if parts.uri.query().is_some() { '&' } else { '?' };
    let path = if parts.uri.path().is_empty() { "/" } else { parts.uri.path() };
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{path}{query}{mark}{name}={}", path::encode(value.as_bytes(), false));
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    uri.path_and_query = Some(target.parse().map_err(unreadable)?);
    parts.uri = Uri::from_parts(uri)
        .map_err(|_| SignatureError::Unreadable("the request's target can't take a signature".into()))?;
    Ok(())
}
