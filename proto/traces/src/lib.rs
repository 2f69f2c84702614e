//! What the traces of every program have in common: how spans are named so that coordinator and agent tell of one build
//! in one trace, and the way to the OTLP receiver. What the spans say is each program's own.
//!
//! Nothing else knows OpenTelemetry. Promise: telling never waits and never fails; what cannot be sent is dropped and
//! counted.

mod config;
mod ids;
mod otlp;
mod queue;
mod sample;
mod span;
mod traceparent;
mod traces;

pub use config::TracingConfig;
pub use ids::{SpanId, TraceId};
pub use span::{Kind, Link, Span, Status, Value};
pub use traceparent::Traceparent;
pub use traces::{Counts, Program, Traces};
