//! Makes a sandbox: container and network at the same time, where neither needs the other before the start. Invariant: when
//! it fails, what was made is removed again.

use super::link::Link;
use super::{Engine, container, failure::Failure, mounts, remove, state};
use crate::name;
use crate::sandbox::{ExecutorError, SandboxId, SandboxSpec};
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use std::collections::BTreeMap;

/// Tells people in `docker ps` whose container it is.
const PREFIX: &str = "buildyard-";

/// See `Executor::create`.
pub(super) async fn create(engine: &Engine, spec: &SandboxSpec) -> Result<SandboxId, ExecutorError> {
    name::check(spec)?;
    let link = &engine.link;
    mounts::check(&spec.mounts, link.address.socket()).await?;
    let id = SandboxId(format!("{PREFIX}{}", spec.name));
    let mut body = container::body(spec, engine.resources(), &engine.options)?;
    let tenant = spec.tenant.as_deref().filter(|_| !spec.privileged);
    let network = engine.spares.lend(&id, tenant).await?;
    container::put_on(&mut body, &network)?;
    if let Some(root) = &engine.root {
        container::reach_into(&mut body, root);
    }
    let provide =
        async { tokio::join!(engine.spares.provide(link, &network, &spec.labels), engine.firewall.ensure()).0 };
    let create = create_container(link, &id.0, &spec.labels, body);
    // A container is made for one holder, not for whichever has its name at the start.
    let network_comes_first = link.quirks.network_comes_first || network.joins().is_some();
    let (provided, container) =
        if network_comes_first { (provide.await, create.await) } else { tokio::join!(provide, create) };
    let trouble = match (provided, container) {
        (_, Ok(Made::Taken(why))) => return Err(ExecutorError::Refused(why)),
        (Ok(()), Ok(Made::Ours)) => {
            network.confirm();
            return Ok(id);
        }
        // Without a network, what is wrong with the container may come from that.
        (Err(trouble), _) | (Ok(()), Err(trouble)) => trouble,
    };
    if let Err(error) = remove::remove(engine, &id).await {
        tracing::warn!(sandbox = id.0, %error, "a sandbox that is half made could not be removed");
    }
    Err(trouble)
}

/// Whose the container of this name is.
#[derive(Debug)]
enum Made {
    /// This sandbox's, and it never ran.
    Ours,
    /// Somebody else's, or of a run of this sandbox; it is let alone.
    Taken(String),
}

async fn create_container(
    link: &Link,
    name: &str,
    labels: &BTreeMap<String, String>,
    body: ContainerCreateBody,
) -> Result<Made, ExecutorError> {
    let image = body.image.clone().unwrap_or_default();
    let options = CreateContainerOptionsBuilder::default().name(name).build();
    match link.change(&format!("creating container {name}"), link.docker.create_container(Some(options), body)).await {
        Ok(_) => Ok(Made::Ours),
        Err(Failure::Conflict(_)) => adopt(link, name, labels).await,
        Err(Failure::Absent(text)) => Err(ExecutorError::Image(format!(
            "{text}: image {image} went away before the sandbox was made; see whether something prunes images on this host"
        ))),
        Err(failure) => Err(failure.into()),
    }
}

/// The call was repeated: the container is there. It is the same sandbox if it has our labels and never ran.
async fn adopt(link: &Link, name: &str, labels: &BTreeMap<String, String>) -> Result<Made, ExecutorError> {
    let found =
        link.settled(&format!("inspecting container {name}"), || link.docker.inspect_container(name, None)).await?;
    let found_labels = found.config.and_then(|config| config.labels).unwrap_or_default();
    let same = labels.iter().all(|(key, value)| found_labels.get(key) == Some(value));
    if same && state::of(found.state.as_ref()).is_fresh() {
        return Ok(Made::Ours);
    }
    let whose = if same { "a run of this sandbox" } else { "another container" };
    Ok(Made::Taken(format!("the name {name} is taken by {whose}: remove it first")))
}
