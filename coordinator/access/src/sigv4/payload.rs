//! The body's place in a signature: what a request declares about its body, what the body is, and which of the two may
//! stand in the canonical request. Only S3 takes bodies that nobody hashed (reliability S16).

use super::error::SignatureError;
use sha2::{Digest, Sha256};
use std::fmt;

/// The signing name with rules of its own.
pub(super) const S3: &str = "s3";

/// What `x-amz-content-sha256` says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum DeclaredPayload {
    /// Nothing.
    Absent,
    /// The SHA-256 of the body.
    Sha256([u8; 32]),
    /// `UNSIGNED-PAYLOAD`.
    Unsigned,
    /// The body comes in chunks.
    Streaming(Streaming),
}

/// The chunked forms of S3. Whoever reads the body checks its chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streaming {
    /// Each chunk is signed.
    Signed,
    /// Each chunk and the trailer are signed.
    SignedTrailer,
    /// Nothing but the trailer's checksum.
    UnsignedTrailer,
}

/// What is known of the body that came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BodyHash {
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// Not read yet. Only for S3: whoever reads it must hold it to `Presented::payload`.
    Unread,
}

impl BodyHash {
    /// The hash of a body that was read.
    pub fn of(body: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(body).into())
    }
}

impl DeclaredPayload {
    /// Reads the header's value.
    pub(super) fn parse(text: &str) -> Result<Self, SignatureError> {
        Ok(match text {
            "UNSIGNED-PAYLOAD" => Self::Unsigned,
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Self::Streaming(Streaming::Signed),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Self::Streaming(Streaming::SignedTrailer),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Self::Streaming(Streaming::UnsignedTrailer),
            _ => Self::Sha256(parse_hash(text).ok_or_else(|| {
                SignatureError::Payload(
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING form or a valid sha256 value.".into(),
                )
            })?),
        })
    }

    fn text(self) -> Option<String> {
        Some(match self {
            Self::Absent => return None,
            Self::Sha256(hash) => hex::encode(hash),
            Self::Unsigned => "UNSIGNED-PAYLOAD".into(),
            Self::Streaming(Streaming::Signed) => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".into(),
            Self::Streaming(Streaming::SignedTrailer) => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER".into(),
            Self::Streaming(Streaming::UnsignedTrailer) => "STREAMING-UNSIGNED-PAYLOAD-TRAILER".into(),
        })
    }

    /// The last line of the canonical request, if the service takes this declaration and the body agrees with it.
    pub(super) fn line(self, body: &BodyHash, service: &str, presigned: bool) -> Result<String, SignatureError> {
        let refused = |message: &str| Err(SignatureError::Payload(message.to_owned()));
        match (self, body) {
            (Self::Sha256(declared), BodyHash::Sha256(real)) if declared != *real => {
                refused("The provided 'x-amz-content-sha256' header does not match what was computed.")
            }
            (Self::Unsigned | Self::Streaming(_), _) if service != S3 => {
                refused("this service takes signed payloads only; 'x-amz-content-sha256' must be the body's sha256")
            }
            (_, BodyHash::Unread) if service != S3 => refused("the body must be read before its signature is checked"),
            (Self::Absent, _) if service == S3 && presigned => Ok("UNSIGNED-PAYLOAD".into()),
            (Self::Absent, BodyHash::Unread) => {
                refused("Missing required header for this request: x-amz-content-sha256")
            }
            (Self::Absent, BodyHash::Sha256(real)) => Ok(hex::encode(real)),
            (declared, _) => Ok(declared.text().unwrap_or_default()),
        }
    }
}

/// 64 lower-case hex digits: one text for one hash.
pub(super) fn parse_hash(text: &str) -> Option<[u8; 32]> {
    let is_lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut hash = [0; 32];
    (is_lower && hex::decode_to_slice(text, &mut hash).is_ok()).then_some(hash)
}

impl fmt::Debug for DeclaredPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_deref().unwrap_or("absent"))
    }
}

impl fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hash) => f.write_str(&hex::encode(hash)),
            Self::Unread => f.write_str("unread"),
        }
    }
}
