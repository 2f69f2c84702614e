//! What the coordinator measures of itself and its fleet (`docs/metrics.md` lists it). Counters and histograms are kept
//! as things happen; gauges are looked up when somebody asks. No label holds a build's id.

mod look;

use crate::usage;
use buildyard_metrics::{Counter, Counters, Durations, Registry};
use buildyard_model::{FleetName, Timestamp};
use buildyard_scheduler::{Build, Effect, State};
use buildyard_traces::Counts;
use std::sync::Mutex;
use std::time::Duration;

/// Everything that is measured.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    /// Two who ask at once would take each other's gauges away.
    looking: tokio::sync::Mutex<()>,
    gauges: look::Looked,
    finished: Counters,
    wait: Durations,
    duration: Durations,
    dispatch: Durations,
    commit: Durations,
    log_bytes: Counter,
    requests: Counters,
    request_time: Durations,
    launches: Counters,
    launch_failures: Counters,
    launch_time: Durations,
    traces: Counts,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("buildyard");
        let own = &mut registry;
        let log_bytes = Counter::default();
        own.register("log_bytes", "Bytes of builds' logs that storage took in", log_bytes.clone());
        Self {
            gauges: look::Looked::register(own),
            finished: Counters::register(own, "builds_finished", "Builds that ended, by project and outcome"),
            wait: Durations::register(
                own,
                "build_wait_seconds",
                "From a build's submission until an agent began it, by fleet",
                Durations::LONG,
            ),
            duration: Durations::register(
                own,
                "build_duration_seconds",
                "From the start of a build's provisioning to its end, by outcome",
                Durations::LONG,
            ),
            dispatch: Durations::register(
                own,
                "dispatch_seconds",
                "From a build's submission until it was first offered to an agent",
                Durations::SHORT,
            ),
            commit: Durations::register(
                own,
                "store_commit_seconds",
                "Commits of a build's changes to the records",
                Durations::SHORT,
            ),
            log_bytes,
            requests: Counters::register(own, "api_requests", "Requests of both doors, by operation and status"),
            request_time: Durations::register(
                own,
                "api_request_seconds",
                "From a request's head to its answer's, by operation",
                Durations::SHORT,
            ),
            launches: Counters::register(own, "fleet_launches", "Instances that were asked for, by fleet"),
            launch_failures: Counters::register(
                own,
                "fleet_launch_failures",
                "Instances that could not be started or whose agents did not join, by fleet and reason; again with each try",
            ),
            launch_time: Durations::register(
                own,
                "fleet_launch_seconds",
                "From asking for an instance until its agent joined, by fleet",
                Durations::LONG,
            ),
            traces: Counts::register(own),
            looking: tokio::sync::Mutex::default(),
            registry: Mutex::new(registry),
        }
    }
}

impl Metrics {
    /// An answered request.
    pub(crate) fn request(&self, operation: &str, status: &str, lasted: Duration) {
        self.requests.add(&[("operation", operation), ("status", status)], 1);
        self.request_time.observe(&[("operation", operation)], lasted);
    }

    pub(crate) fn launched(&self, fleet: &FleetName, count: u32) {
        self.launches.add(&[("fleet", fleet.as_str())], count.into());
    }

    pub(crate) fn launch_failed(&self, fleet: &FleetName, reason: &str, count: usize) {
        self.launch_failures.add(&[("fleet", fleet.as_str()), ("reason", reason)], count as u64);
    }

    pub(crate) fn joined(&self, fleet: &FleetName, lasted: Duration) {
        self.launch_time.observe(&[("fleet", fleet.as_str())], lasted);
    }

    /// For whoever sends traces.
    pub(crate) fn trace_counts(&self) -> Counts {
        self.traces.clone()
    }

    pub(crate) fn commit(&self, lasted: Duration) {
        self.commit.observe(&[], lasted);
    }

    pub(crate) fn logged(&self, bytes: u64) {
        self.log_bytes.inc_by(bytes);
    }

    /// What a committed change says: `before` and `after` are the build's states.
    pub(crate) fn changed(&self, before: &State, after: &Build, now: Timestamp) {
        let waited = now.since(after.spec.submitted_at);
        match (before, &after.state) {
            (State::Queued { .. }, State::Leased { .. }) if after.epoch == 1 => self.dispatch.observe(&[], waited),
            (State::Leased { .. }, State::Running { .. }) if after.attempt == 1 => {
                self.wait.observe(&[("fleet", fleet(after.spec.fleet()).as_str())], waited);
            }
            (_, State::Finished { outcome, .. }) => {
                let outcome = outcome.to_string();
                let labels = [("project", after.spec.id.project().as_str()), ("outcome", outcome.as_str())];
                self.finished.add(&labels, 1);
                if let Some(Effect::Meter { metered }) = usage::measure(after) {
                    self.duration.observe(&[labels[1]], Duration::from_millis(metered.milliseconds));
                }
            }
            _ => {}
        }
    }
}

/// The fleet as a label.
fn fleet(name: Option<FleetName>) -> String {
    name.unwrap_or_else(FleetName::on_demand).to_string()
}

#[cfg(test)]
mod tests;
