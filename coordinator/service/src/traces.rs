//! What the coordinator tells of builds and requests as traces (`docs/traces.md`). What a step or a request says is pure
//! and lies beneath; here is only when it is told.

mod build;
mod request;

pub use request::{Answered, Door};

use crate::Service;
use buildyard_model::Timestamp;
use buildyard_scheduler::{Build, State};
use buildyard_traces::{Counts, TraceId, Traceparent, Traces};
use std::time::SystemTime;
use uuid::Uuid;

impl Service {
    /// Says where traces go. Once, before the reconcilers run.
    pub fn trace_to(&self, traces: Traces) {
        // A second one would split builds' traces.
        let _ = self.inner.traces.set(traces);
    }

    /// Counts what becomes of traces, among the metrics.
    pub fn trace_counts(&self) -> Counts {
        self.inner.metrics.trace_counts()
    }

    /// Counts and tells of a request that a door has answered.
    pub fn answered(&self, answered: &Answered<'_>) {
        self.inner.metrics.request(answered.operation, &answered.status, answered.lasted);
        let Some(traces) = self.inner.traces.get().filter(|traces| traces.is_on()) else { return };
        let id = answered.id.and_then(|id| id.parse().ok()).unwrap_or_else(Uuid::new_v4);
        let caller = answered.traceparent.and_then(Traceparent::parse);
        let span = || [request::span(id, caller, answered, SystemTime::now())];
        match caller {
            None => traces.tell(TraceId::of_request(id), span),
            // Whoever calls has decided for the whole trace.
            Some(caller) if caller.sampled => traces.tell_all(span()),
            Some(_) => {}
        }
    }

    /// Tells what a committed step ended.
    pub(crate) fn trace_step(&self, before: &State, after: &Build, now: Timestamp) {
        let Some(traces) = self.inner.traces.get() else { return };
        traces.tell(TraceId::of_build(&after.spec.id), || build::spans(before, after, now));
    }
}
