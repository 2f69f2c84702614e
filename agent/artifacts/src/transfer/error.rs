//! What went wrong in a transfer, without the secrets in its URL.

use super::upload::TicketError;
use crate::retry;
use backon::Retryable;
use reqwest::StatusCode;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// Error answers are read up to here; S3's are below 1 KiB.
const ANSWER_BYTES: usize = 4096;
/// S3's error codes are words such as `NoSuchKey`.
const LONGEST_CODE: usize = 64;

/// An object, for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    pub bucket: String,
    pub key: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Why a transfer failed. What could be repeated has been, until the deadline.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Storage answered and will answer the same again.
    #[error("storage refused {object}: {status} {code}; {}", next_step(*status))]
    Refused { object: ObjectName, status: StatusCode, code: String },
    /// Storage could not be reached, or was overloaded, until the deadline.
    #[error("storage did not take or give {object}: {reason}; check the storage endpoint and try again")]
    Unavailable { object: ObjectName, reason: String, retry_after: Option<Duration> },
    /// The object is not what was announced.
    #[error("{object} is not as announced: {reason}")]
    Unexpected { object: ObjectName, reason: String },
    /// A file to upload changed its size or time while it was read.
    #[error("{path:?} changed while it was uploaded: artifacts must be finished when the build ends")]
    Changed { path: PathBuf },
    /// The file system said no.
    #[error("cannot read or write {path:?}: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The coordinator gave no URLs, or did not take the result.
    #[error(transparent)]
    Tickets(#[from] TicketError),
    /// An attempt was under way when the time was up.
    #[error("the transfer was not done in time{last}")]
    Deadline {
        /// What went wrong before, behind a colon; empty when nothing did.
        last: String,
    },
    /// The list of what to transfer cannot be read or is not valid.
    #[error("the list of files to transfer is not valid: {0}")]
    List(String),
    /// No HTTP client could be made.
    #[error("cannot set up the connection to storage: {0}")]
    Client(String),
}

impl Error {
    /// Whether the same request may succeed later.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Tickets(TicketError::Unavailable(_)))
    }

    /// What the server asked for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A request that got no answer, or lost its connection.
    pub(super) fn unreachable(object: &ObjectName, error: reqwest::Error) -> Self {
        Self::Unavailable { object: object.clone(), reason: chain(&error.without_url()), retry_after: None }
    }
}

/// Repeats what failed for a passing reason, until the deadline, which also ends an attempt under way. The last error
/// is what is told.
pub(super) async fn repeating<T, F>(mut attempt: impl FnMut() -> F, deadline: Instant) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut last = None;
    let work = async {
        (|| attempt())
            .retry(retry::until(deadline))
            .when(Error::is_temporary)
            .adjust(|error, pause| retry::respecting(error.retry_after(), pause?, deadline))
            .notify(|error, pause| {
                tracing::warn!(%error, pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "trying again");
                last = Some(error.to_string());
            })
            .await
    };
    match tokio::time::timeout_at(deadline, work).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Deadline { last: last.map(|error| format!(": {error}")).unwrap_or_default() }),
    }
}

/// Turns an answer that is not a success into an error; what is worth repeating becomes [`Error::Unavailable`].
pub(super) async fn from_answer(object: &ObjectName, mut answer: reqwest::Response) -> Error {
    let status = answer.status();
    let retry_after = answer.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let mut text = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        text.extend_from_slice(&chunk);
        if text.len() > ANSWER_BYTES {
            break;
        }
    }
    let code = error_code(&String::from_utf8_lossy(&text));
    let object = object.clone();
    if is_temporary(status, &code) {
        Error::Unavailable { object, reason: format!("{status} {code}").trim_end().to_owned(), retry_after }
    } else {
        Error::Refused { object, status, code }
    }
}

/// 5xx except "not implemented", overload, and S3's way of saying that a slow body took too long.
fn is_temporary(status: StatusCode, code: &str) -> bool {
    let overload = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    let server = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    overload || server || matches!(code, "RequestTimeout" | "SlowDown" | "OperationAborted")
}

/// The word in `<Code>`. The rest of S3's answer may repeat the signature and stays unread.
fn error_code(answer: &str) -> String {
    let code =
        answer.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
    let is_word = code.len() <= LONGEST_CODE && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if is_word { code.to_owned() } else { String::new() }
}

fn next_step(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => {
            "the presigned URL has expired or the coordinator's storage credentials lack the right"
        }
        StatusCode::NOT_FOUND => "check that bucket and key exist",
        StatusCode::BAD_REQUEST => "the data may have been damaged on the way: try again",
        StatusCode::INSUFFICIENT_STORAGE => "make room in the storage",
        _ => "check the storage endpoint and the coordinator's log",
    }
}

/// An error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut parts: Vec<String> = causes.map(ToString::to_string).collect();
    parts.dedup();
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_an_answer_is_kept() {
        let answer = "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>secret</StringToSign></Error>";
        assert_eq!(error_code(answer), "SignatureDoesNotMatch");
        assert_eq!(error_code("<Code>X-Amz-Signature=abc&</Code>"), "");
        assert_eq!(error_code("busy"), "");
    }

    #[test]
    fn overload_is_worth_repeating_and_a_refusal_is_not() {
        for (status, code, temporary) in [
            (503, "SlowDown", true),
            (500, "", true),
            (429, "", true),
            (400, "RequestTimeout", true),
            (400, "BadDigest", false),
            (403, "AccessDenied", false),
            (404, "NoSuchKey", false),
            (501, "NotImplemented", false),
        ] {
            assert_eq!(is_temporary(StatusCode::from_u16(status).unwrap(), code), temporary, "{status} {code}");
        }
    }
}
