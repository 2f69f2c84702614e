//! Takes agents out of service, back, and away.

use super::{DrainArgs, NameArgs, ReasonedArgs, RemoveArgs, list};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::{Document, Fleet};
use crate::output::{self, Format};
use buildyard_model::{AgentId, AgentView};
use buildyard_proto::v1;
use std::time::Duration;

/// How often a drained agent is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn cordon(args: ReasonedArgs) -> Result<Exit, Failure> {
    let request = v1::DrainAgentRequest { cordon: true, ..withdrawal(&args) };
    let agent = args.agent.connection.connect().await?.drain(request).await?;
    tell(args.agent.output.output, &agent)
}

pub(super) async fn drain(args: DrainArgs) -> Result<Exit, Failure> {
    let within = args.within.map_or(0, |within| u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
    let request = v1::DrainAgentRequest { within_ms: within, ..withdrawal(&args.reasoned) };
    let NameArgs { connection, output, .. } = &args.reasoned.agent;
    let fleet = connection.connect().await?;
    let mut agent = fleet.drain(request).await?;
    if args.wait {
        agent = until_empty(&fleet, agent).await?;
    }
    tell(output.output, &agent)
}

pub(super) async fn undrain(args: NameArgs) -> Result<Exit, Failure> {
    let request = v1::DrainAgentRequest { name: args.name, ..v1::DrainAgentRequest::default() };
    let agent = args.connection.connect().await?.drain(request).await?;
    tell(args.output.output, &agent)
}

pub(super) async fn remove(args: RemoveArgs) -> Result<Exit, Failure> {
    let ReasonedArgs { agent: NameArgs { name, output, connection }, reason } = args.reasoned;
    let request = v1::RemoveAgentRequest { name, force: args.force, reason, asked_by: asked_by() };
    let agent = connection.connect().await?.remove_agent(request).await?;
    match output.output {
        Format::Json => output::line(&agent.json)?,
        Format::Text => output::line(format!("{} is removed", agent.view.name))?,
    }
    Ok(Exit::Success)
}

fn withdrawal(args: &ReasonedArgs) -> v1::DrainAgentRequest {
    v1::DrainAgentRequest {
        name: args.agent.name.clone(),
        drain: true,
        reason: args.reason.clone(),
        asked_by: asked_by(),
        ..v1::DrainAgentRequest::default()
    }
}

/// Who asks, by the name of the user's account.
fn asked_by() -> String {
    std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default()
}

/// Waits until the agent has no builds. It may be given builds again meanwhile: then nobody waits any more.
async fn until_empty(fleet: &Fleet, mut agent: Document<AgentView>) -> Result<Document<AgentView>, Failure> {
    let mut left = usize::MAX;
    while !agent.view.builds.is_empty() {
        if agent.view.withdrawal.is_none() {
            return Err(Failure::call(format!("agent {} was given back to service meanwhile", agent.view.name)));
        }
        if agent.view.builds.len() < left {
            left = agent.view.builds.len();
            output::note(&format!("{} builds left on {}", left, agent.view.name));
        }
        tokio::time::sleep(LOOK_EVERY).await;
        agent = find(fleet, &agent.view.name).await?;
    }
    Ok(agent)
}

async fn find(fleet: &Fleet, name: &AgentId) -> Result<Document<AgentView>, Failure> {
    let mut agents = fleet.agents().await?.into_iter();
    let found = agents.find(|agent| agent.view.name == *name);
    found.ok_or_else(|| Failure::call(format!("agent {name} does not exist any more")))
}

fn tell(format: Format, agent: &Document<AgentView>) -> Result<Exit, Failure> {
    match format {
        Format::Json => output::line(&agent.json)?,
        Format::Text => list::print(std::slice::from_ref(agent))?,
    }
    Ok(Exit::Success)
}
