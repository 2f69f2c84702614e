//! The end of a build: its result is put together, its log is brought to storage, the result is reported, and what it
//! left is removed. The result does not wait for the removal; the slot does.

use super::halt::{self, Consequence, Halt};
use super::projection::Projection;
use super::trace::Facts;
use super::{Build, Report, Reports, provision};
use crate::folder::{Folder, Stage};
use crate::health;
use crate::report::Finished;
use crate::retry;
use crate::site::Site;
use backon::Retryable;
use buildyard_executor::SandboxId;
use buildyard_model::{ArtifactRecord, LeaseToken, Outcome, Phase, PhaseStatus};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// With nothing stored for so long, while the coordinator is there, the result is reported without the rest of the log.
const LOG_PATIENCE: Duration = Duration::from_secs(120);

impl Build {
    /// The result of a build whose runner came to a verdict.
    pub(super) fn finished(&self, mut projection: Projection, artifacts: Vec<ArtifactRecord>) -> Finished {
        let failed_phase = |phase| {
            let failed = |status| matches!(status, PhaseStatus::Failed | PhaseStatus::Fault);
            let mut records = projection.phases.records().iter();
            records.any(|record| record.phase_type == phase && record.phase_status.is_some_and(failed))
        };
        let verdict = projection.verdict;
        let failed = verdict.is_none_or(|verdict| verdict.failed);
        let outcome = if failed || failed_phase(Phase::UploadArtifacts) { Outcome::Failed } else { Outcome::Succeeded };
        projection.phases.pass(Phase::Finalizing, self.site.clock.now());
        Finished {
            phases: projection.phases.records().to_vec(),
            exported: projection.exported,
            artifacts,
            retry_limit: verdict.filter(|_| failed).map_or(0, |verdict| verdict.retry_limit),
            ..Finished::before_start(outcome, "")
        }
    }

    /// The result of a build that came to a halt.
    pub(super) fn halted(&self, projection: Projection, halt: &Halt) -> Finished {
        let preparing = matches!(self.state.stage, Stage::Preparing);
        let mut phases = if preparing { self.state.phases.clone() } else { projection.phases };
        let Consequence { outcome, mut context, mut reason } = halt.consequence();
        // Whatever broke: this is why, or will break the next thing. What the build wrote is still there.
        if outcome == Outcome::Fault
            && let Some(full) = health::full(self.folder.place()).filter(|full| !reason.contains(full))
        {
            reason = format!("{reason}; {full}");
            context.message.clone_from(&reason);
        }
        let ended = halt::end_phases(&mut phases, outcome, context.clone(), self.site.clock.now());
        let voice = if preparing { &self.intro } else { &self.outro };
        match outcome {
            Outcome::Stopped => voice.say("Build stopped"),
            _ => voice.phase_complete(ended, outcome.phase_status(), &context),
        }
        Finished {
            phases: phases.records().to_vec(),
            exported: projection.exported,
            ..Finished::before_start(outcome, reason)
        }
    }

    /// Reports the result and clears up.
    pub(super) async fn close(mut self, finished: Finished) {
        let sandbox = self.state.sandbox().cloned();
        let logged = matches!(self.state.stage, Stage::Reporting { logged: true, .. });
        self.state.stage = Stage::Reporting { sandbox: sandbox.clone(), finished: Box::new(finished), logged };
        self.keep_if_possible();
        let clearing = clear(self.site.clone(), self.lease.clone(), sandbox, self.making.take());
        tokio::join!(clearing, self.report());
        self.discard("work", self.folder.discard_work());
        self.teller.freed().await;
        self.empty_trash();
        self.orders.closed().await;
        self.discard("folder", self.folder.discard());
        self.empty_trash();
    }

    /// Tells the result once storage holds the log, unless the lease is over before.
    async fn report(&mut self) {
        let Stage::Reporting { sandbox, finished, logged } = self.state.stage.clone() else { return };
        let mut finished = *finished;
        if !logged {
            self.logs.seal(|sealed| {
                sealed.intro = true;
                sealed.journal = true;
                sealed.outro = true;
            });
            let settled = tokio::select! {
                settled = self.logs.settle(LOG_PATIENCE, self.site.online.clone()) => settled,
                _ = self.orders.revoked() => return,
            };
            finished.log_bytes = settled.committed;
            if !settled.is_whole() {
                say_incomplete(&mut finished, settled.total, settled.trouble);
            }
            self.state.stage = Stage::Reporting { sandbox, finished: Box::new(finished.clone()), logged: true };
            self.keep_if_possible();
        }
        tracing::info!(outcome = %finished.outcome, log_bytes = finished.log_bytes, "build ended");
        let facts = Facts {
            began: self.state.began.as_ref().map(|began| began.wall),
            image_digest: self.state.image_digest.clone(),
            source_version: self.state.resolved_source_version.clone(),
            warm: self.state.warm,
        };
        self.trace.ended(&facts, &finished);
        self.teller.finished(finished).await;
    }

    /// Kills the build and forgets it.
    pub(super) async fn abandon(mut self) {
        let sandbox = self.state.sandbox().cloned();
        clear(self.site.clone(), self.lease.clone(), sandbox, self.making.take()).await;
        self.discard("folder", self.folder.discard());
        self.teller.freed().await;
        self.empty_trash();
    }

    /// Clears up after a build whose task cannot: removes its sandbox and folder and frees its slot.
    pub(crate) async fn give_up(site: &Arc<Site>, lease: &LeaseToken, folder: Option<&Folder>, reports: &Reports) {
        clear(site.clone(), lease.clone(), None, None).await;
        if let Some(Err(error)) = folder.map(Folder::discard) {
            tracing::warn!(%error, "a build's folder could not be moved away");
        }
        let _ = reports.send((lease.clone(), Report::Freed)).await;
    }

    fn discard(&self, what: &str, done: io::Result<()>) {
        if let Err(error) = done {
            tracing::warn!(%error, what, "a build's leftovers could not be moved away; the next start of the agent does it");
        }
    }

    fn empty_trash(&self) {
        let builds = self.site.builds.clone();
        tokio::task::spawn_blocking(move || builds.empty_trash());
    }
}

fn say_incomplete(finished: &mut Finished, total: Option<u64>, trouble: Option<String>) {
    let pending = match total {
        Some(total) => format!("{} bytes pending", total.saturating_sub(finished.log_bytes)),
        None => "the rest pending".to_owned(),
    };
    let why = trouble.unwrap_or_else(|| "log storage took nothing for too long".to_owned());
    let note = format!("log incomplete, {pending}: {why}");
    finished.reason = if finished.reason.is_empty() { note } else { format!("{}; {note}", finished.reason) };
}

/// Removes the sandbox, for as long as it takes.
async fn clear(site: Arc<Site>, lease: LeaseToken, sandbox: Option<SandboxId>, making: Option<provision::Making>) {
    // One that is finished may have been awaited already, which can be done once.
    if let Some(making) = making.filter(|making| !making.is_finished()) {
        // What it made has the lease's label; whether it made it does not matter.
        let _ = making.await;
    }
    let removal = || async {
        match &sandbox {
            Some(sandbox) => site.executor.remove(sandbox).await,
            None => provision::remove_leftovers(&site, &lease).await,
        }
    };
    let tell = |error: &_, _| tracing::warn!(%error, "a build's sandbox could not be removed; trying again");
    // The policy never ends, so neither does this before it is done.
    let _ = removal.retry(retry::of_removal()).notify(tell).await;
    site.warm.forget(&lease);
    site.warm.stir();
}
