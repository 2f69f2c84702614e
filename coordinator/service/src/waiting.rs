//! Builds as people see them, with the reason of those that wait: found in the live fleet when somebody looks.

use crate::load::Held;
use crate::{Error, Service};
use buildyard_model::{
    AgentId, BuildId, BuildView, FleetName, ProjectName, Requirements, Resources, Timestamp, WaitReason,
};
use buildyard_scheduler::why::{self, MOST_COUNTED, Standing};
use buildyard_scheduler::{Build, Candidate, State};
use std::collections::HashMap;
use std::time::Duration;

/// What one answer needs to say why builds wait. The fleet itself is looked at where it is, for each build.
#[derive(Debug)]
pub(crate) struct Look {
    now: Timestamp,
    /// Places of the first builds in the order.
    places: HashMap<BuildId, usize>,
    /// What was found for those that want the same.
    found: HashMap<Requirements, Result<AgentId, WaitReason>>,
}

impl Look {
    pub(crate) fn of(held: &Held, now: Timestamp) -> Self {
        let order = held.dispatcher.queue().order(MOST_COUNTED);
        let places = order.into_iter().enumerate().map(|(at, candidate)| (candidate.build, at)).collect();
        Self { now, places, found: HashMap::new() }
    }

    /// Why a build waits.
    pub(crate) fn reasons(&mut self, held: &Held, build: &BuildId, wanted: &Requirements) -> Vec<WaitReason> {
        let place = match self.found.get(wanted) {
            Some(place) => place.clone(),
            None => {
                let place = why::place(wanted, held.dispatcher.agents(), self.now);
                self.found.insert(wanted.clone(), place.clone());
                place
            }
        };
        // One that is not among those looked at stands behind them all.
        let ahead = self.places.get(build).copied().unwrap_or(self.places.len());
        let standing = Standing::of(build.project().clone(), ahead, held.dispatcher.queue().shares());
        let on_demand = FleetName::on_demand();
        let launches = held.launches.get(wanted.fleet.as_ref().unwrap_or(&on_demand)).copied().unwrap_or(0);
        why::reasons(wanted.fleet.as_ref(), place, &standing, launches)
    }
}

impl Service {
    /// The builds' views, those of waiting builds with the reason.
    pub(crate) async fn seen(&self, builds: &[Build]) -> Result<Vec<BuildView>, Error> {
        let waits = |build: &Build| matches!(build.state, State::Queued { .. });
        if !builds.iter().any(waits) {
            return Ok(builds.iter().map(Build::view).collect());
        }
        let mut look = {
            let now = self.now();
            let mut held = self.inner.load.held();
            held.follow(&self.inner.sessions, now);
            Look::of(&held, now)
        };
        let view = |build: &Build| {
            let mut view = build.view();
            if waits(build) {
                let wanted = build.spec.requirements();
                // Taken for each anew: grants go between them.
                let reasons = look.reasons(&self.inner.load.held(), &build.spec.id, &wanted);
                let why = why::text(&reasons);
                // What is stored says why it waits again.
                let why = self.with_outlook(build, why);
                view.reason = Some(build.reason.as_ref().map_or(why.clone(), |again| format!("{why} ({again})")));
            }
            view
        };
        Ok(builds.iter().map(view).collect())
    }

    /// The waiting builds in the order in which they would be given slots if none of them ended meanwhile, the first
    /// `most`; from memory.
    pub fn waiting_builds(&self, most: usize) -> Vec<Candidate> {
        self.inner.load.held().dispatcher.queue().order(most)
    }

    /// How many builds the agent has and what they use together, what is being granted included; from memory.
    pub fn load_of(&self, agent: &AgentId) -> (u32, Resources) {
        self.inner.load.held().dispatcher.load(agent)
    }

    /// How long such a build takes: the duration that so many of a hundred recent builds of the project stay below.
    pub fn usual_duration(&self, project: &ProjectName, percent: usize) -> Option<Duration> {
        self.inner.load.held().durations.percentile(project, percent)
    }

    /// So many instances were asked for in the fleet whose agents have not joined: said to those whose builds wait.
    pub fn note_launches(&self, fleet: &FleetName, launches: u32) {
        let mut held = self.inner.load.held();
        match launches {
            0 => drop(held.launches.remove(fleet)),
            _ => drop(held.launches.insert(fleet.clone(), launches)),
        }
    }
}
