//! The check itself: coverage, scope, time, body, then the signature in constant time.
//!
//! Invariant: `Ok` means that whoever holds the secret signed this method, path, query, these headers and this body,
//! for this region and service, within the time allowed.

use super::canonical;
use super::coverage;
use super::error::SignatureError;
use super::key::{SigningKey, string_to_sign};
use super::limits;
use super::moment;
use super::path::PathRules;
use super::payload::BodyHash;
use super::presented::Presented;
use super::scope::Scope;
use buildyard_model::{Secret, Timestamp};
use http::request::Parts;
use std::time::Duration;

/// How far a client's clock may be off, either way (AWS: 5 to 15 minutes by service; S3: 15; reliability S11).
const SKEW: Duration = Duration::from_millis(SKEW_MILLIS.unsigned_abs());
const SKEW_MILLIS: i64 = 15 * 60 * 1000;

/// Checks what a request presents against the secret of its access key.
///
/// # Errors
/// Whatever is wrong; `Mismatch` when all is in order but the signature.
pub fn verify(
    presented: &Presented,
    parts: &Parts,
    body: &BodyHash,
    secret: &Secret,
    expected: &Scope<'_>,
    now: Timestamp,
) -> Result<(), SignatureError> {
    limits::check(parts)?;
    coverage::check(parts, presented)?;
    presented.scope.check(expected, presented.time)?;
    within_time(presented, now)?;
    matches(presented, parts, body, secret, PathRules::of(&presented.scope.service))
}

/// What an unknown or disabled access key gets: the same checks at the same cost as with a wrong secret, and the same
/// error, so that nobody learns which keys exist (reliability S19).
pub fn refuse_unknown_key(
    presented: &Presented,
    parts: &Parts,
    body: &BodyHash,
    expected: &Scope<'_>,
    now: Timestamp,
) -> SignatureError {
    let decoy = Secret::new("no key has this secret, and no answer depends on it");
    verify(presented, parts, body, &decoy, expected, now).err().unwrap_or(SignatureError::Mismatch)
}

fn within_time(presented: &Presented, now: Timestamp) -> Result<(), SignatureError> {
    let signed = presented.time;
    if signed > now.plus(SKEW) {
        let bound = moment::text(now.plus(SKEW));
        return Err(SignatureError::NotYetCurrent { signed: moment::text(signed), bound, now: moment::text(now) });
    }
    match presented.expires {
        Some(valid) if now > signed.plus(valid) => Err(SignatureError::PresignedExpired),
        None if now > signed.plus(SKEW) => {
            let bound = moment::text(Timestamp(now.0.saturating_sub(SKEW_MILLIS)));
            Err(SignatureError::Expired { signed: moment::text(signed), bound, now: moment::text(now) })
        }
        Some(_) | None => Ok(()),
    }
}

/// The signature alone, by given rules for the path.
pub(super) fn matches(
    presented: &Presented,
    parts: &Parts,
    body: &BodyHash,
    secret: &Secret,
    rules: PathRules,
) -> Result<(), SignatureError> {
    let payload = presented.payload.line(body, &presented.scope.service, presented.is_presigned())?;
    let canonical = canonical::request(parts, &presented.signed_headers, &payload, rules)?;
    let to_sign = string_to_sign(&moment::text(presented.time), &presented.scope, &canonical);
    let expected = SigningKey::derive(secret, &presented.scope).sign(to_sign.as_bytes());
    if presented.signature.is(&expected) { Ok(()) } else { Err(SignatureError::Mismatch) }
}
