//! A build's time with an agent: the few values by which one sees that its time there is over. Pure.
//!
//! `load` keeps one for every build in an agent's hands, so that nobody has to read whole builds to look after them.

use crate::Timings;
use buildyard_model::{AgentId, Resources, Timestamp};
use buildyard_scheduler::{Build, Event, State};
use std::time::Duration;

/// How much longer than its time-out a build may run before its agent counts as broken (invariant I2).
const OVERTIME: Duration = Duration::from_secs(120);

/// What the agent has been given the build for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Offered,
    Running,
    Stopping,
}

/// A build in an agent's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenure {
    pub(crate) agent: AgentId,
    pub(crate) stage: Stage,
    /// When the stage began.
    pub(crate) since: Timestamp,
    /// How long the build may run.
    pub(crate) timeout: Duration,
    pub(crate) resources: Resources,
    /// The version of the build that says so.
    pub(crate) version: u64,
}

impl Tenure {
    /// The build's tenure; none when no agent has it.
    pub(crate) fn of(build: &Build) -> Option<Self> {
        let (lease, stage, since) = match &build.state {
            State::Leased { lease, since } => (lease, Stage::Offered, *since),
            State::Running { lease, since } => (lease, Stage::Running, *since),
            State::Stopping { lease, since } => (lease, Stage::Stopping, *since),
            State::Queued { .. } | State::Finished { .. } => return None,
        };
        Some(Self {
            agent: lease.agent.clone(),
            stage,
            since,
            timeout: Duration::from_secs(build.spec.timeout_seconds),
            resources: build.spec.environment.resources(),
            version: build.version,
        })
    }

    /// What time has come for, if anything. `absence` is how long nothing was heard of the agent while this
    /// coordinator was up; none while it is connected.
    pub(crate) fn due(
        &self,
        absence: Option<Duration>,
        now: Timestamp,
        started_at: Timestamp,
        timings: &Timings,
    ) -> Option<Event> {
        let in_grace = now.since(started_at) < timings.start_grace;
        // Nobody could answer before this coordinator was there.
        let waited = now.since(self.since.max(started_at));
        match self.stage {
            Stage::Offered => (waited > timings.accept_within).then_some(Event::OfferExpired),
            Stage::Stopping => {
                let over = waited > timings.stop_within || (absence.is_some() && !in_grace);
                over.then_some(Event::StopExpired)
            }
            Stage::Running => {
                let lost = absence.filter(|absence| !in_grace && *absence > timings.lost_after);
                let reason = match lost {
                    Some(absence) => {
                        format!("agent {} was lost: no sign of life for {} s", self.agent, absence.as_secs())
                    }
                    None if now.since(self.since) > self.timeout + OVERTIME => {
                        format!("agent {} did not end the build at its time-out", self.agent)
                    }
                    None => return None,
                };
                Some(Event::Lost { reason })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(stage: Stage, absence_s: Option<u64>, now_s: i64, started_s: i64) -> Option<Event> {
        let tenure = Tenure {
            agent: "a1".parse().unwrap(),
            stage,
            since: Timestamp(100_000),
            timeout: Duration::from_secs(60),
            resources: Resources { vcpu: 2, memory_mib: 4096 },
            version: 1,
        };
        let seconds = |seconds: i64| Timestamp(seconds * 1000);
        tenure.due(absence_s.map(Duration::from_secs), seconds(now_s), seconds(started_s), &Timings::default())
    }

    #[test]
    fn each_stage_has_its_own_patience() {
        // stage, absence, now, start of the coordinator; since is 100 s.
        let rows = [
            (Stage::Offered, None, 115, 0, None),
            (Stage::Offered, None, 116, 0, Some("an offer's expiry")),
            (Stage::Offered, None, 116, 110, None),
            (Stage::Stopping, None, 115, 0, None),
            (Stage::Stopping, None, 116, 0, Some("a stop's expiry")),
            (Stage::Stopping, Some(0), 101, 0, Some("a stop's expiry")),
            (Stage::Stopping, Some(0), 101, 100, None),
            (Stage::Running, Some(30), 130, 0, None),
            (Stage::Running, Some(31), 131, 0, Some("a loss")),
            (Stage::Running, Some(59), 159, 100, None),
            (Stage::Running, None, 280, 0, None),
            (Stage::Running, None, 281, 0, Some("a loss")),
        ];
        for (stage, absence, now, started, expected) in rows {
            let event = due(stage, absence, now, started);
            assert_eq!(event.as_ref().map(Event::name), expected, "{stage:?} {absence:?} at {now} of {started}");
        }
    }
}
