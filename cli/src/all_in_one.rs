//! Coordinator, storage and one agent inside this process, which are the fleet's own code: what `up` keeps running
//! and what `run` needs around one build. Owns how they are put together and ended.

use crate::arguments::executor::ExecutorArgument;
use crate::command::coordinator::cannot_start;
use crate::failure::{Failure, chain};
use crate::fleet::Fleet;
use buildyard_agent::{Agent, AgentConfig, AgentHandle, ExecutorConfig, ExecutorKind};
use buildyard_coordinator::{Coordinator, CoordinatorConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What open calls of the coordinator get to end.
const GRACE: Duration = Duration::from_secs(5);

/// The running parts.
#[derive(Debug)]
pub(crate) struct AllInOne {
    pub(crate) coordinator: Coordinator,
    /// None where fleets have the agents.
    agent: Option<AgentHandle>,
    shutdown: CancellationToken,
}

/// How the builds that still run are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// They go on; the next agent on the same data directory takes them up.
    Running,
    /// They are killed, and nothing of them is left.
    Nothing,
}

impl AllInOne {
    /// Starts the coordinator, then the agent, admitted by the coordinator's own join token. Without an agent the
    /// coordinator's fleets have to start them.
    pub(crate) async fn start(
        coordinator: &CoordinatorConfig,
        secrets: Option<buildyard_coordinator::HeldSecrets>,
        agent: Option<AgentConfig>,
    ) -> Result<Self, Failure> {
        let shutdown = CancellationToken::new();
        let started = match secrets {
            Some(secrets) => Coordinator::start_with(coordinator, Arc::new(secrets), &shutdown).await,
            None => Coordinator::start(coordinator, &shutdown).await,
        };
        let coordinator = started.map_err(cannot_start)?;
        let Some(mut agent) = agent else { return Ok(Self { coordinator, agent: None, shutdown }) };
        agent.coordinator.endpoint = format!("http://{}", reachable(coordinator.grpc));
        agent.coordinator.join_token = Some(coordinator.credentials.join_token.clone());
        match Agent::start(agent, this_program()?, CancellationToken::new()).await {
            Ok(agent) => Ok(Self { coordinator, agent: Some(agent), shutdown }),
            Err(error) => {
                shutdown.cancel();
                coordinator.join().await;
                Err(Failure::service(format!("the agent cannot start: {}", chain(&error))))
            }
        }
    }

    /// A client of the coordinator.
    pub(crate) async fn connect(&self) -> Result<Fleet, Failure> {
        let endpoint = format!("http://{}", reachable(self.coordinator.grpc));
        Fleet::connect(&endpoint, self.coordinator.credentials.client_token.expose()).await
    }

    /// Waits until a part fails by itself; its reason is logged.
    pub(crate) async fn failed(&self) {
        self.shutdown.cancelled().await;
    }

    /// Ends the agent, then the coordinator.
    pub(crate) async fn end(self, leave: Leave) {
        if let Some(agent) = self.agent {
            let control = agent.control();
            match leave {
                Leave::Running => control.abort(),
                Leave::Nothing => control.kill_builds(),
            }
            if let Err(error) = agent.join().await {
                tracing::warn!(%error, "the agent did not end well");
            }
        }
        self.shutdown.cancel();
        // A client that holds a stream open may not keep the program alive.
        let _ = tokio::time::timeout(GRACE, self.coordinator.join()).await;
    }
}

/// The executor section for an argument.
pub(crate) fn executor(argument: ExecutorArgument) -> ExecutorConfig {
    match argument {
        ExecutorArgument::Docker => ExecutorConfig { kind: ExecutorKind::Docker, address: None },
        ExecutorArgument::Host => ExecutorConfig { kind: ExecutorKind::Host, address: None },
        ExecutorArgument::Podman => ExecutorConfig { kind: ExecutorKind::Docker, address: Some(podman_socket()) },
    }
}

/// Where Podman's API listens: the user's own, or the system's for root.
fn podman_socket() -> String {
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("podman/podman.sock"));
    let socket = own.filter(|socket| socket.exists()).unwrap_or_else(|| PathBuf::from("/run/podman/podman.sock"));
    format!("unix://{}", socket.display())
}

/// The program that builds get to run as their runner: this one.
pub(crate) fn this_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::service(format!("cannot find this program's own file: {error}")))
}

/// An address to dial for one to listen on.
fn reachable(mut address: std::net::SocketAddr) -> std::net::SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}
