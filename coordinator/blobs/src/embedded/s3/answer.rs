//! Failures of the store as S3's error codes (Amazon S3, "Error responses"). The one place.

use super::super::error::Error;
use s3s::{S3Error, S3ErrorCode};
use std::io::ErrorKind;

impl From<Error> for S3Error {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NoBucket(_) => S3ErrorCode::NoSuchBucket,
            Error::NoKey(_) => S3ErrorCode::NoSuchKey,
            Error::NoUpload(_) => S3ErrorCode::NoSuchUpload,
            Error::NoVersion(_) => S3ErrorCode::NoSuchVersion,
            Error::BadBucketName(_) => S3ErrorCode::InvalidBucketName,
            Error::BadKey => S3ErrorCode::KeyTooLongError,
            Error::BucketExists(_) => S3ErrorCode::BucketAlreadyOwnedByYou,
            Error::BucketNotEmpty(_) => S3ErrorCode::BucketNotEmpty,
            Error::PreconditionFailed => S3ErrorCode::PreconditionFailed,
            Error::BadPart(_) => S3ErrorCode::InvalidPart,
            Error::PartOrder => S3ErrorCode::InvalidPartOrder,
            Error::PartTooSmall(_) => S3ErrorCode::EntityTooSmall,
            Error::BadDigest(_) => S3ErrorCode::BadDigest,
            Error::Incomplete { .. } => S3ErrorCode::IncompleteBody,
            Error::BadRequest(_) => S3ErrorCode::InvalidRequest,
            Error::Body(text) => body(text),
            Error::Disk(source) if source.kind() == ErrorKind::InvalidFilename => S3ErrorCode::KeyTooLongError,
            Error::Disk(source) if source.kind() == ErrorKind::StorageFull => S3ErrorCode::ServiceUnavailable,
            Error::Disk(_) => S3ErrorCode::InternalError,
        };
        if let Error::Disk(source) = &error {
            tracing::error!(error = %source, "the data directory failed");
        }
        Self::with_message(code, error.to_string())
    }
}

/// s3s gives its verdicts on a streamed body as the body's own errors, whose types it keeps to itself.
fn body(text: &str) -> S3ErrorCode {
    if text.contains("SignatureMismatch") {
        S3ErrorCode::SignatureDoesNotMatch
    } else if text.contains("Sha256Mismatch") {
        S3ErrorCode::BadDigest
    } else {
        S3ErrorCode::IncompleteBody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_for_later_and_a_broken_body_is_the_clients() {
        let full = S3Error::from(Error::Disk(std::io::Error::from(ErrorKind::StorageFull)));
        assert_eq!(full.code(), &S3ErrorCode::ServiceUnavailable);
        let cut = S3Error::from(Error::Body("connection closed".into()));
        assert_eq!(cut.code(), &S3ErrorCode::IncompleteBody);
    }
}
