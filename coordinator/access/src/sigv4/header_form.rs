//! The signature in the `Authorization` header: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use super::coverage::single;
use super::error::SignatureError;
use super::key::ALGORITHM;
use super::payload::DeclaredPayload;
use super::presented::{Presented, Signature, parse_signed_headers, session_token};
use super::{moment, scope};
use http::header::DATE;
use http::request::Parts;

/// Reads the header and those beside it that belong to the signature.
pub(super) fn parse(parts: &Parts, authorization: &str) -> Result<Presented, SignatureError> {
    let incomplete = |message: &str| SignatureError::Incomplete(message.to_owned());
    let fields = authorization
        .strip_prefix(ALGORITHM)
        .and_then(|rest| rest.strip_prefix(' '))
        .ok_or_else(|| incomplete("Unsupported AWS 'algorithm': only AWS4-HMAC-SHA256 is accepted."))?;
    let [credential, signed_headers, signature] = split(fields)?;
    let (access_key_id, scope) = scope::parse_credential(credential)?;
    let time = match (single(parts, "x-amz-date")?, single(parts, DATE.as_str())?) {
        (Some(date), _) => moment::parse(date),
        (None, Some(date)) => moment::parse_date_header(date),
        (None, None) => {
            return Err(incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
            ));
        }
    };
    Ok(Presented {
        access_key_id,
        session_token: single(parts, "x-amz-security-token")?.map(session_token).transpose()?,
        scope,
        signed_headers: parse_signed_headers(signed_headers)?,
        signature: Signature::parse(signature)
            .ok_or_else(|| incomplete("Authorization header's 'Signature' must be 64 lower-case hex digits."))?,
        time: time
            .ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format', for example 20260102T030405Z."))?,
        expires: None,
        payload: match single(parts, "x-amz-content-sha256")? {
            Some(text) => DeclaredPayload::parse(text)?,
            None => DeclaredPayload::Absent,
        },
    })
}

/// Credential, signed headers and signature, each there exactly once, in any order.
fn split(fields: &str) -> Result<[&str; 3], SignatureError> {
    const NAMES: [&str; 3] = ["Credential", "SignedHeaders", "Signature"];
    let mut found: [Option<&str>; 3] = [None; 3];
    for field in fields.splitn(NAMES.len() + 1, ',') {
        let known = field.trim_matches(' ').split_once('=').and_then(|(name, value)| {
            let place = NAMES.iter().position(|known| *known == name)?;
            Some((place, value))
        });
        let Some((place, value)) = known else {
            let message = "Authorization header must consist of Credential=…, SignedHeaders=…, Signature=… only.";
            return Err(SignatureError::Incomplete(message.into()));
        };
        if found[place].replace(value).is_some() {
            return Err(SignatureError::Ambiguous(format!("Authorization header has '{}' twice.", NAMES[place])));
        }
    }
    let lacks = |place: usize| {
        SignatureError::Incomplete(format!("Authorization header requires '{}' parameter.", NAMES[place]))
    };
    Ok([found[0].ok_or_else(|| lacks(0))?, found[1].ok_or_else(|| lacks(1))?, found[2].ok_or_else(|| lacks(2))?])
}
