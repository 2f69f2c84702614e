//! From the lease to a sandbox whose plan is complete: PROVISIONING and DOWNLOAD_SOURCE.
//!
//! Image and source are fetched at the same time; the phases are told one after the other, as CodeBuild tells them.

use super::halt::Halt;
use super::{Build, buildspec, git_credentials, place, plan, provision, secrets, source};
use crate::folder::{Stage, State};
use crate::run::environment::{self, Facts};
use crate::run::ledger::Ledger;
use buildyard_buildspec::Buildspec;
use buildyard_executor::SandboxId;
use buildyard_model::{Phase, PhaseContext, PhaseStatus};
use buildyard_runner::log_line;
use source::Held;

impl Build {
    /// Prepares the build; begins anew when an earlier process had begun.
    pub(super) async fn prepare(&mut self) -> Result<SandboxId, Halt> {
        self.begin_anew().await?;
        self.begin(Phase::Provisioning);
        self.intro.say(&format!("Running on Buildyard agent {}", self.site.name));
        self.intro.say("Waiting for agent ping");
        let job = self.job.clone();
        let places = place::places(&job);
        // Its folders become the build's, so before anything is fetched into them.
        let warm = self.take_warm();

        // What the source's fetch says belongs behind the image's lines.
        let held = Held::new();
        let (site, folder, transfers) = (self.site.clone(), self.folder.clone(), self.transfers.clone());
        let step = self.trace.begin("source", None);
        let fetch = async { step.end(source::fetch_all(&site, &folder, &places, &transfers, &held).await) };
        tokio::pin!(fetch);
        let mut fetched = None;
        let sandbox = {
            let provisioning = self.provision(warm);
            tokio::pin!(provisioning);
            loop {
                tokio::select! {
                    made = &mut provisioning => break made,
                    done = &mut fetch, if fetched.is_none() => fetched = Some(done),
                }
            }
        }?;
        self.succeed(Phase::Provisioning);

        self.begin(Phase::DownloadSource);
        self.intro.say("Waiting for DOWNLOAD_SOURCE");
        self.intro.say("Phase is DOWNLOAD_SOURCE");
        let fetched = match fetched {
            Some(fetched) => fetched,
            None => {
                let (orders, deadline) = (&mut self.orders, self.deadline);
                let intro = &self.intro;
                Self::unless_ended(orders, deadline, async { Ok(held.pass_to(intro, &mut fetch).await) }).await?
            }
        };
        held.release(&self.intro);
        let resolved = fetched?;
        self.state.resolved_source_version = resolved.first().cloned().flatten();
        self.describe(&places, resolved).await?;

        self.succeed(Phase::DownloadSource);
        self.intro.phase_complete(Phase::DownloadSource, PhaseStatus::Succeeded, &PhaseContext::default());
        self.state.stage = Stage::Walking { sandbox: sandbox.clone() };
        self.keep()?;
        Ok(sandbox)
    }

    /// Reads the buildspec and writes the plan.
    async fn describe(&mut self, places: &[place::Place<'_>], resolved: Vec<Option<String>>) -> Result<(), Halt> {
        let placed: Vec<_> =
            places.iter().zip(resolved).map(|(place, commit)| place.placed(&self.layout, commit)).collect();
        for source in &placed {
            let suffix = source.identifier.as_ref().map(|id| format!("_{id}")).unwrap_or_default();
            self.intro.say(&format!("CODEBUILD_SRC_DIR{suffix}={}", source.directory.display()));
        }
        let Some(primary) = placed.first() else {
            return Err(Halt::Fault(PhaseContext::new("INTERNAL_ERROR", "the job names no source")));
        };
        let (orders, deadline) = (&mut self.orders, self.deadline);
        let origin = buildspec::Origin {
            job: &self.job,
            folder: &self.folder,
            layout: &self.layout,
            source: places.first().map(place::Place::relative).unwrap_or_default(),
            transfers: &self.transfers,
            http: &self.site.http,
            intro: &self.intro,
        };
        let buildspec = Self::unless_ended(orders, deadline, origin.read()).await?;
        for line in log_line::empty_phases(&buildspec) {
            self.intro.say(&line);
        }
        self.intro.say("Processing environment variables");
        let go_path = self.layout.output.join(places.first().map(|place| place.root.clone()).unwrap_or_default());
        let environment = environment::assemble(&Facts {
            job: &self.job,
            sources: &placed,
            env: &buildspec.env,
            home: self.layout.home(),
            go_path: &go_path,
        });
        let decrypting = secrets::store(&environment.secrets, &self.transfers, &self.folder, &self.intro);
        let secrets = Self::unless_ended(orders, deadline, decrypting).await?;
        let git_credentials = self.git_credentials(&buildspec)?;
        self.intro.say(&format!("Moving to directory {}", primary.directory.display()));
        for line in log_line::phases_found(&buildspec) {
            self.intro.say(&line);
        }
        let given = plan::Given { secrets, git_credentials, log_limit_bytes: self.site.log_limit_bytes };
        let plan = plan::plan(&self.job, buildspec, environment.plain, primary.directory.clone(), &self.layout, given);
        plan::write(&plan, &self.folder)
    }

    /// Lays the sources' credentials ready where the buildspec asks for them.
    fn git_credentials(&self, buildspec: &Buildspec) -> Result<bool, Halt> {
        if !buildspec.env.git_credential_helper {
            return Ok(false);
        }
        let stored = git_credentials::store(&self.job, &self.folder)?;
        if !stored {
            self.intro.say("git-credential-helper: no source of this build has credentials for https");
        }
        Ok(stored)
    }

    /// Clears what an earlier process left of its preparation. No command of the user can have begun.
    async fn begin_anew(&mut self) -> Result<(), Halt> {
        if self.folder.is_fresh() {
            return self.keep();
        }
        self.intro.say("The agent was started again: the build is prepared anew");
        provision::remove_leftovers(&self.site, &self.lease).await.map_err(|error| provision::halt(&error))?;
        self.folder.start_over().map_err(|error| Halt::disk("clear the build's folder", &error))?;
        self.state = State { began: self.state.began.clone(), ..State::default() };
        self.state.phases = Ledger::default();
        self.keep()
    }
}
