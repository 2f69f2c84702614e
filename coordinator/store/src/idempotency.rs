//! How long a start request's token counts, and what a second use of it means. Pure; the same for every store.

use crate::roles::Error;
use buildyard_model::Timestamp;
use std::time::Duration;

/// As in CodeBuild: a token names its build for 5 minutes.
const WINDOW: Duration = Duration::from_secs(300);

/// Tokens used at this moment or earlier count no more.
pub(crate) fn forgotten_until(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX)))
}

/// Lets a request pass that is the same as the one its token was first used with.
pub(crate) fn same_request(first: &str, again: &str) -> Result<(), Error> {
    if first == again { Ok(()) } else { Err(Error::TokenMismatch) }
}
