//! The connection to a container engine: finds it, gives each call its deadline, and sorts what goes wrong by what can be
//! done about it. What is asked of it is `docker`'s and `swarm`'s. Invariant: no call goes to the engine but through
//! `call`.

use crate::provisioner::Error;
use crate::text::{chain, one_line};
use bollard::Docker;
use std::future::Future;
use std::path::Path;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The client library counts its own time too; ours is the only one that shall matter.
const NEVER_SECONDS: u64 = 365 * 24 * 3600;
/// Where engines listen, when nobody says.
const SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];

/// Which engine, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// `unix:///path/to.sock`, a path, or `tcp://host:port`. None: `DOCKER_HOST`, else the usual sockets.
    pub address: Option<String>,
    /// For the first answer.
    pub connect_within: Duration,
    /// For each call after it.
    pub answer_within: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { address: None, connect_within: Duration::from_secs(5), answer_within: Duration::from_secs(60) }
    }
}

/// An engine that is connected to when it is first needed.
#[derive(Debug)]
pub(crate) struct Engine {
    settings: EngineSettings,
    docker: OnceCell<Docker>,
}

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The engine does not know the thing.
    Absent(String),
    /// The thing is there already, or in use.
    Conflict(String),
    /// The engine does not accept the request.
    Rejected(String),
    /// No answer, or the engine tried and failed.
    Unavailable(String),
}

impl Engine {
    pub(crate) fn new(settings: EngineSettings) -> Self {
        Self { settings, docker: OnceCell::new() }
    }

    /// The address in use, as far as it is known without asking.
    pub(crate) fn address(&self) -> String {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let configured = self.settings.address.clone().or_else(|| named("DOCKER_HOST"));
        configured.unwrap_or_else(|| {
            let there = SOCKETS.iter().find(|socket| Path::new(socket).exists()).unwrap_or(&SOCKETS[0]);
            format!("unix://{there}")
        })
    }

    /// The engine's socket on its own host, which agents are given.
    pub(crate) fn socket(&self) -> String {
        let address = self.address();
        let path = address.strip_prefix("unix://").unwrap_or(&address);
        if path.starts_with('/') { path.to_owned() } else { SOCKETS[0].to_owned() }
    }

    /// The client, connected.
    pub(crate) async fn docker(&self) -> Result<&Docker, Error> {
        self.docker.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<Docker, Error> {
        let address = self.address();
        let path = address.strip_prefix("unix://").unwrap_or(&address);
        let host = address.strip_prefix("tcp://").or_else(|| address.strip_prefix("http://"));
        let docker = match host {
            Some(host) => Docker::connect_with_http(host, NEVER_SECONDS, bollard::API_DEFAULT_VERSION),
            None if path.starts_with('/') => {
                if !Path::new(path).exists() {
                    let what_to_do = "start the engine, or set the provisioner's engine";
                    return Err(Error::Unavailable(format!("no container engine at {address}: {what_to_do}")));
                }
                Docker::connect_with_unix(path, NEVER_SECONDS, bollard::API_DEFAULT_VERSION)
            }
            None => {
                let what_to_do = "write unix:///path/to.sock or tcp://host:port";
                return Err(Error::Refused(format!("the engine's address {address:?} is not supported: {what_to_do}")));
            }
        };
        let docker = docker.map_err(|error| Error::Unavailable(format!("{address}: {error}")))?;
        let within = self.settings.connect_within;
        match tokio::time::timeout(within, docker.negotiate_version()).await {
            Ok(Ok(docker)) => Ok(docker),
            Ok(Err(error)) => {
                Err(Error::Unavailable(format!("the container engine at {address} does not answer: {}", chain(&error))))
            }
            Err(_) => Err(Error::Unavailable(format!(
                "the container engine at {address} takes connections but gives no answer within {within:?}"
            ))),
        }
    }

    /// One call, with its deadline. `doing` begins the message when it fails.
    pub(crate) async fn call<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, Failure> {
        let within = self.settings.answer_within;
        match tokio::time::timeout(within, call).await {
            Ok(answered) => answered.map_err(|error| Failure::of(&error, doing, &self.address())),
            Err(_) => Err(Failure::Unavailable(format!(
                "{doing}: the engine at {} did not answer within {within:?}: see whether `docker version` answers",
                self.address()
            ))),
        }
    }
}

impl Failure {
    fn of(error: &bollard::errors::Error, doing: &str, address: &str) -> Self {
        let bollard::errors::Error::DockerResponseServerError { status_code, message } = error else {
            return Self::Unavailable(format!("{doing}: the engine at {address}: {}", chain(error)));
        };
        let text = format!("{doing}: {}", one_line(message));
        match status_code {
            404 => Self::Absent(text),
            409 => Self::Conflict(text),
            400..=499 => Self::Rejected(text),
            _ if text.contains("already in use") || text.contains("already exists") => Self::Conflict(text),
            // What an engine says that is in no swarm, and one that does not understand a service's constraint.
            _ if text.contains("not a swarm manager") || text.contains("constraint expected") => Self::Rejected(text),
            _ => Self::Unavailable(text),
        }
    }

    /// Whether the thing is not there.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }
}

/// Where the caller has nothing better to say.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Absent(text) | Failure::Rejected(text) => Self::Refused(text),
            Failure::Conflict(text) | Failure::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_sorted_by_what_can_be_done() {
        let of = |status_code, message: &str| {
            let error = bollard::errors::Error::DockerResponseServerError { status_code, message: message.to_owned() };
            Failure::of(&error, "x", "y")
        };
        assert!(of(404, "a").is_absent());
        assert!(matches!(Error::from(of(400, "a")), Error::Refused(_)));
        assert!(matches!(Error::from(of(500, "a")), Error::Unavailable(_)));
        assert!(matches!(of(500, "rpc error: constraint expected one operator from ==, !="), Failure::Rejected(_)));
        assert!(matches!(of(503, "This node is not a swarm manager."), Failure::Rejected(_)));
        assert!(matches!(of(500, "the name is already in use"), Failure::Conflict(_)));
    }
}
