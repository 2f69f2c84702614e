//! The one way to change a build: load, decide, commit, then perform the effects.

use crate::sessions::ToAgent;
use crate::{Error, Service};
use buildyard_model::BuildId;
use buildyard_scheduler::build::Lease;
use buildyard_scheduler::{Build, Effect, Event, Rejected, Step, lifecycle};

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
        for _ in 0..TRIES {
            let build = self.load(id).await?;
            let step = match lifecycle::apply(&build, event.clone(), self.now()) {
                Ok(step) => step,
                Err(rejected) => return Ok(Applied::Rejected(rejected, build)),
            };
            match self.store().commit(&step).await {
                Ok(entries) => {
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

    pub(crate) async fn load(&self, id: &BuildId) -> Result<Build, Error> {
        self.store().get(id).await?.ok_or_else(|| Error::not_found(format!("build {id} does not exist")))
    }

    /// Does what a committed step asks for, as far as it is not durable. Nothing here can fail: what is not heard is
    /// derived from the state again (on reconnect, or by a reconciler).
    fn perform(&self, step: Step) -> Build {
        let Step { build, effects } = step;
        self.inner.load.note(&build);
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
                | Effect::ExportLog { .. } => {}
            }
        }
        self.inner.changes.tell(&build.spec.id);
        build
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
