//! One build from its lease to its end, and again from wherever an earlier agent process left it.
//!
//! Owns the order of the stages and what is kept on disk between them; each stage is a file beside. Invariants: the
//! stage on disk is never ahead of what was done nor more than one step behind, so that a kill at any point is safe;
//! nothing is reported that the disk does not hold; the slot is free only when the sandbox is gone.

mod buildspec;
mod close;
pub(crate) mod environment;
mod git_credentials;
mod halt;
mod layout;
pub(crate) mod ledger;
mod login;
mod place;
mod plan;
mod prepare;
mod projection;
mod provision;
pub(crate) mod sandbox;
mod secrets;
mod source;
mod takeover;
mod teller;
mod trace;
mod upload;
mod walk;

pub(crate) use teller::Report;

use crate::bell::Bell;
use crate::folder::{Folder, Stage, State};
use crate::logs::{LogStream, Parts};
use crate::moment::Moment;
use crate::orders::{Orders, Told};
use crate::report::Finished;
use crate::site::Site;
use crate::transfers::Transfers;
use crate::voice::Voice;
use buildyard_model::{JobSpec, LeaseToken, Phase, PhaseContext, PhaseStatus};
use buildyard_runner::journal::ReadError;
use halt::Halt;
use layout::Layout;
use projection::Projection;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use teller::Teller;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use trace::Trace;
use walk::Walked;

/// A build in this agent's hands.
#[derive(Debug)]
pub(crate) struct Build {
    site: Arc<Site>,
    lease: LeaseToken,
    job: JobSpec,
    folder: Folder,
    state: State,
    orders: Orders,
    teller: Teller,
    trace: Trace,
    bell: Bell,
    intro: Voice,
    outro: Voice,
    logs: LogStream,
    layout: Layout,
    transfers: Transfers,
    /// When the build has taken too long.
    deadline: Instant,
    /// A sandbox that is being made; it must be waited for before what it left can be removed.
    making: Option<provision::Making>,
}

/// Where builds tell how far they are.
pub(crate) type Reports = mpsc::Sender<(LeaseToken, Report)>;

impl Build {
    /// Takes up a build: a new one, or one that an earlier process left with `state`.
    pub(crate) fn open(
        site: Arc<Site>,
        (lease, job): (LeaseToken, JobSpec),
        folder: Folder,
        mut state: State,
        orders: Orders,
        reports: Reports,
    ) -> Result<Self, ReadError> {
        let bell = Bell::new();
        let intro = Voice::resume(&folder.intro(), bell.clone())?;
        let outro = Voice::resume(&folder.outro(), bell.clone())?;
        let now = Moment::now(site.clock.now());
        let worked = now.since(state.began.get_or_insert_with(|| now.clone())).unwrap_or(Duration::MAX);
        let left = Duration::from_secs(job.timeout_seconds).saturating_sub(worked);
        let parts = Parts {
            intro: folder.intro(),
            journal: folder.journal(),
            outro: folder.outro(),
            limit_bytes: site.log_limit_bytes,
        };
        let logs = LogStream::start(site.uplink.clone(), lease.clone(), parts, bell.clone());
        let layout = match site.capabilities.isolates {
            true => Layout::container(),
            false => Layout::host(&folder, &site.binary),
        };
        let trace = Trace::new(&site, &lease, &job);
        Ok(Self {
            teller: Teller::start(lease.clone(), reports, trace.clone()),
            trace,
            transfers: Transfers::new(site.uplink.clone(), lease.clone()),
            deadline: Instant::now() + left.min(Duration::from_secs(10 * 365 * 86_400)),
            making: None,
            site,
            lease,
            job,
            folder,
            state,
            orders,
            bell,
            intro,
            outro,
            logs,
            layout,
        })
    }

    /// Sees the build to its end. Dropping the future leaves the build to the next agent process.
    pub(crate) async fn live(mut self) {
        match self.result().await {
            Some(finished) => self.close(finished).await,
            None => self.abandon().await,
        }
    }

    /// Works until the result is known; nothing when the lease was revoked.
    async fn result(&mut self) -> Option<Finished> {
        if let Stage::Reporting { finished, .. } = &self.state.stage {
            return Some(finished.as_ref().clone());
        }
        let mut projection = Projection::behind(self.state.phases.clone());
        let worked = self.work(&mut projection).await;
        let halt = match worked {
            Ok(artifacts) => return Some(self.finished(projection, artifacts)),
            Err(Halt::Told(Told::Revoked(reason))) => {
                tracing::info!(%reason, "the lease was revoked");
                return None;
            }
            Err(halt) => halt,
        };
        Some(self.halted(projection, &halt))
    }

    /// Prepares, walks and uploads, as far as that was not done before.
    async fn work(&mut self, projection: &mut Projection) -> Result<Vec<buildyard_model::ArtifactRecord>, Halt> {
        let sandbox = match self.state.stage.clone() {
            Stage::Walking { sandbox } => sandbox,
            Stage::Preparing | Stage::Reporting { .. } => {
                let sandbox = self.prepare().await?;
                projection.phases = self.state.phases.clone();
                sandbox
            }
        };
        self.logs.seal(|sealed| sealed.intro = true);
        if self.walk(&sandbox, projection).await? == Walked::NeverBegan {
            let sandbox = self.go_cold(&sandbox).await?;
            self.walk(&sandbox, projection).await?;
        }
        self.logs.seal(|sealed| sealed.journal = true);
        self.upload(projection).await
    }

    /// Runs `work` unless the build is told to end or has taken too long.
    async fn unless_ended<T>(
        orders: &mut Orders,
        deadline: Instant,
        work: impl Future<Output = Result<T, Halt>>,
    ) -> Result<T, Halt> {
        tokio::select! {
            biased;
            told = orders.told() => Err(Halt::Told(told)),
            () = sleep_until(deadline) => Err(Halt::TimedOut),
            done = work => done,
        }
    }

    /// Begins a phase of the agent's own.
    fn begin(&mut self, phase: Phase) {
        let now = self.site.clock.now();
        self.state.phases.begin(phase, now);
        self.tell_own();
    }

    /// Ends a phase of the agent's own that went well.
    fn succeed(&mut self, phase: Phase) {
        let now = self.site.clock.now();
        self.state.phases.end(phase, PhaseStatus::Succeeded, PhaseContext::default(), now);
        self.tell_own();
    }

    fn tell_own(&self) {
        self.teller.soon(self.state.snapshot(&self.state.phases, false));
    }

    /// Writes the stage to disk.
    fn keep(&self) -> Result<(), Halt> {
        self.folder.keep(&self.state).map_err(|error| Halt::disk("keep the build's stage", &error))
    }

    /// The same where a failure must not stop what is being done.
    fn keep_if_possible(&self) {
        if let Err(error) = self.folder.keep(&self.state) {
            tracing::warn!(%error, "a build's stage could not be kept; a restarted agent would repeat its last step");
        }
    }
}

impl Halt {
    /// The agent's disk failed.
    fn disk(doing: &str, error: &io::Error) -> Self {
        Self::Fault(PhaseContext::new("INTERNAL_ERROR", format!("the agent could not {doing}: {error}")))
    }
}
