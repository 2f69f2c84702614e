//! `up`: coordinator, embedded storage and one agent, or a fleet of them, under one data directory. Owns the arguments and what the user is
//! told; starting the three belongs to the coordinator and agent crates.

mod agents;
mod ending;

use crate::all_in_one::{self, AllInOne, Leave};
use crate::arguments::executor::ExecutorArgument;
use crate::claim;
use crate::command::first_start;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::follow::interrupt;
use crate::logging::LogArgs;
use crate::output;
use buildyard_agent::AgentConfig;
use buildyard_coordinator::CoordinatorConfig;
use buildyard_coordinator::config::{ListenConfig, TracingConfig};
use futures::StreamExt;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Run coordinator, storage and one agent on this host. A second start goes on where the first ended.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpArgs {
    /// Where everything is kept: queue, logs, artifacts, credentials
    #[arg(long, env = "BUILDYARD_DATA_DIR", value_name = "DIR", default_value_os_t = default_data_dir())]
    data_dir: PathBuf,
    /// Address of the HTTP endpoint: the AWS APIs and S3
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Address of the gRPC endpoint: the other `buildyard` commands, and further agents
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8081")]
    grpc: SocketAddr,
    /// How others reach the HTTP endpoint; needed when it listens on every address
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Where builds run
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    executor: ExecutorArgument,
    /// Builds at once on each agent; without it as many as the host has room for, or 1 with --provisioner
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    slots: Option<u32>,
    /// Allow builds that ask for a privileged container
    #[arg(long)]
    allow_privileged: bool,
    /// Send traces of builds and requests there: an OTLP receiver that speaks gRPC. Without it, OTEL_EXPORTER_OTLP_ENDPOINT
    /// says where, if it is set
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
    #[command(flatten)]
    agents: agents::AgentsArgs,
    #[command(flatten)]
    log: LogArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard up
  buildyard up --data-dir /srv/buildyard --http 0.0.0.0:8080 --grpc 0.0.0.0:8081 \\
    --public-url http://builds.internal:8080 --slots 4
  buildyard up --provisioner docker --max-agents 4    agents come and go with the builds

Then, in another terminal:
  . DIR/credentials.env
  buildyard start --source . --follow
  aws s3 ls";

/// Runs until it is told to end.
pub(crate) async fn execute(args: UpArgs) -> Result<Exit, Failure> {
    args.log.start("warn")?;
    let mut interrupts = interrupt::signals()?;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&args.data_dir);
    made.map_err(Failure::file("create", &args.data_dir))?;
    let data_dir = args.data_dir.canonicalize().map_err(Failure::file("find", &args.data_dir))?;
    let tracing = args.tracing()?;
    let coordinator = CoordinatorConfig {
        listen: ListenConfig {
            http: args.http,
            grpc: args.grpc,
            public_url: args.public_url.clone(),
            ..ListenConfig::default()
        },
        data_dir: data_dir.clone(),
        provisioners: args.provisioners(&tracing)?,
        fleets: args.fleets(),
        tracing: tracing.clone(),
        ..CoordinatorConfig::default()
    };
    let agent = args.agents.provisioner.is_none().then(|| AgentConfig {
        data_dir: data_dir.join("agent"),
        slots: args.slots,
        allow_privileged: args.allow_privileged,
        executor: all_in_one::executor(args.executor),
        tracing,
        ..AgentConfig::default()
    });
    claim::sweep().await;
    let running = AllInOne::start(&coordinator, None, agent).await?;
    let has_fleets = args.agents.provisioner.is_some();
    output::note(&welcome(&data_dir, running.coordinator.http, running.coordinator.grpc, has_fleets));
    first_start::tell(&running.coordinator);
    let exit = tokio::select! {
        _ = interrupts.next() => Exit::Success,
        () = running.failed() => Exit::EngineFailed,
    };
    if has_fleets && exit == Exit::Success {
        ending::end_agents(&running, &mut interrupts).await;
    }
    tokio::select! {
        () = running.end(Leave::Running) => {}
        _ = interrupts.next() => {}
    }
    Ok(exit)
}

impl UpArgs {
    /// Where traces go.
    fn tracing(&self) -> Result<TracingConfig, Failure> {
        let mut tracing = TracingConfig { otlp: self.otlp.clone(), ..TracingConfig::default() };
        if let Some(problem) = tracing.check().err() {
            return Err(Failure::call(problem.to_string().replacen("tracing.otlp", "--otlp", 1)));
        }
        tracing.complete(|name| std::env::var(name).ok()).map_err(|error| Failure::call(error.to_string()))?;
        Ok(tracing)
    }
}

/// What the user is told once everything answers.
fn welcome(data_dir: &Path, http: SocketAddr, grpc: SocketAddr, has_fleets: bool) -> String {
    let end = if has_fleets {
        "Ctrl-C ends it, and its agents when their builds have ended."
    } else {
        "Ctrl-C ends it; running builds go on when it is started again."
    };
    let credentials = shell_quoted(&data_dir.join("credentials.env").to_string_lossy());
    format!(
        "\
buildyard is up: AWS endpoint at http://{http}, gRPC at http://{grpc}, data in {}

In another terminal:
  . {credentials}
  buildyard start --source . --follow
  aws s3 ls

{end}
",
        data_dir.display()
    )
}

/// A path that the user can paste.
fn shell_quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// `$XDG_DATA_HOME/buildyard`, `~/.local/share/buildyard`, or `/var/lib/buildyard` where there is no home.
fn default_data_dir() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
    base.unwrap_or_else(|| PathBuf::from("/var/lib")).join("buildyard")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_welcome_can_be_pasted() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let text = welcome(Path::new("/srv/my data"), address(8080), address(8081), false);
        assert!(text.contains("  . '/srv/my data/credentials.env'\n"), "{text}");
        assert_eq!(shell_quoted("it's"), "'it'\\''s'");
    }
}
