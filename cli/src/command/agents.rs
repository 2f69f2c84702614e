//! `agents`: who builds, and who shall not for a while.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::{ConnectionArgs, Document};
use crate::output::{self, Format, OutputArgs};
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed, printable, size};
use buildyard_model::{AgentStatus, AgentView, Architecture, Clock, SystemClock, Timestamp};
use clap::Subcommand;

/// List the agents, or take one out of service and back.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AgentsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Give an agent no new builds; those that it runs end as they would
    Drain(NameArgs),
    /// Give a drained agent builds again
    Undrain(NameArgs),
}

#[derive(Debug, clap::Args)]
struct NameArgs {
    /// The agent's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Lists the agents or changes one.
pub(crate) async fn execute(args: AgentsArgs) -> Result<Exit, Failure> {
    match args.action {
        None => list(args.output.output, &args.connection).await,
        Some(Action::Drain(name)) => drain(name, true).await,
        Some(Action::Undrain(name)) => drain(name, false).await,
    }
}

async fn list(format: Format, connection: &ConnectionArgs) -> Result<Exit, Failure> {
    let agents = connection.connect().await?.agents().await?;
    if format == Format::Json {
        agents.iter().try_for_each(|agent| output::line(&agent.json))?;
        return Ok(Exit::Success);
    }
    if agents.is_empty() {
        output::note("no agents yet: run `buildyard agent --config FILE` on a build host");
        return Ok(Exit::Success);
    }
    print(&agents)
}

async fn drain(args: NameArgs, drain: bool) -> Result<Exit, Failure> {
    let agent = args.connection.connect().await?.drain(&args.name, drain).await?;
    match args.output.output {
        Format::Json => output::line(&agent.json)?,
        Format::Text => print(std::slice::from_ref(&agent)).map(drop)?,
    }
    Ok(Exit::Success)
}

fn print(agents: &[Document<AgentView>]) -> Result<Exit, Failure> {
    let views: Vec<&AgentView> = agents.iter().map(|agent| &agent.view).collect();
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(table(paint, &views, SystemClock.now()).as_bytes())?;
    Ok(Exit::Success)
}

fn table(paint: Paint, agents: &[&AgentView], now: Timestamp) -> String {
    let rows: Vec<Vec<Cell>> = agents.iter().map(|view| row(view, now)).collect();
    table::render(paint, &["AGENT", "STATUS", ">BUILDS", ">VCPU", ">MEMORY", "RUNS", "LABELS", ">SEEN", ""], &rows)
}

fn row(view: &AgentView, now: Timestamp) -> Vec<Cell> {
    let status = match view.status {
        AgentStatus::Online => "ONLINE",
        AgentStatus::Draining => "DRAINING",
        AgentStatus::Unhealthy => "UNHEALTHY",
        AgentStatus::Offline => "OFFLINE",
    };
    let architecture = match view.capacity.architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Aarch64 => "aarch64",
    };
    let labels =
        view.capacity.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    vec![
        view.name.to_string().into(),
        Cell::toned(status, view.status),
        format!("{}/{}", view.builds.len(), view.capacity.slots).into(),
        view.capacity.resources.vcpu.to_string().into(),
        size::of(view.capacity.resources.memory_mib.saturating_mul(1024 * 1024)).into(),
        format!("{} {architecture}", printable(&view.capacity.executor)).into(),
        printable(&labels).into(),
        elapsed::ago(now.since(view.last_seen)).into(),
        printable(view.reason.as_deref().unwrap_or_default()).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn an_agent_is_shown_with_its_load_and_its_trouble() {
        let mut agent = sample::agent();
        agent.status = AgentStatus::Unhealthy;
        agent.reason = Some("the engine does not answer".into());
        let text = table(Paint::PLAIN, &[&agent], sample::START);
        let expected = "\
AGENT   STATUS     BUILDS  VCPU    MEMORY  RUNS           LABELS  SEEN
host-1  UNHEALTHY     1/4     8  16.0 GiB  docker x86_64  zone=a   now  the engine does not answer
";
        assert_eq!(text, expected);
    }
}
