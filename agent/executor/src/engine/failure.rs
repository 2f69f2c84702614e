//! Sorts what goes wrong in a call to the engine by what can be done about it. Invariant: a server's status code is read
//! here and nowhere else.

use crate::sandbox::ExecutorError;
use bollard::errors::Error;

/// Why a call did not succeed. Each holds a whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No answer, or no connection.
    Unreachable(String),
    /// The engine does not know the thing.
    Absent(String),
    /// The thing is in use, or there already.
    Conflict(String),
    /// The engine does not accept the request.
    Rejected(String),
    /// The engine tried and failed.
    Broken(String),
    /// The engine's answer is not in the client library's vocabulary.
    Unreadable(String),
}

impl Failure {
    /// Sorts an error of the client library. `at` names the engine and its address.
    pub(super) fn of(error: Error, doing: &str, at: &str) -> Self {
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                let text = format!("{doing}: {}", one_line(&message));
                match status_code {
                    404 => Self::Absent(text),
                    403 | 409 => Self::Conflict(text),
                    400..=499 => Self::Rejected(text),
                    // Podman's word for it.
                    _ if text.contains("already in use") || text.contains("already exists") => Self::Conflict(text),
                    _ => Self::Broken(text),
                }
            }
            Error::DockerStreamError { error } => Self::Broken(format!("{doing}: {}", one_line(&error))),
            Error::JsonDataError { .. } | Error::JsonSerdeError { .. } => {
                Self::Unreadable(format!("{doing}: {at} answered with something that is no answer: {error}"))
            }
            other => Self::Unreachable(format!("{doing}: {at} cannot be reached: {}", chain(&other))),
        }
    }

    /// The message.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Unreachable(text)
            | Self::Absent(text)
            | Self::Conflict(text)
            | Self::Rejected(text)
            | Self::Broken(text)
            | Self::Unreadable(text) => text,
        }
    }
}

/// Where the caller has nothing better to say: what the engine does not accept is refused.
impl From<Failure> for ExecutorError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(text) => Self::Unreachable(text),
            Failure::Absent(text) | Failure::Conflict(text) | Failure::Rejected(text) => Self::Refused(text),
            Failure::Broken(text) | Failure::Unreadable(text) => Self::Failed(text),
        }
    }
}

/// An engine's message without line breaks, and not longer than a person reads.
pub(super) fn one_line(message: &str) -> String {
    let line: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(600) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// An error with its sources: the client library's own text hides "connection refused".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text = format!("{text}: {next_text}");
        }
        source = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status_code: u16) -> Failure {
        let message = "a\n  b".to_owned();
        Failure::of(Error::DockerResponseServerError { status_code, message }, "removing x", "docker at y")
    }

    #[test]
    fn a_status_is_sorted_by_what_can_be_done() {
        assert_eq!(of(404), Failure::Absent("removing x: a b".into()));
        assert_eq!(of(409), Failure::Conflict("removing x: a b".into()));
        assert_eq!(of(400), Failure::Rejected("removing x: a b".into()));
        assert_eq!(of(500), Failure::Broken("removing x: a b".into()));
        let message = "that name is already in use".to_owned();
        let podman = Error::DockerResponseServerError { status_code: 500, message };
        assert!(matches!(Failure::of(podman, "creating x", "podman"), Failure::Conflict(_)));
    }

    #[test]
    fn an_endless_message_is_cut() {
        assert!(one_line(&"é".repeat(5000)).chars().count() <= 601);
    }
}
