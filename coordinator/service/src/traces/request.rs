//! The span of an answered request. Pure.

use buildyard_model::Timestamp;
use buildyard_traces::{Kind, Span, SpanId, Status, TraceId, Traceparent};
use std::borrow::Cow;
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// Where a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The AWS APIs.
    Http,
    Grpc,
}

/// A request that a door has answered.
#[derive(Debug, Clone)]
pub struct Answered<'a> {
    pub door: Door,
    /// The request's id, a UUID, where it has one.
    pub id: Option<&'a str>,
    /// One that the door knows: names that callers make up have no end.
    pub operation: &'a str,
    /// The HTTP status, or the gRPC code.
    pub status: Cow<'a, str>,
    /// Whether it went wrong on our side.
    pub is_fault: bool,
    /// From the request's head to the answer's.
    pub lasted: Duration,
    /// The caller's trace.
    pub traceparent: Option<&'a str>,
}

/// Within the caller's trace, or as a trace of its own that is named by the request's id.
pub(super) fn span(id: Uuid, caller: Option<Traceparent>, answered: &Answered<'_>, end: SystemTime) -> Span {
    let trace = caller.map_or(TraceId::of_request(id), |caller| caller.trace);
    let name = (SpanId::of_request(id), caller.map(|caller| caller.parent));
    let span = Span::new(trace, name, format!("api {}", answered.operation), (Timestamp(0), Timestamp(0)))
        .with("operation", answered.operation)
        .with("request.id", id.to_string());
    let span = match answered.door {
        Door::Http => span.with_some("http.response.status_code", answered.status.parse::<i64>().ok()),
        Door::Grpc => span.with("rpc.response.status_code", answered.status.as_ref()),
    };
    let start = end.checked_sub(answered.lasted).unwrap_or(end);
    let status = if answered.is_fault { Status::Error(answered.status.to_string()) } else { Status::Unset };
    Span { kind: Kind::Server, start, end, ..span.ended(status) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_request_is_a_trace_of_its_own_or_part_of_its_callers() {
        let id = Uuid::from_u128(7);
        let answered = Answered {
            door: Door::Http,
            id: None,
            operation: "StartBuild",
            status: "503".into(),
            is_fault: true,
            lasted: Duration::from_micros(1500),
            traceparent: None,
        };
        let own = span(id, None, &answered, UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!((own.trace, own.parent, own.name.as_ref()), (TraceId::of_request(id), None, "api StartBuild"));
        assert_eq!(own.end.duration_since(own.start).unwrap(), answered.lasted);
        assert!(own.attributes.contains(&("http.response.status_code", 503_i64.into())), "{own:?}");
        assert_eq!(own.status, Status::Error("503".into()));
        let caller = Traceparent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        let part = span(id, Some(caller), &answered, UNIX_EPOCH);
        assert_eq!((part.trace, part.parent), (caller.trace, Some(caller.parent)));
    }
}
