//! Gauges: looked up when somebody asks.

use super::fleet;
use crate::{Error, Service};
use buildyard_metrics::{Gauges, Registry};
use buildyard_model::AgentStatus;
use std::collections::BTreeMap;
use std::time::Duration;

/// Waiting builds that are looked at; behind so many the fleets' shares are not told any more.
const MOST_WAITING: usize = 10_000;

/// The gauges.
#[derive(Debug)]
pub(super) struct Looked {
    depth: Gauges,
    oldest: Gauges,
    active: Gauges,
    agents: Gauges,
    instances: Gauges,
    scored: Gauges,
    inside: Gauges,
    error: Gauges,
}

impl Looked {
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self {
            depth: Gauges::register(
                registry,
                "queue_depth_builds",
                "Builds that wait, by fleet; the first 10000 of the queue are told apart",
            ),
            oldest: Gauges::register(
                registry,
                "queue_oldest_wait_seconds",
                "How long the build has waited that waits longest, by fleet",
            ),
            active: Gauges::register(registry, "builds", "Builds that are not over, by state"),
            agents: Gauges::register(registry, "agents", "Enrolled agents, by status"),
            instances: Gauges::register(registry, "fleet_instances", "Launched instances, by fleet and status"),
            scored: Gauges::register(registry, "estimates_scored", "Late estimates of starts that have been scored"),
            inside: Gauges::register(
                registry,
                "estimates_inside_ratio",
                "How many of them the build kept to: it started between earliest and latest; 0.8 would be perfect",
            ),
            error: Gauges::register(registry, "estimates_median_error_seconds", "Half of them were wrong by less"),
        }
    }
}

impl Looked {
    fn clear(&self) {
        let Self { depth, oldest, active, agents, instances, scored, inside, error } = self;
        for gauges in [depth, oldest, active, agents, instances, scored, inside, error] {
            gauges.clear();
        }
    }
}

impl Service {
    /// The metrics, as the text that Prometheus reads. What cannot be looked up is left out.
    pub async fn metrics_text(&self) -> String {
        let _turn = self.inner.metrics.looking.lock().await;
        if let Err(error) = self.look().await {
            tracing::warn!(%error, "some metrics could not be looked up");
        }
        let registry = self.inner.metrics.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        buildyard_metrics::text(&registry)
    }

    async fn look(&self) -> Result<(), Error> {
        let gauges = &self.inner.metrics.gauges;
        gauges.clear();
        let now = self.now();
        let mut fleets = BTreeMap::<String, (f64, f64)>::new();
        for candidate in self.waiting_builds(MOST_WAITING) {
            let (depth, oldest) = fleets.entry(fleet(candidate.requirements.fleet)).or_default();
            *depth += 1.0;
            *oldest = oldest.max(now.since(candidate.since).as_secs_f64());
        }
        for (fleet, (depth, oldest)) in fleets {
            gauges.depth.set(&[("fleet", &fleet)], depth);
            gauges.oldest.set(&[("fleet", &fleet)], oldest);
        }
        for ((fleet, status), instances) in self.inner.fleets.launches.count() {
            gauges.instances.set(&[("fleet", fleet.as_str()), ("status", status)], count(instances));
        }
        if let Some(score) = self.estimate_score() {
            gauges.scored.set(&[], f64::from(score.scored));
            gauges.inside.set(&[], f64::from(score.inside_percent) / 100.0);
            gauges.error.set(&[], Duration::from_millis(score.median_error_millis).as_secs_f64());
        }
        gauges.active.set(&[("state", "queued")], count(self.store().depth().await?));
        for (state, builds) in self.inner.load.count() {
            gauges.active.set(&[("state", state)], count(builds));
        }
        let mut agents = BTreeMap::<&str, u64>::new();
        for agent in self.agents().await? {
            *agents.entry(status(agent.status)).or_default() += 1;
        }
        for (status, number) in agents {
            gauges.agents.set(&[("status", status)], count(number));
        }
        Ok(())
    }
}

/// A number as a gauge has it: exact up to 2^53.
fn count(number: u64) -> f64 {
    number as f64
}

fn status(status: AgentStatus) -> &'static str {
    match status {
        AgentStatus::Online => "online",
        AgentStatus::Draining => "draining",
        AgentStatus::Cordoned => "cordoned",
        AgentStatus::Unhealthy => "unhealthy",
        AgentStatus::Offline => "offline",
    }
}
