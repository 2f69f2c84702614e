//! What a gRPC status means to the person at the terminal, and whether it is worth coming back.

use crate::failure::{Failure, chain};
use crate::render::printable;
use std::error::Error;
use tonic::{Code, Status};

/// A call that was not answered.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The connection or the coordinator went away: the same call may work in a moment.
    Lost(String),
    /// The coordinator said no.
    Final(Failure),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Lost(text) => Self::Service(text),
            Refusal::Final(failure) => failure,
        }
    }
}

/// The URL to connect to.
pub(super) fn endpoint_url(text: &str) -> Result<String, Failure> {
    let text = text.trim().trim_end_matches('/');
    match text.split_once("://") {
        None => Ok(format!("http://{text}")),
        Some(("http", _)) => Ok(text.to_owned()),
        Some(("https", rest)) => Err(Failure::call(format!(
            "endpoint {text:?} asks for TLS, which the gRPC door does not speak: use http://{rest}, through a tunnel over open networks"
        ))),
        Some((scheme, _)) => {
            Err(Failure::call(format!("endpoint {text:?} begins with {scheme}://: write http://HOST:PORT")))
        }
    }
}

/// Nobody answered at `url`.
pub(super) fn unreachable(url: &str, error: &tonic::transport::Error) -> Failure {
    let why = chain(error);
    let why = why.strip_prefix("transport error: ").unwrap_or(&why);
    Failure::service(format!("no coordinator answers at {url}: {why}; is `buildyard up` running there?"))
}

/// Sorts a status by what can be done about it.
pub(super) fn of(url: &str, status: &Status) -> Refusal {
    let said = printable(status.message());
    match status.code() {
        // What broke on the way has a cause here; the coordinator's own word has none.
        Code::Unavailable if status.source().is_none() => {
            Refusal::Lost(format!("the coordinator at {url} cannot do this now: {said}"))
        }
        // A broken connection reaches us as any of these, depending on when it broke.
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Aborted => {
            Refusal::Lost(format!("the coordinator at {url} does not answer: {said}"))
        }
        Code::Unauthenticated | Code::PermissionDenied => Refusal::Final(Failure::service(format!(
            "the coordinator at {url} refused the token: {said}; source DIR/credentials.env of its `buildyard up`, or set BUILDYARD_TOKEN"
        ))),
        Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition | Code::AlreadyExists | Code::OutOfRange => {
            Refusal::Final(Failure::Call(said))
        }
        Code::Unimplemented => Refusal::Final(Failure::service(format!(
            "the coordinator at {url} does not know this call: is that the gRPC address, and of this version? ({said})"
        ))),
        Code::Ok | Code::Internal | Code::DataLoss | Code::ResourceExhausted => {
            Refusal::Final(Failure::service(format!("the coordinator at {url} failed: {said}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn an_endpoint_may_leave_out_its_scheme_but_not_ask_for_tls() {
        assert_eq!(endpoint_url("127.0.0.1:7000").unwrap(), "http://127.0.0.1:7000");
        assert_eq!(endpoint_url("http://host:7000/").unwrap(), "http://host:7000");
        assert!(endpoint_url("https://host:7000").unwrap_err().to_string().contains("TLS"));
        assert!(endpoint_url("ftp://host").is_err());
    }

    #[test]
    fn only_a_lost_connection_is_worth_coming_back_for() {
        let refusal = |code| of("http://h", &Status::new(code, "why"));
        assert!(matches!(refusal(Code::Unavailable), Refusal::Lost(_)));
        let Refusal::Final(wrong) = refusal(Code::NotFound) else { panic!("final") };
        assert_eq!((wrong.exit(), wrong.to_string().as_str()), (Exit::WrongCall, "why"));
        let Refusal::Final(denied) = refusal(Code::Unauthenticated) else { panic!("final") };
        assert_eq!(denied.exit(), Exit::EngineFailed);
        assert!(denied.to_string().contains("BUILDYARD_TOKEN"));
    }
}
