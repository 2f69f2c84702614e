//! `start`: a build on the fleet.

use crate::arguments::artifacts::ArtifactArgs;
use crate::arguments::environment::EnvironmentArgs;
use crate::arguments::{buildspec, duration, variable};
use crate::conclusion;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::{ConnectionArgs, Fleet};
use crate::follow::{self, OnInterrupt, interrupt};
use crate::output::{self, Format, OutputArgs};
use crate::screen::{self, ScreenOptions};
use crate::source::form::{self, GitArgs, SourceForm};
use crate::source::secondary::{Secondary, SecondarySourceArgs};
use crate::source::upload;
use buildyard_model::{ProjectName, Source, Submission};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Start a build on the fleet.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StartArgs {
    /// What to build: a folder (sent as it is, .git included), a git URL, s3://BUCKET/KEY.zip, s3://BUCKET/PREFIX/,
    /// or none
    #[arg(long, value_name = "SOURCE")]
    source: String,
    /// Branch, tag or commit of a git source, or version of an S3 object
    #[arg(long, value_name = "VERSION")]
    source_version: Option<String>,
    /// Project that the build belongs to; named after the source without it
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,
    /// A path inside the source, @FILE of this machine, or the YAML itself; buildspec.yml without it
    #[arg(long, value_name = "BUILDSPEC")]
    buildspec: Option<String>,
    /// Stop the build when its work takes longer (1h, 90m, 5400s); an hour without it
    #[arg(long, value_parser = duration::parse, value_name = "TIME")]
    timeout: Option<Duration>,
    /// Give up when it waits in the queue for longer; 8 hours without it
    #[arg(long, value_parser = duration::parse, value_name = "TIME")]
    queued_timeout: Option<Duration>,
    /// Run only on agents with this label, repeatable
    #[arg(long = "label", value_parser = variable::pair, value_name = "NAME=VALUE")]
    labels: Vec<variable::Pair>,
    /// Builds of higher priority run first
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_name = "NUMBER")]
    priority: i32,
    /// Follow the log and end as the build ends
    #[arg(long, short)]
    follow: bool,
    /// With --follow: let every escape sequence of the log through to the terminal
    #[arg(long, requires = "follow")]
    raw: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    git: GitArgs,
    #[command(flatten)]
    secondary: SecondarySourceArgs,
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    artifacts: ArtifactArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard start --source . --follow
  buildyard start --source https://HOST/team/app.git --source-version v1.2 --env MODE=release
  buildyard start --source s3://sources/app.zip --artifacts releases/app --packaging zip
  buildyard start --source . --secondary-source docs=https://HOST/team/docs.git --secondary-artifacts manual=releases
  id=$(buildyard start --source none --buildspec @nightly.yml)";

/// Starts the build and, if asked, follows it.
pub(crate) async fn execute(args: StartArgs) -> Result<Exit, Failure> {
    let form = form::parse(&args.source, args.git, Path::is_dir).map_err(Failure::Call)?;
    let project = args.project.clone().unwrap_or_else(|| form::project_name(&form, absolute));
    let secondary = args.secondary.forms(args.git, Path::is_dir).map_err(Failure::Call)?;
    let mut submission = args.submission(&form, &secondary)?;
    let fleet = args.connection.connect().await?;
    if let SourceForm::Folder(folder) = &form {
        submission.source.kind = upload::send(&fleet, folder).await?;
    }
    for (secondary, submitted) in secondary.iter().zip(&mut submission.secondary_sources) {
        if let SourceForm::Folder(folder) = &secondary.form {
            submitted.source.kind = upload::send(&fleet, folder).await?;
        }
    }
    let build = fleet.submit(&project, &submission).await?;
    let id = build.view.id.to_string();
    if args.follow {
        return follow_build(&fleet, &id, &args).await;
    }
    match args.output.output {
        Format::Json => output::line(&build.json)?,
        Format::Text => {
            output::line(&id)?;
            if output::stderr_is_terminal() {
                output::note(&format!("follow it with: buildyard logs {id} --follow"));
            }
        }
    }
    Ok(Exit::Success)
}

async fn follow_build(fleet: &Fleet, id: &str, args: &StartArgs) -> Result<Exit, Failure> {
    let format = args.output.output;
    let interrupts = interrupt::signals()?;
    if format == Format::Text {
        output::note(&format!("build {id}"));
    }
    let mut screen = screen::open(ScreenOptions { format, raw: args.raw, phases: true });
    let followed = follow::follow(fleet, id, OnInterrupt::Leave, screen.as_mut(), interrupts).await?;
    conclusion::of_fleet_build(id, followed, format)
}

impl StartArgs {
    /// What is submitted. A folder's place in the bucket is filled in once it was sent.
    fn submission(&self, form: &SourceForm, secondary: &[Secondary]) -> Result<Submission, Failure> {
        if self.source_version.is_some() && !form.has_versions() {
            return Err(Failure::call("--source-version goes with a git or S3 source: a folder is built as it is"));
        }
        Ok(Submission {
            source: Source { kind: form.kind(), version: self.source_version.clone() },
            secondary_sources: secondary.iter().map(Secondary::source).collect(),
            buildspec: buildspec::resolve(self.buildspec.as_deref(), form)?,
            environment: self.environment.environment(),
            artifacts: self.artifacts.spec().map_err(Failure::Call)?,
            secondary_artifacts: self.artifacts.secondary().map_err(Failure::Call)?,
            timeout_seconds: self.timeout.map(|timeout| timeout.as_secs()),
            queued_timeout_seconds: self.queued_timeout.map(|timeout| timeout.as_secs()),
            labels: self.labels.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect(),
            priority: self.priority,
            debug_session: false,
            initiator: None,
        })
    }
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
