//! The names of traces and spans. A build's follow from its id and its grants alone, so that coordinator and agent name
//! the same spans without telling one another, and go on with the same trace after a restart.

use buildyard_model::{BuildId, LeaseToken, Phase, Timestamp};
use std::fmt;
use uuid::Uuid;

/// A trace: of a build, its UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub [u8; 16]);

/// A span within a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub [u8; 8]);

impl TraceId {
    /// The one trace of a build.
    pub fn of_build(build: &BuildId) -> Self {
        Self(build.uuid().into_bytes())
    }

    /// The trace of a request that belongs to no other.
    pub fn of_request(request: Uuid) -> Self {
        Self(request.into_bytes())
    }
}

impl SpanId {
    /// From submission to end: the root.
    pub fn of_build(build: &BuildId) -> Self {
        Self::derived(build.uuid(), "build")
    }

    /// The wait for an agent.
    pub fn of_queue(build: &BuildId) -> Self {
        Self::derived(build.uuid(), "queue")
    }

    /// What one agent did by one grant.
    pub fn of_attempt(lease: &LeaseToken) -> Self {
        Self::derived(lease.build.uuid(), &format!("attempt {}", lease.epoch))
    }

    /// A phase of an attempt.
    pub fn of_phase(lease: &LeaseToken, phase: Phase) -> Self {
        Self::derived(lease.build.uuid(), &format!("attempt {} phase {phase}", lease.epoch))
    }

    /// Work of the agent's within an attempt, which may be done more than once.
    pub fn of_step(lease: &LeaseToken, step: &str, start: Timestamp) -> Self {
        Self::derived(lease.build.uuid(), &format!("attempt {} step {step} {}", lease.epoch, start.0))
    }

    /// The answer to a request.
    pub fn of_request(request: Uuid) -> Self {
        Self::derived(request, "api")
    }

    /// Never the zeros that mean "none": the UUID's version is among the bytes.
    fn derived(within: Uuid, name: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = Uuid::new_v5(&within, name.as_bytes()).into_bytes();
        Self([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn lease(epoch: u64) -> LeaseToken {
        let build = "app:67e55044-10b1-426f-9247-bb680e5fe0c8".parse().unwrap();
        LeaseToken { build, attempt: 1, epoch }
    }

    #[test]
    fn a_builds_trace_is_its_uuid() {
        assert_eq!(TraceId::of_build(&lease(1).build).to_string(), "67e5504410b1426f9247bb680e5fe0c8");
    }

    #[test]
    fn spans_are_told_apart_and_named_the_same_every_time() {
        let names = || {
            let build = lease(1).build;
            let of_build = [SpanId::of_build(&build), SpanId::of_queue(&build)];
            let of_leases = [lease(1), lease(2)].into_iter().flat_map(|lease| {
                let phases = Phase::ALL.map(|phase| SpanId::of_phase(&lease, phase));
                let steps = [1, 2].map(|start| SpanId::of_step(&lease, "image", Timestamp(start)));
                [SpanId::of_attempt(&lease)].into_iter().chain(steps).chain(phases)
            });
            of_build.into_iter().chain(of_leases).collect::<Vec<_>>()
        };
        assert_eq!(names(), names());
        assert_eq!(names().iter().collect::<HashSet<_>>().len(), names().len());
        // Agents and coordinators of different versions must agree.
        assert_eq!(SpanId::of_attempt(&lease(1)), SpanId([41, 217, 48, 67, 178, 1, 92, 119]));
    }
}
