//! The agent's one loop: feeds the session with what happens and does what it says. Owns the builds' tasks.

mod perform;

use crate::folder::Kept;
use crate::health::Health;
use crate::lock::DataLock;
use crate::orders::{self, Desk};
use crate::report::Finished;
use crate::run::{Build, Report, Reports};
use crate::session::{Input, Session};
use crate::site::Site;
use crate::transport::Event;
use crate::vitals::Pulse;
use buildyard_model::{Affinity, LeaseToken, Outcome};
use buildyard_proto::v1;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How long builds that are killed with the agent may take to end by themselves.
const KILL_GRACE: Duration = Duration::from_secs(2);
/// How long an agent that nobody wants tries to remove its builds.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// How long an agent that killed its builds waits for their results to be acted on.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Why an agent ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The coordinator does not want it now, and it has no build to see to its end.
    #[error("{0}")]
    Refused(String),
    /// The coordinator wants it no more; started again as it is, it would end again.
    #[error("{0}")]
    Unwanted(String),
    /// A fault of the agent's own.
    #[error("{0}")]
    Failed(String),
}

/// What can be asked of a running agent, apart from draining.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switches {
    pub drain: CancellationToken,
    pub kill: CancellationToken,
    pub abort: CancellationToken,
}

/// The loop and what it holds.
#[derive(Debug)]
pub(crate) struct Supervisor {
    session: Session,
    site: Arc<Site>,
    desks: HashMap<LeaseToken, Desk>,
    /// Leases whose sandbox may still be there.
    occupied: BTreeSet<LeaseToken>,
    builds: JoinSet<()>,
    reports: Reports,
    outgoing: Option<mpsc::Sender<v1::AgentMessage>>,
    online: watch::Sender<bool>,
    close: Arc<Notify>,
    began: Instant,
    /// When to end although not everything is said.
    end_at: Option<Instant>,
    over: bool,
    /// Why the coordinator wants this agent no more, where it ends for that.
    unwanted: Option<String>,
    /// Whether a build could not be taken up: then the agent's health is to be looked at.
    stumbled: bool,
    /// Given back when everything above is.
    _lock: DataLock,
}

/// What the loop listens to.
#[derive(Debug)]
pub(crate) struct Sources {
    pub events: mpsc::Receiver<Event>,
    pub reports: mpsc::Receiver<(LeaseToken, Report)>,
    pub health: Health,
    pub holds: watch::Receiver<BTreeSet<Affinity>>,
    pub pulse: Pulse,
    pub switches: Switches,
}

impl Supervisor {
    pub(crate) fn new(
        session: Session,
        site: Arc<Site>,
        reports: Reports,
        online: watch::Sender<bool>,
        close: Arc<Notify>,
        lock: DataLock,
    ) -> Self {
        Self {
            session,
            site,
            desks: HashMap::new(),
            occupied: BTreeSet::new(),
            builds: JoinSet::new(),
            reports,
            outgoing: None,
            online,
            close,
            began: Instant::now(),
            end_at: None,
            over: false,
            unwanted: None,
            stumbled: false,
            _lock: lock,
        }
    }

    /// Goes on with builds of an earlier process.
    pub(crate) fn adopt(&mut self, kept: Vec<Kept>) {
        for Kept { folder, lease, job, state } in kept {
            tracing::info!(%lease, stage = ?state.stage, "going on with a build of an earlier agent process");
            let (desk, orders) = orders::channel();
            self.desks.insert(lease.clone(), desk);
            self.occupied.insert(lease.clone());
            if let Some(sandbox) = state.sandbox() {
                self.site.warm.adopt(&lease, sandbox);
            }
            let unusable = folder.clone();
            match Build::open(self.site.clone(), (lease.clone(), job), folder, state, orders, self.reports.clone()) {
                Ok(build) => self.spawn(lease, build),
                Err(error) => {
                    let reason = format!("the agent cannot go on with the build: {error}");
                    self.apply(Input::Finished(lease.clone(), Finished::before_start(Outcome::Fault, reason)));
                    let (site, reports) = (self.site.clone(), self.reports.clone());
                    self.builds.spawn(async move { Build::give_up(&site, &lease, Some(&unusable), &reports).await });
                }
            }
        }
    }

    /// Runs until the agent is drained, killed or aborted.
    pub(crate) async fn run(mut self, mut sources: Sources) -> Result<(), RunError> {
        self.apply(Input::Health(sources.health.problem()));
        let holds = sources.holds.borrow_and_update().clone();
        self.apply(Input::Holds(holds));
        let (mut draining, mut killing) = (false, false);
        while !self.over {
            if std::mem::take(&mut self.stumbled) {
                sources.health.look();
            }
            self.site.metrics.builds(self.occupied.len());
            let wake = self.wake();
            tokio::select! {
                biased;
                () = sources.switches.abort.cancelled() => return Ok(()),
                () = sources.switches.kill.cancelled(), if !killing => {
                    killing = true;
                    self.kill();
                }
                () = sources.switches.drain.cancelled(), if !draining => {
                    draining = true;
                    self.apply(Input::Drain);
                }
                Some(event) = sources.events.recv() => self.event(event)?,
                Some((lease, report)) = sources.reports.recv() => self.report(lease, report),
                problem = sources.health.changed() => self.apply(Input::Health(problem)),
                vitals = sources.pulse.changed() => {
                    self.site.metrics.vitals(&vitals);
                    self.apply(Input::Vitals(vitals));
                }
                Ok(()) = sources.holds.changed() => {
                    let holds = sources.holds.borrow_and_update().clone();
                    self.apply(Input::Holds(holds));
                }
                Some(_) = self.builds.join_next() => {}
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.tick(),
            }
        }
        self.unwanted.map_or(Ok(()), |reason| Err(RunError::Unwanted(reason)))
    }

    fn wake(&self) -> Option<Instant> {
        [self.session.next_wake().map(|at| self.began + at), self.end_at].into_iter().flatten().min()
    }

    fn tick(&mut self) {
        if self.end_at.is_some_and(|at| at <= Instant::now()) {
            self.over = true;
        }
        self.apply(Input::Tick);
    }

    fn event(&mut self, event: Event) -> Result<(), RunError> {
        match event {
            Event::Opened(messages) => {
                self.outgoing = Some(messages);
                self.apply(Input::Opened);
            }
            Event::Received(message) => {
                self.set_online(true);
                self.apply(Input::Received(message));
            }
            Event::Closed(reason) => {
                tracing::warn!(%reason, "no session with the coordinator; dialling again");
                self.disconnected();
            }
            Event::Refused(reason) => {
                self.disconnected();
                if self.desks.is_empty() {
                    return Err(RunError::Refused(reason));
                }
                tracing::error!(%reason, "the coordinator refuses this agent; its builds go on");
            }
            Event::Unwanted(reason) => {
                self.disconnected();
                self.unwanted(reason);
            }
        }
        Ok(())
    }

    /// Nobody waits for builds whose launch is over. An agent that was started by hand lets its builds end, since a person
    /// may let it in again, and leaves their results on the disk.
    fn unwanted(&mut self, reason: String) {
        if self.session.is_launched() {
            self.desks.values().for_each(|desk| desk.revoke(reason.clone()));
            self.end_at = self.end_at.or(Some(Instant::now() + GIVEN_UP));
        } else if !self.occupied.is_empty() {
            tracing::error!(%reason, "the coordinator wants this agent no more; it ends after its builds");
            return;
        }
        self.over |= self.occupied.is_empty();
        self.unwanted.get_or_insert(reason);
    }

    fn disconnected(&mut self) {
        self.set_online(false);
        self.outgoing = None;
        self.apply(Input::Closed);
    }

    fn set_online(&self, online: bool) {
        self.site.metrics.connected(online);
        self.online.send_if_modified(|was| std::mem::replace(was, online) != online);
    }

    fn report(&mut self, lease: LeaseToken, report: Report) {
        match report {
            Report::Progress(snapshot) => self.apply(Input::Progress(lease, snapshot)),
            Report::Finished(finished) => {
                self.site.metrics.finished(&finished);
                self.apply(Input::Finished(lease, *finished));
            }
            Report::Freed => {
                self.occupied.remove(&lease);
                self.apply(Input::Freed(lease.clone()));
                if !self.session.knows(&lease) {
                    self.desks.remove(&lease);
                }
                self.end_soon_if_killed();
            }
        }
    }

    /// Ends all builds and, soon after, the agent.
    fn kill(&mut self) {
        self.apply(Input::Drain);
        self.desks.values().for_each(|desk| desk.stop(KILL_GRACE));
        self.end_at = Some(Instant::now() + Duration::from_secs(60));
        self.end_soon_if_killed();
    }

    fn end_soon_if_killed(&mut self) {
        if self.unwanted.is_some() && self.occupied.is_empty() {
            self.over = true;
        } else if self.end_at.is_some() && self.occupied.is_empty() {
            self.end_at = self.end_at.min(Some(Instant::now() + LAST_WORDS));
        }
    }

    fn spawn(&mut self, lease: LeaseToken, build: Build) {
        let span = tracing::info_span!("build", build.id = %lease.build, attempt = lease.attempt, epoch = lease.epoch);
        let (site, reports) = (self.site.clone(), self.reports.clone());
        let living = async move {
            let life = tokio::spawn(build.live().in_current_span());
            // A task that panicked must not keep its lease and slot for ever.
            if let Err(error) = Whole(life).await
                && error.is_panic()
            {
                tracing::error!(%error, "a build's task failed");
                let finished = Finished::before_start(Outcome::Fault, "the agent failed; see its log");
                let _ = reports.send((lease.clone(), Report::Finished(Box::new(finished)))).await;
                Build::give_up(&site, &lease, None, &reports).await;
            }
        };
        self.builds.spawn(living.instrument(span));
    }
}

/// A task that ends with whoever waits for it.
#[derive(Debug)]
struct Whole(tokio::task::JoinHandle<()>);

impl Future for Whole {
    type Output = Result<(), tokio::task::JoinError>;
    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.0.abort();
    }
}
