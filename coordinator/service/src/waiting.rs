//! Builds as people see them, with the reason of those that wait: found in the live fleet when somebody looks.

use crate::sessions::Session;
use crate::{Error, Service};
use buildyard_model::{BuildView, Timestamp};
use buildyard_scheduler::placement::{AgentLoad, MOST_COUNTED, Onlooker, why_waiting};
use buildyard_scheduler::{Build, Candidate, State};

impl Service {
    /// The builds' views, those of waiting builds with the reason.
    pub(crate) async fn seen(&self, builds: &[Build]) -> Result<Vec<BuildView>, Error> {
        let waits = |build: &Build| matches!(build.state, State::Queued { .. });
        if !builds.iter().any(waits) {
            return Ok(builds.iter().map(Build::view).collect());
        }
        let agents = self.onlookers();
        let queue = self.store().waiting(u32::try_from(MOST_COUNTED).unwrap_or(u32::MAX)).await?;
        let view = |build: &Build| {
            let mut view = build.view();
            if waits(build) {
                let why = why_waiting(&build.spec.requirements(), before(build, &queue), &agents);
                // What is stored says why it waits again.
                let why = self.with_outlook(build, why);
                view.reason = Some(build.reason.as_ref().map_or(why.clone(), |again| format!("{why} ({again})")));
            }
            view
        };
        Ok(builds.iter().map(view).collect())
    }

    fn onlookers(&self) -> Vec<Onlooker> {
        let now = self.now();
        let connected = self.inner.sessions.all().into_iter();
        connected
            .map(|(agent, session)| {
                let (builds, used) = self.inner.load.of(&agent);
                let closed = closed(&session, now);
                Onlooker { load: AgentLoad { agent, capacity: session.capacity, builds, used }, closed }
            })
            .collect()
    }
}

fn before(build: &Build, queue: &[Candidate]) -> usize {
    // One that is not among those read stands behind them all.
    queue.iter().position(|candidate| candidate.build == build.spec.id).unwrap_or(queue.len())
}

fn closed(session: &Session, now: Timestamp) -> Option<String> {
    match &session.unhealthy {
        Some(trouble) => Some(format!("is unhealthy: {trouble}")),
        None if session.draining => Some("is draining".to_owned()),
        None if session.leaving => Some("is leaving, for its instance is to go".to_owned()),
        None if !session.accepting(now) => Some("has just declined a build".to_owned()),
        None => None,
    }
}
