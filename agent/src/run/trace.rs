//! Tells of a build as its part of the build's trace: phases when they end, what the agent did within them, and the whole
//! attempt with its result. What each says is `spans`' (pure).
//!
//! An agent that was started again may tell of a phase a second time: it is the same span, by the same name.

mod spans;

use super::halt::Halt;
use crate::report::Finished;
use crate::site::Site;
use buildyard_model::{Clock, JobSpec, LeaseToken, Phase, PhaseRecord, Timestamp};
use buildyard_traces::{Span, TraceId, Traces};
use spans::About;
pub(super) use spans::Facts;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// One build's part of its trace.
#[derive(Debug, Clone)]
pub(super) struct Trace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    traces: Traces,
    about: About,
    clock: Arc<dyn Clock>,
    /// Phases that were told.
    told: Mutex<BTreeSet<Phase>>,
}

/// Work that has begun; not told unless it is ended.
#[derive(Debug)]
pub(super) struct Step {
    trace: Trace,
    name: &'static str,
    within: Option<Phase>,
    start: Timestamp,
}

impl Trace {
    pub(super) fn new(site: &Site, lease: &LeaseToken, job: &JobSpec) -> Self {
        let about = About {
            lease: lease.clone(),
            agent: site.name.clone(),
            image: job.environment.image.clone(),
            executor: site.capabilities.name,
        };
        Self(Arc::new(Inner { traces: site.traces.clone(), about, clock: site.clock.clone(), told: Mutex::default() }))
    }

    /// Tells of the phases that have ended since the last time.
    pub(super) fn phases(&self, records: &[PhaseRecord]) {
        let ended = records.iter().filter_map(|record| Some((record, record.end_time?)));
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (record, end) in ended {
            if told.insert(record.phase_type) {
                self.tell(|| spans::phase(&self.0.about, record, end));
            }
        }
    }

    /// Begins a step within a phase, or beside them.
    pub(super) fn begin(&self, name: &'static str, within: Option<Phase>) -> Step {
        Step { trace: self.clone(), name, within, start: self.0.clock.now() }
    }

    /// Tells of the attempt, which is over.
    pub(super) fn ended(&self, facts: &Facts, finished: &Finished) {
        self.phases(&finished.phases);
        self.tell(|| spans::attempt(&self.0.about, facts, finished, self.0.clock.now()));
    }

    fn tell(&self, span: impl FnOnce() -> Span) {
        self.0.traces.tell(TraceId::of_build(&self.0.about.lease.build), || [span()]);
    }
}

impl Step {
    /// Tells of it, and how it went. Gives what came of it.
    pub(super) fn end<T>(self, done: Result<T, Halt>) -> Result<T, Halt> {
        self.tell(done.as_ref().err());
        done
    }

    /// Tells of it, and what it came to if it did not go well.
    pub(super) fn tell(self, halt: Option<&Halt>) {
        let time = (self.start, self.trace.0.clock.now());
        self.trace.tell(|| spans::step(&self.trace.0.about, self.name, self.within, time, halt));
    }
}
