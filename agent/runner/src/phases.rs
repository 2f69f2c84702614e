//! Walks the phases: the effects around the decisions of [`crate::walk`].
//!
//! Owns the order of log lines and events. DOWNLOAD_SOURCE is the agent's, up to its `Phase complete` line; the end of
//! UPLOAD_ARTIFACTS is the agent's too, unless nothing could be packed.

use crate::command::Supervisor;
use crate::exported::exported;
use crate::failure::Failure;
use crate::journal::Event;
use crate::limits;
use crate::log::Log;
use crate::log_line;
use crate::pack;
use crate::plan::Plan;
use crate::runtime;
use crate::secrets::Secrets;
use crate::shell::Shell;
use crate::walk::{Next, Walked, next, verdict};
use buildyard_buildspec::PhaseSpec;
use buildyard_model::{Phase, PhaseContext, PhaseStatus, Timestamp};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Everything a walk works with.
#[derive(Debug)]
pub(crate) struct Walker<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) secrets: &'a Secrets,
    pub(crate) control: &'a Path,
    /// The image's `runtimes.yml`.
    pub(crate) runtimes: PathBuf,
    pub(crate) shell: Shell,
    pub(crate) supervisor: Supervisor,
    pub(crate) log: Log,
    /// Whether a command of the user has begun.
    pub(crate) begun: bool,
    /// When the last phase ended, which is when the next begins.
    pub(crate) boundary: Option<Timestamp>,
}

impl Walker<'_> {
    /// Walks all phases and writes the verdict.
    pub(crate) fn walk(&mut self) -> Result<(), Failure> {
        let mut walked = Vec::new();
        let mut packed = true;
        let mut coming = Next::Phase(Phase::Install);
        loop {
            match coming {
                Next::Phase(phase) => {
                    let done = self.phase(phase)?;
                    coming = next(&done);
                    walked.push(done);
                }
                Next::UploadArtifacts => {
                    self.export()?;
                    packed = self.pack()?;
                    break;
                }
                Next::End => break,
            }
        }
        self.supervisor.finish(&mut self.log)?;
        let verdict = verdict(&walked);
        self.log.event(Event::Finished { failed: verdict.failed || !packed, retry_limit: verdict.retry_limit })
    }

    fn phase(&mut self, phase: Phase) -> Result<Walked, Failure> {
        self.start(phase)?;
        self.log.line(&log_line::entering(phase))?;
        let plan = self.plan;
        let spec = plan.buildspec.phases.iter().find(|spec| spec.phase == phase);
        let failure = match self.run_phase(phase, spec) {
            Ok(failure) => failure,
            Err(failure @ (Failure::Stopped | Failure::Journal(_))) => return Err(failure),
            Err(failure) => {
                // The journal still works: the phase's record shall say what broke.
                self.end(phase, PhaseStatus::Fault, PhaseContext::new("INTERNAL_ERROR", failure.to_string()))?;
                return Err(failure);
            }
        };
        let status = if failure.is_some() { PhaseStatus::Failed } else { PhaseStatus::Succeeded };
        self.end(phase, status, failure.clone().unwrap_or_default())?;
        Ok(Walked { phase, failure, on_failure: spec.and_then(|spec| spec.on_failure.clone()) })
    }

    fn run_phase(&mut self, phase: Phase, spec: Option<&PhaseSpec>) -> Result<Option<PhaseContext>, Failure> {
        // CodeBuild does this at the end of DOWNLOAD_SOURCE; here that phase is over before the container's own
        // programs can be run, so it comes first in INSTALL.
        let runtimes = match phase {
            Phase::Install => self.select_runtimes(spec)?,
            _ => None,
        };
        let Some(spec) = spec else { return Ok(runtimes) };
        let run_as = spec.run_as.as_deref().or(self.plan.buildspec.run_as.as_deref());
        let failed = match runtimes {
            None => self.commands(&spec.commands, run_as)?,
            failed => failed,
        };
        let finally = self.commands(&spec.finally, run_as)?;
        Ok(failed.or(finally))
    }

    /// Runs commands up to the first that fails.
    fn commands(&mut self, commands: &[String], run_as: Option<&str>) -> Result<Option<PhaseContext>, Failure> {
        for command in commands {
            if !self.begun {
                self.log.event(Event::CommandsStarted)?;
                self.begun = true;
            }
            if let Some(failed) = self.command(command, run_as)? {
                return Ok(Some(failed));
            }
        }
        Ok(None)
    }

    fn command(&mut self, command: &str, run_as: Option<&str>) -> Result<Option<PhaseContext>, Failure> {
        self.log.line(&log_line::running(command))?;
        let outcome = self.shell.run(command, run_as, &mut self.supervisor, &mut self.log)?;
        self.log.blank_line()?;
        let Some(reason) = outcome.failure() else { return Ok(None) };
        self.log.line(&log_line::unsuccessful(command, &reason))?;
        Ok(Some(log_line::command_failed(command, &reason)))
    }

    fn select_runtimes(&mut self, spec: Option<&PhaseSpec>) -> Result<Option<PhaseContext>, Failure> {
        let wishes = spec.map(|spec| spec.runtime_versions.as_slice()).unwrap_or_default();
        let invalid = |message: String| Some(PhaseContext::new("YAML_FILE_ERROR", message));
        let text = match std::fs::read_to_string(&self.runtimes) {
            Ok(text) => text,
            Err(_) if wishes.is_empty() => return Ok(None),
            Err(_) => {
                self.log.line(
                    "Skipping install of runtimes. Runtime version selection is not supported by this build image.",
                )?;
                return Ok(None);
            }
        };
        if wishes.is_empty() {
            self.log.line("No runtime version selected in buildspec.")?;
            return Ok(None);
        }
        let variable = |name: &str| Some(self.shell.variables().get(OsStr::new(name))?.to_string_lossy().into_owned());
        let chosen = runtime::parse(&text)
            .map_err(|error| format!("cannot read {}: {error}", self.runtimes.display()))
            .and_then(|catalog| runtime::choose(&catalog, wishes, &variable));
        let chosen = match chosen {
            Ok(chosen) => chosen,
            Err(message) => return Ok(invalid(message)),
        };
        for recipe in &chosen {
            self.log.line(&recipe.line)?;
        }
        for command in chosen.iter().flat_map(|recipe| &recipe.commands) {
            if let Some(failed) = self.command(command, None)? {
                return Ok(Some(failed));
            }
        }
        Ok(None)
    }

    fn export(&mut self) -> Result<(), Failure> {
        let names = &self.plan.buildspec.env.exported_variables;
        if names.is_empty() {
            return Ok(());
        }
        let (variables, refused) = exported(names, self.shell.variables(), self.secrets, self.log.masker());
        for line in refused {
            self.log.line(&line)?;
        }
        let (variables, missing) = limits::exported(variables);
        if missing {
            self.log.line(&format!(
                "Exported variables were cut: at most {} of them, {} KiB each and {} KiB together",
                limits::EXPORTED_COUNT,
                limits::EXPORTED_VALUE_BYTES >> 10,
                limits::EXPORTED_BYTES >> 10
            ))?;
        }
        self.log.event(Event::Exported { variables })
    }

    /// Packs the artifacts; false when that failed and the phase has ended.
    fn pack(&mut self) -> Result<bool, Failure> {
        self.start(Phase::UploadArtifacts)?;
        match pack::pack(self) {
            Ok(()) => Ok(true),
            Err(pack::Error::Build(context)) => {
                self.end(Phase::UploadArtifacts, PhaseStatus::Failed, context)?;
                Ok(false)
            }
            Err(pack::Error::Runner(failure @ (Failure::Stopped | Failure::Journal(_)))) => Err(failure),
            Err(pack::Error::Runner(failure)) => {
                let context = PhaseContext::new("INTERNAL_ERROR", failure.to_string());
                self.end(Phase::UploadArtifacts, PhaseStatus::Fault, context)?;
                Err(failure)
            }
        }
    }

    fn start(&mut self, phase: Phase) -> Result<(), Failure> {
        let time = self.boundary.take().unwrap_or_else(|| self.log.now());
        self.log.event(Event::PhaseStarted { phase, time })
    }

    fn end(&mut self, phase: Phase, status: PhaseStatus, context: PhaseContext) -> Result<(), Failure> {
        for line in log_line::phase_complete(phase, status, &context) {
            self.log.line(&line)?;
        }
        let time = self.log.now();
        self.boundary = Some(time);
        self.log.event(Event::PhaseEnded { phase, status, context, time })
    }
}
