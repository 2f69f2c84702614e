//! What the agent measures of its builds and its host (`docs/metrics.md` lists it). No label holds a build's id.

use crate::agent::StartError;
use crate::config::AgentConfig;
use crate::report::Finished;
use buildyard_metrics::{Counters, Durations, Gauges, Registry};
use buildyard_model::Vitals;
use buildyard_traces::Counts;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Everything that is measured.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    builds: Gauges,
    connected: Gauges,
    finished: Counters,
    phases: Durations,
    uploaded: Counters,
    cpu: Gauges,
    load: Gauges,
    memory_used: Gauges,
    memory_total: Gauges,
    disk_free: Gauges,
    disk_total: Gauges,
    received: Gauges,
    sent: Gauges,
    warm: Gauges,
    sandboxes: Counters,
    traces: Counts,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("buildyard_agent");
        let own = &mut registry;
        let mut gauge = |name: &str, help: &str| Gauges::register(own, name, help);
        Self {
            builds: gauge("builds", "Builds whose sandbox is there"),
            connected: gauge("connected", "1 while there is a session with the coordinator, else 0"),
            cpu: gauge("cpu_ratio", "CPU in use, 0 to 1, of the host or of the agent's container"),
            load: gauge("load_average", "The host's load average of one minute"),
            memory_used: gauge("memory_used_bytes", "Memory in use, of the host or of the agent's container"),
            memory_total: gauge("memory_total_bytes", "Memory in all, of the host or of the agent's container"),
            disk_free: gauge("disk_free_bytes", "Free space below the data directory"),
            disk_total: gauge("disk_total_bytes", "The size of the disk that holds the data directory"),
            received: gauge("network_received_bytes", "Received over the host's interfaces since the agent began"),
            warm: gauge("warm_containers", "Containers that wait for a build"),
            sent: gauge("network_sent_bytes", "Sent over the host's interfaces since the agent began"),
            finished: Counters::register(own, "builds_finished", "Builds that ended here, by outcome"),
            phases: Durations::register(own, "phase_seconds", "Phases of builds, by phase and status", Durations::LONG),
            uploaded: Counters::register(own, "uploaded_bytes", "Bytes of artifacts that storage took in"),
            sandboxes: Counters::register(
                own,
                "sandboxes",
                "Sandboxes that builds got: warm ones that waited, or cold ones",
            ),
            traces: Counts::register(own),
            registry: Mutex::new(registry),
        }
    }
}

impl Metrics {
    pub(crate) fn text(&self) -> String {
        buildyard_metrics::text(&self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// So many containers wait.
    pub(crate) fn warm(&self, waiting: usize) {
        self.warm.set(&[], waiting as f64);
    }

    /// A build got its sandbox.
    pub(crate) fn sandbox(&self, is_warm: bool) {
        self.sandboxes.add(&[("start", if is_warm { "warm" } else { "cold" })], 1);
    }

    /// For whoever sends traces.
    pub(crate) fn trace_counts(&self) -> Counts {
        self.traces.clone()
    }

    pub(crate) fn builds(&self, builds: usize) {
        self.builds.set(&[], builds as f64);
    }

    pub(crate) fn connected(&self, connected: bool) {
        self.connected.set(&[], f64::from(u8::from(connected)));
    }

    /// A build ended.
    pub(crate) fn finished(&self, finished: &Finished) {
        self.finished.add(&[("outcome", &finished.outcome.to_string())], 1);
        let bytes = finished.artifacts.iter().map(|artifact| artifact.size_bytes).sum();
        self.uploaded.add(&[], bytes);
        for phase in &finished.phases {
            if let (Some(end), Some(status)) = (phase.end_time, phase.phase_status) {
                let labels = [("phase", phase.phase_type.to_string()), ("status", status.to_string())];
                let labels = labels.each_ref().map(|(name, value)| (*name, value.as_str()));
                self.phases.observe(&labels, end.since(phase.start_time));
            }
        }
    }

    /// The host was looked at.
    pub(crate) fn vitals(&self, vitals: &Vitals) {
        const MIB: f64 = 1_048_576.0;
        for (gauge, value) in [
            (&self.cpu, f64::from(vitals.cpu_percent) / 100.0),
            (&self.load, f64::from(vitals.load_hundredths) / 100.0),
            (&self.memory_used, vitals.memory_used_mib as f64 * MIB),
            (&self.memory_total, vitals.memory_total_mib as f64 * MIB),
            (&self.disk_free, vitals.disk_free_mib as f64 * MIB),
            (&self.disk_total, vitals.disk_total_mib as f64 * MIB),
            (&self.received, vitals.network_received_bytes as f64),
            (&self.sent, vitals.network_sent_bytes as f64),
        ] {
            gauge.set(&[], value);
        }
    }
}

/// Where the metrics can be read, if the config names an address, while the value lives.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) metrics: Arc<Metrics>,
    _ending: DropGuard,
}

impl Page {
    pub(crate) async fn open(config: &AgentConfig) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::default());
        let ending = CancellationToken::new();
        if let Some(address) = config.metrics.listen {
            let bound = TcpListener::bind(address).await;
            let listener = bound.map_err(|source| StartError::Metrics { address, source })?;
            let metrics = metrics.clone();
            let render = move || std::future::ready(metrics.text());
            tokio::spawn(buildyard_metrics::serve(listener, render, ending.clone()));
        }
        Ok(Self { metrics, _ending: ending.drop_guard() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::{Outcome, Phase, PhaseRecord, PhaseStatus, Timestamp};

    #[test]
    fn an_ended_build_counts_with_its_phases() {
        let metrics = Metrics::default();
        let mut finished = Finished::before_start(Outcome::Failed, "");
        let mut phase = PhaseRecord::begun(Phase::Build, Timestamp(1000));
        phase.end_time = Some(Timestamp(3000));
        phase.phase_status = Some(PhaseStatus::Failed);
        finished.phases.push(phase);
        metrics.finished(&finished);
        metrics.vitals(&Vitals { cpu_percent: 25, memory_used_mib: 1, ..Vitals::default() });
        let text = metrics.text();
        for line in [
            "buildyard_agent_builds_finished_total{outcome=\"FAILED\"} 1",
            "buildyard_agent_phase_seconds_sum{phase=\"BUILD\",status=\"FAILED\"} 2.0",
            "buildyard_agent_cpu_ratio{} 0.25",
            "buildyard_agent_memory_used_bytes{} 1048576.0",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in:\n{text}");
        }
    }
}
