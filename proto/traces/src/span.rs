//! A span as a value: what was done, when, and how it went.

use crate::{SpanId, TraceId};
use buildyard_model::Timestamp;
use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Something that was done and is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub trace: TraceId,
    pub id: SpanId,
    /// None: the trace's root.
    pub parent: Option<SpanId>,
    pub name: Cow<'static, str>,
    pub kind: Kind,
    pub start: SystemTime,
    pub end: SystemTime,
    pub attributes: Vec<(&'static str, Value)>,
    pub status: Status,
    /// What it follows from in another trace.
    pub link: Option<Link>,
}

/// Another trace's span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub trace: TraceId,
    pub span: SpanId,
}

/// Whose work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    #[default]
    Internal,
    /// The answer to somebody's request.
    Server,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    /// Neither well nor ill: stopped by somebody, say.
    #[default]
    Unset,
    Ok,
    Error(String),
}

/// An attribute's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
    Bool(bool),
}

impl Span {
    /// A span with nothing but its place and time.
    pub fn new(
        trace: TraceId,
        (id, parent): (SpanId, Option<SpanId>),
        name: impl Into<Cow<'static, str>>,
        (start, end): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            trace,
            id,
            parent,
            name: name.into(),
            kind: Kind::Internal,
            start: moment(start),
            end: moment(end.max(start)),
            attributes: Vec::new(),
            status: Status::Unset,
            link: None,
        }
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// With an attribute, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With how it went.
    #[must_use]
    pub fn ended(self, status: Status) -> Self {
        Self { status, ..self }
    }
}

fn moment(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Self::Bool(is)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}
