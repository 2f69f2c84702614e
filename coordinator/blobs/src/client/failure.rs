//! Failures of the SDK as the seam's, by what the caller can do. The one place.

use crate::seam::Error;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// What an operation on `what` failed with.
pub(super) fn failure<E>(what: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.code().unwrap_or_default().to_owned();
    let text = match error.message() {
        Some(message) if !code.is_empty() => format!("{what}: {code}: {message}"),
        _ => format!("{what}: {}", DisplayErrorContext(error)),
    };
    match error {
        SdkError::ConstructionFailure(_) => Error::Refused(text),
        SdkError::ServiceError(_) => by_answer(what, status.unwrap_or_default(), &code, text),
        _ => Error::Unavailable(text),
    }
}

fn by_answer(what: &str, status: u16, code: &str, text: String) -> Error {
    match (status, code) {
        (_, "NoSuchKey" | "NoSuchBucket" | "NoSuchUpload" | "NoSuchVersion" | "NotFound") | (404, _) => {
            Error::NotFound(what.to_owned())
        }
        // A passing failure although its status is the client's.
        (_, "RequestTimeout" | "SlowDown" | "Throttling" | "RequestTimeTooSkewed") | (408 | 429 | 500..=599, _) => {
            Error::Unavailable(text)
        }
        (401 | 403, _) => Error::Denied(text),
        (301 | 307, _) => Error::Refused(format!("{text}; is the region right?")),
        _ => Error::Refused(text),
    }
}

/// Whether the failure says that the thing itself, not its bucket, is not there.
pub(super) fn is_absent<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error.code(), Some("NoSuchKey" | "NoSuchUpload"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_what_the_caller_can_do() {
        let of = |status, code| by_answer("x", status, code, "t".into());
        assert!(matches!(of(404, ""), Error::NotFound(_)));
        assert!(matches!(of(400, "NoSuchUpload"), Error::NotFound(_)));
        assert!(matches!(of(403, "AccessDenied"), Error::Denied(_)));
        assert!(matches!(of(503, "SlowDown"), Error::Unavailable(_)));
        assert!(matches!(of(400, "RequestTimeout"), Error::Unavailable(_)));
        assert!(matches!(of(400, "InvalidPart"), Error::Refused(_)));
        assert!(matches!(of(301, "PermanentRedirect"), Error::Refused(_)));
    }
}
