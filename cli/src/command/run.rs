//! `run`: a folder built here and now by a coordinator, a storage and an agent inside this process, which are the
//! fleet's own code. Owns the arguments, the following and the end; starting the three is `all_in_one`'s.

mod artifacts;

use crate::all_in_one::{self, AllInOne, Leave};
use crate::arguments::environment::EnvironmentArgs;
use crate::arguments::executor::ExecutorArgument;
use crate::arguments::secondary::{Identified, distinct, identified};
use crate::arguments::{buildspec, duration};
use crate::claim::{self, Claim};
use crate::conclusion;
use crate::download;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::Fleet;
use crate::follow::{self, Followed, OnInterrupt, interrupt};
use crate::logging::LogArgs;
use crate::output::{self, Format, OutputArgs};
use crate::render::size;
use crate::screen::{self, ScreenOptions};
use crate::secrets_file;
use crate::source::form::{self, SourceForm};
use backon::{ConstantBuilder, Retryable};
use buildyard_agent::{AgentConfig, ByteSize, WarmConfig};
use buildyard_coordinator::config::{ListenConfig, RecordsConfig, RecordsKind};
use buildyard_coordinator::{CoordinatorConfig, HeldSecrets};
use buildyard_model::{
    ArtifactSpec, BuildId, BuildView, ProjectName, SecondarySource, Secret, Source, SourceKind, Submission,
};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Build a folder here and now: the same code as the fleet, so a build that passes here passes there.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// The folder to build, its work tree as it is
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// A file in DIR or here, or the YAML itself; DIR/buildspec.yml without it
    #[arg(long, value_name = "FILE")]
    buildspec: Option<String>,
    /// A further folder to build from, repeatable; the build finds it in $CODEBUILD_SRC_DIR_ID
    #[arg(long = "secondary-source", value_parser = identified, value_name = "ID=DIR")]
    secondary_sources: Vec<Identified>,
    /// Copy the artifacts into this folder, secondary ones into folders in it named after their identifiers; they are
    /// not kept without it
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Parameters and secrets that the build may ask for: NAME=VALUE lines
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Where the build runs
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    executor: ExecutorArgument,
    /// Stop the build when it takes longer (1h, 90m, 5400s)
    #[arg(long, value_parser = duration::parse, default_value = "1h", value_name = "TIME")]
    timeout: Duration,
    /// Let every escape sequence of the log through to the terminal
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    environment: EnvironmentArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard run
  buildyard run services/api --env MODE=release --artifacts out/
  buildyard run app --secondary-source lib=../lib --artifacts out/
  buildyard run --executor host --buildspec ci/check.yml
  buildyard run --image debian:12 --secrets ~/.config/app.secrets

Ctrl-C stops the build and waits until nothing of it is left; a second one leaves at once.";

/// Starts what `run` needs around one build, in the claim's folder.
async fn local_fleet(
    args: &RunArgs,
    folders: Vec<PathBuf>,
    secrets: BTreeMap<String, Secret>,
    claim: &Claim,
) -> Result<AllInOne, Failure> {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let coordinator = CoordinatorConfig {
        data_dir: claim.folder.join("coordinator"),
        listen: ListenConfig { http: any_port, grpc: any_port, ..ListenConfig::default() },
        records: RecordsConfig { kind: RecordsKind::Memory },
        ..CoordinatorConfig::default()
    };
    let agent = AgentConfig {
        // Unlike any other: containers are found again by the agent's name.
        name: Some(claim.name.clone()),
        data_dir: claim.folder.join("agent"),
        slots: Some(1),
        allow_privileged: args.environment.privileged(),
        allow_local_sources: folders,
        disk_floor: ByteSize::bytes(0),
        executor: all_in_one::executor(args.executor),
        // There is no next build.
        warm: WarmConfig { limit: Some(0), ..WarmConfig::default() },
        ..AgentConfig::default()
    };
    let secrets = HeldSecrets { parameters: secrets.clone(), secrets };
    AllInOne::start(&coordinator, Some(secrets), Some(agent)).await
}

/// How often, and how many times, a repetition is looked for before it counts as missing.
const RETRY_LOOK: Duration = Duration::from_millis(100);
const RETRY_LOOKS: usize = 100;

/// Builds the folder.
pub(crate) async fn execute(args: RunArgs) -> Result<Exit, Failure> {
    args.log.start("error")?;
    // Before anything is made that a signal must not leave behind.
    let interrupts = interrupt::signals()?;
    let (project, submission) = args.submission()?;
    let secrets = args.secrets.as_deref().map(secrets_file::read).transpose()?.unwrap_or_default();
    claim::sweep().await;
    let claim = Claim::make(&all_in_one::executor(args.executor))?;
    let sources = std::iter::once(&submission.source).chain(submission.secondary_sources.iter().map(|s| &s.source));
    let folders = sources.filter_map(|source| match &source.kind {
        SourceKind::Local { path } => Some(PathBuf::from(path)),
        _ => None,
    });
    let running = local_fleet(&args, folders.collect(), secrets, &claim).await?;
    let ended = match running.connect().await {
        Ok(fleet) => build(&fleet, &project, &submission, &args, interrupts).await,
        Err(failure) => Err(failure),
    };
    running.end(Leave::Nothing).await;
    claim.close()?;
    ended
}

/// Submits, follows, fetches, concludes.
async fn build(
    fleet: &Fleet,
    project: &ProjectName,
    submission: &Submission,
    args: &RunArgs,
    mut interrupts: impl futures::Stream<Item = ()> + Unpin,
) -> Result<Exit, Failure> {
    let format = args.output.output;
    let mut id = fleet.submit(project, submission).await?.view.id.to_string();
    loop {
        let mut screen = screen::open(ScreenOptions { format, raw: args.raw, phases: true });
        let followed = follow::follow(fleet, &id, OnInterrupt::Stop, screen.as_mut(), &mut interrupts).await?;
        let Followed::Complete(build) = followed else {
            output::note("left before the build had ended");
            return Ok(Exit::Interrupted);
        };
        // Not told yet: a summary that promises artifacts comes after they are there.
        let fetched = fetch(fleet, &id, args, &build.view).await;
        let exit = conclusion::tell(&build.view, format);
        fetched?;
        match &build.view.next_retry {
            Some(next) => id = queued(fleet, next).await?,
            None => return Ok(exit),
        }
    }
}

/// Waits until the repetition of a failed build is queued, which follows its end at once.
async fn queued(fleet: &Fleet, build: &BuildId) -> Result<String, Failure> {
    let id = build.to_string();
    let look = || async { fleet.get(&id).await.map(drop) };
    look.retry(ConstantBuilder::default().with_delay(RETRY_LOOK).with_max_times(RETRY_LOOKS)).await?;
    Ok(id)
}

async fn fetch(fleet: &Fleet, id: &str, args: &RunArgs, view: &BuildView) -> Result<(), Failure> {
    let Some(folder) = &args.artifacts else { return Ok(()) };
    if view.artifacts.is_empty() {
        return Ok(());
    }
    let fetched = download::all(fleet.artifact_pages(id), folder, |_, _| Ok(())).await?;
    if args.output.output == Format::Text {
        output::note(&format!("{} files, {}, in {}", fetched.files, size::of(fetched.bytes), folder.display()));
    }
    Ok(())
}

impl RunArgs {
    /// The project and what is built.
    fn submission(&self) -> Result<(ProjectName, Submission), Failure> {
        let folder = existing_folder(&self.folder)?;
        let form = SourceForm::Folder(folder.clone());
        let buildspec = buildspec::resolve(self.buildspec.as_deref(), &form)?;
        let submission = Submission {
            source: local(&folder)?,
            secondary_sources: self.secondary_sources()?,
            environment: self.environment.environment(),
            artifacts: Some(self.artifacts.as_ref().map_or_else(ArtifactSpec::default, |_| artifacts::primary())),
            secondary_artifacts: match self.artifacts {
                Some(_) => artifacts::secondary(&buildspec, &folder),
                None => Vec::new(),
            },
            buildspec,
            timeout_seconds: Some(self.timeout.as_secs()),
            queued_timeout_seconds: None,
            labels: BTreeMap::new(),
            priority: 0,
            debug_session: false,
            initiator: None,
        };
        Ok((form::project_name(&form, Path::to_owned), submission))
    }

    fn secondary_sources(&self) -> Result<Vec<SecondarySource>, Failure> {
        let identifiers = self.secondary_sources.iter().map(|given| given.identifier.as_str());
        distinct("--secondary-source", identifiers).map_err(Failure::Call)?;
        let one = |given: &Identified| {
            let folder = existing_folder(Path::new(&given.value))?;
            Ok(SecondarySource { source_identifier: given.identifier.clone(), source: local(&folder)? })
        };
        self.secondary_sources.iter().map(one).collect()
    }
}

fn existing_folder(path: &Path) -> Result<PathBuf, Failure> {
    let folder = path.canonicalize().map_err(Failure::file("find", path))?;
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(Failure::call(format!("{} is no folder: name the folder to build from", path.display())))
    }
}

fn local(folder: &Path) -> Result<Source, Failure> {
    Ok(Source { kind: SourceKind::Local { path: utf8(folder)? }, version: None })
}

fn utf8(folder: &Path) -> Result<String, Failure> {
    let text = folder.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::call(format!("cannot build {}: its path is not UTF-8", folder.display())))
}
