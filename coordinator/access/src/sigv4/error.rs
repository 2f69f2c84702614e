//! Why a signature was refused, and how each of AWS's dialects says so. Owns codes, statuses and messages; holds no
//! secret and no signature.

use thiserror::Error;

/// How the asked service words its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// AWS JSON and RPC v2 CBOR services: CodeBuild, CodePipeline, Logs, SSM, Secrets Manager (reference/codebuild 13).
    Json,
    /// Query services: STS.
    Query,
    /// S3.
    S3,
}

/// An error as it goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// AWS's error code, the `__type` of JSON services.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Why a request does not count as signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// Nothing presented at all.
    #[error("Missing Authentication Token")]
    Missing,
    /// A part of the signature is absent or malformed; the text names it.
    #[error("{0}")]
    Incomplete(String),
    /// Something that must be there once is there twice.
    #[error("{0}")]
    Ambiguous(String),
    /// Larger than is looked at.
    #[error("{what} of the request exceed the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit, in bytes or pieces.
        limit: usize,
    },
    /// The path or query is no valid percent encoding.
    #[error("{0}")]
    Unreadable(String),
    /// The credential is for another date, region or service.
    #[error("{0}")]
    Scope(String),
    /// A header that must be signed is not.
    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    Unsigned(String),
    /// The time of signing is too long ago.
    #[error("Signature expired: {signed} is now earlier than {bound} ({now} - 15 min.)")]
    Expired {
        /// When it was signed.
        signed: String,
        /// Until when it would have had to be signed.
        bound: String,
        /// The server's time.
        now: String,
    },
    /// The time of signing is too far ahead.
    #[error("Signature not yet current: {signed} is still later than {bound} ({now} + 15 min.)")]
    NotYetCurrent {
        /// When it was signed.
        signed: String,
        /// The latest time that is accepted.
        bound: String,
        /// The server's time.
        now: String,
    },
    /// A presigned request's own time is over.
    #[error("Request has expired")]
    PresignedExpired,
    /// The body is not the one that was declared, or is declared in a form that this service does not take.
    #[error("{0}")]
    Payload(String),
    /// The signature is another one; also for an unknown key (reliability S19).
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// The session token is missing, foreign, or presented with a key that has none.
    #[error("The security token included in the request is invalid.")]
    InvalidToken,
    /// The session is over.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
}

impl SignatureError {
    /// The error in the words of a service (reference/codepipeline 8.3; statuses: reference/codebuild 13).
    pub fn answer(&self, dialect: Dialect) -> Answer {
        let (status, code) = match dialect {
            Dialect::Json => self.json(),
            Dialect::Query => self.query(),
            Dialect::S3 => self.s3(),
        };
        let skewed = matches!(self, Self::Expired { .. } | Self::NotYetCurrent { .. });
        let message = if dialect == Dialect::S3 && skewed {
            "The difference between the request time and the current time is too large.".to_owned()
        } else {
            self.to_string()
        };
        Answer { status, code, message }
    }

    fn json(&self) -> (u16, &'static str) {
        match self {
            Self::Missing => (403, "MissingAuthenticationTokenException"),
            Self::Incomplete(_) => (403, "IncompleteSignatureException"),
            Self::Ambiguous(_) | Self::TooLarge { .. } | Self::Unreadable(_) => (400, "MalformedHttpRequestException"),
            Self::InvalidToken => (403, "UnrecognizedClientException"),
            Self::ExpiredToken => (403, "ExpiredTokenException"),
            Self::Scope(_)
            | Self::Unsigned(_)
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::PresignedExpired
            | Self::Payload(_)
            | Self::Mismatch => (403, "InvalidSignatureException"),
        }
    }

    fn query(&self) -> (u16, &'static str) {
        match self {
            Self::Missing => (403, "MissingAuthenticationToken"),
            Self::Incomplete(_) => (403, "IncompleteSignature"),
            Self::Ambiguous(_) | Self::TooLarge { .. } | Self::Unreadable(_) => (400, "MalformedHttpRequestException"),
            Self::InvalidToken => (403, "InvalidClientTokenId"),
            Self::ExpiredToken => (403, "ExpiredToken"),
            Self::PresignedExpired => (403, "RequestExpired"),
            Self::Scope(_)
            | Self::Unsigned(_)
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::Payload(_)
            | Self::Mismatch => (403, "SignatureDoesNotMatch"),
        }
    }

    fn s3(&self) -> (u16, &'static str) {
        match self {
            Self::Missing | Self::Unsigned(_) | Self::PresignedExpired => (403, "AccessDenied"),
            Self::Incomplete(_) | Self::Scope(_) => (400, "AuthorizationHeaderMalformed"),
            Self::Ambiguous(_) => (400, "InvalidArgument"),
            Self::TooLarge { .. } => (400, "RequestHeaderSectionTooLarge"),
            Self::Unreadable(_) => (400, "InvalidURI"),
            Self::Expired { .. } | Self::NotYetCurrent { .. } => (403, "RequestTimeTooSkewed"),
            Self::Payload(_) => (400, "XAmzContentSHA256Mismatch"),
            Self::Mismatch => (403, "SignatureDoesNotMatch"),
            Self::InvalidToken => (403, "InvalidAccessKeyId"),
            Self::ExpiredToken => (400, "ExpiredToken"),
        }
    }
}
