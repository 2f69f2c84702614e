//! What a credential is good for: a day, a region, a service. Reads the credential and compares it with what is asked.

use super::error::SignatureError;
use super::{limits, moment};
use buildyard_model::Timestamp;

/// The fixed end of every scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// The scope that a request presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialScope {
    /// `YYYYMMDD`.
    pub date: String,
    /// For example `eu-central-1`.
    pub region: String,
    /// For example `codebuild`.
    pub service: String,
}

/// The scope that this endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The fleet's region.
    pub region: &'a str,
    /// The signing names that belong to the part of the endpoint that is asked. `s3` brings S3's own rules (bodies that
    /// nobody signed), so it must stand alone: never beside a service whose requests are read from the body.
    pub services: &'a [&'a str],
}

impl CredentialScope {
    /// `date/region/service/aws4_request`.
    pub(super) fn text(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }

    /// Refuses another day than the time's, another region, another service (reliability S11, S17).
    pub(super) fn check(&self, expected: &Scope<'_>, time: Timestamp) -> Result<(), SignatureError> {
        let refused = |message: String| Err(SignatureError::Scope(message));
        let day = moment::date(time);
        if self.date != day {
            let at = moment::text(time);
            return refused(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{day}', from '{at}'.",
                self.date
            ));
        }
        if self.region != expected.region {
            return refused(format!("Credential should be scoped to a valid Region, not '{}'.", self.region));
        }
        if !expected.services.contains(&self.service.as_str()) {
            let services = expected.services.join("' or '");
            return refused(format!("Credential should be scoped to correct service: '{services}'."));
        }
        Ok(())
    }
}

/// Splits `KEY/YYYYMMDD/REGION/SERVICE/aws4_request` into the key and its scope.
pub(super) fn parse_credential(text: &str) -> Result<(String, CredentialScope), SignatureError> {
    let malformed = || {
        SignatureError::Incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, with the term '{TERMINATOR}'."
        ))
    };
    let parts: Vec<&str> = text.splitn(6, '/').collect();
    let [key, date, region, service, TERMINATOR] = parts[..] else { return Err(malformed()) };
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = |text: &str, most: usize, fine: &dyn Fn(u8) -> bool| {
        !text.is_empty() && text.len() <= most && text.bytes().all(fine)
    };
    let sound = fits(key, limits::ACCESS_KEY_ID, &is_key)
        && fits(date, 8, &|byte| byte.is_ascii_digit())
        && fits(region, limits::SCOPE_PART, &is_name)
        && fits(service, limits::SCOPE_PART, &is_name);
    if !sound {
        return Err(malformed());
    }
    let scope = CredentialScope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
    Ok((key.to_owned(), scope))
}
