//! The one way to change a build: load, decide, commit, then perform the effects.

use crate::sessions::ToAgent;
use crate::{Error, Service, usage};
use buildyard_model::BuildId;
use buildyard_scheduler::build::Lease;
use buildyard_scheduler::{Build, Effect, Event, Rejected, Step, lifecycle};
use std::time::Instant;

/// How often a decision is made anew when somebody else commits in between.
const TRIES: u32 = 16;

/// What came of an event.
#[derive(Debug)]
pub(crate) enum Applied {
    /// It was committed.
    Done(Build),
    /// It has no effect; the build stands as given.
    Rejected(Rejected, Build),
}

impl Service {
    /// Applies an event to a build. Events that change nothing are no error.
    pub(crate) async fn apply(&self, id: &BuildId, event: Event) -> Result<Applied, Error> {
        let mut remembered = self.inner.recent.take(id);
        for _ in 0..TRIES {
            let (build, is_stored) = match remembered.take() {
                Some(build) => (build, false),
                None => (self.load(id).await?, true),
            };
            let mut step = match lifecycle::apply(&build, event.clone(), self.now()) {
                Ok(step) => step,
                Err(rejected) if is_stored => return Ok(Applied::Rejected(rejected, build)),
                Err(_) => continue,
            };
            step.effects.extend(usage::measure(&step.build));
            let began = Instant::now();
            match self.store().commit(&step).await {
                Ok(entries) => {
                    self.inner.metrics.commit(began.elapsed());
                    let now = self.now();
                    self.inner.metrics.changed(&build.state, &step.build, now);
                    self.trace_step(&build.state, &step.build, now);
                    if !entries.is_empty() {
                        self.inner.outbox_bell.notify_one();
                    }
                    return Ok(Applied::Done(self.perform(step)));
                }
                Err(buildyard_store::Error::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(crate::Kind::Unavailable, format!("build {id} is changing too fast; try again")))
    }

    /// Reads builds that are about to change, all in one read. What cannot be read is read again when it is decided on,
    /// and then somebody hears of it.
    pub(crate) async fn foresee(&self, ids: &[BuildId]) {
        if ids.is_empty() {
            return;
        }
        for build in self.store().get_many(ids).await.unwrap_or_default() {
            self.inner.recent.keep(&build);
        }
    }

    pub(crate) async fn load(&self, id: &BuildId) -> Result<Build, Error> {
        self.store().get(id).await?.ok_or_else(|| Error::not_found(format!("build {id} does not exist")))
    }

    /// Does what a committed step asks for, as far as it is not durable. Nothing here can fail: what is not heard is
    /// derived from the state again (on reconnect, or by a reconciler).
    fn perform(&self, step: Step) -> Build {
        let Step { build, effects } = step;
        self.note(&build);
        self.inner.recent.keep(&build);
        self.close_log_soon(&build);
        for effect in effects {
            match effect {
                Effect::Match | Effect::Freed { .. } => {
                    self.inner.match_bell.notify_one();
                    self.inner.fleets.ring();
                }
                Effect::Offer { lease } => self.offer(&lease, &build),
                Effect::SendStop { lease } => self.send_stop(&lease),
                Effect::Revoke { lease, reason } => {
                    self.inner.sessions.send(&lease.agent, ToAgent::Revoke { token: lease.token, reason });
                }
                Effect::DropUploads { .. }
                | Effect::Retry { .. }
                | Effect::DropLogs { .. }
                | Effect::Meter { .. }
                | Effect::ExportLog { .. } => {}
            }
        }
        self.inner.changes.tell(&build.spec.id);
        build
    }

    /// Takes note of a build's committed state.
    pub(crate) fn note(&self, build: &Build) {
        if let Some(agent) = self.inner.load.note(build, self.now()) {
            tracing::warn!(agent.id = %agent, "an agent rests: builds in a row ended there in FAULT before a command began");
            self.inner.sessions.touch(&agent);
        }
    }

    pub(crate) fn offer(&self, lease: &Lease, build: &Build) {
        let offer =
            ToAgent::Offer { token: lease.token.clone(), job: Box::new(self.with_open_credentials(&build.spec)) };
        self.inner.sessions.send(&lease.agent, offer);
    }

    pub(crate) fn send_stop(&self, lease: &Lease) {
        let grace = self.settings().timings.stop_grace;
        self.inner.sessions.send(&lease.agent, ToAgent::Stop { token: lease.token.clone(), grace });
    }
}
