//! Errors as gRPC statuses: the one place where a kind becomes a code.

use buildyard_service::{Error, Kind};
use tonic::{Code, Status};

pub(crate) fn status(error: Error) -> Status {
    let code = match error.kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::Conflict => Code::AlreadyExists,
        Kind::LimitExceeded => Code::ResourceExhausted,
        Kind::Fenced => Code::FailedPrecondition,
        Kind::Denied => Code::PermissionDenied,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    };
    Status::new(code, error.message)
}

/// A message that cannot be understood.
pub(crate) fn malformed(error: impl std::fmt::Display) -> Status {
    Status::invalid_argument(error.to_string())
}
