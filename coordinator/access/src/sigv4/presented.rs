//! What a request presents: who signs, for what, when, and which headers. Reading it proves nothing yet.

use super::coverage::single;
use super::error::SignatureError;
use super::payload::{DeclaredPayload, parse_hash};
use super::scope::CredentialScope;
use super::{header_form, limits, query, query_form};
use buildyard_model::{Secret, Timestamp};
use http::header::AUTHORIZATION;
use http::request::Parts;
use std::fmt;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The signature of a request, as it was read.
#[derive(Debug, Clone)]
pub struct Presented {
    /// Whose secret is to be looked up.
    pub access_key_id: String,
    /// The token of a temporary key.
    pub session_token: Option<Secret>,
    /// What the credential is good for.
    pub scope: CredentialScope,
    /// Lower case, in strictly ascending order.
    pub signed_headers: Vec<String>,
    /// Compared in constant time only.
    pub signature: Signature,
    /// When the client says it signed.
    pub time: Timestamp,
    /// How long a presigned request is valid, 1 to 604,800 s; `None` when the `Authorization` header signs.
    pub expires: Option<Duration>,
    /// What the request says of its body.
    pub payload: DeclaredPayload,
}

/// 32 bytes that let a request be replayed: not printed, and not compared by `==`.
#[derive(Clone)]
pub struct Signature([u8; 32]);

/// Reads the signature of a request, from its `Authorization` header or its query, never from both.
///
/// # Errors
/// `Missing` when there is none; `TooLarge`, `Incomplete`, `Ambiguous`, `Unreadable` or `Payload` when it can't be read.
pub fn parse(parts: &Parts) -> Result<Presented, SignatureError> {
    limits::check(parts)?;
    let pairs = query::pairs(parts.uri.query().unwrap_or_default())?;
    let in_query = pairs.iter().any(|(name, _)| query_form::signs(name));
    match (single(parts, AUTHORIZATION.as_str())?, in_query) {
        (Some(_), true) => Err(SignatureError::Ambiguous(
            "Only one auth mechanism allowed: the X-Amz-Algorithm query parameter or the Authorization header".into(),
        )),
        (Some(value), false) => header_form::parse(parts, value),
        (None, true) => query_form::parse(parts, &pairs),
        (None, false) => Err(SignatureError::Missing),
    }
}

impl Presented {
    /// Whether the query carries the signature.
    pub fn is_presigned(&self) -> bool {
        self.expires.is_some()
    }

    /// Whether a header is under the signature.
    pub(super) fn signs(&self, header: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed == header)
    }
}

impl Signature {
    /// 64 lower-case hex digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        parse_hash(text).map(Self)
    }

    /// In constant time.
    pub(super) fn is(&self, other: &[u8; 32]) -> bool {
        self.0.ct_eq(other).into()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Reads `a;b;c`: lower-case names in strictly ascending order, as every SDK writes them.
pub(super) fn parse_signed_headers(text: &str) -> Result<Vec<String>, SignatureError> {
    let names: Vec<&str> = text.split(';').collect();
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && byte != b':')
    };
    if !names.iter().all(|name| is_name(name)) || !names.is_sorted_by(|one, next| one < next) {
        let message = "SignedHeaders must be lower-case header names in ascending order, separated by semicolons";
        return Err(SignatureError::Incomplete(message.into()));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Wraps a session token of bearable length.
pub(super) fn session_token(text: &str) -> Result<Secret, SignatureError> {
    if text.len() > limits::SESSION_TOKEN {
        return Err(SignatureError::TooLarge { what: "session token bytes", limit: limits::SESSION_TOKEN });
    }
    Ok(Secret::new(text))
}
