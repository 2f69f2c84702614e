//! The connection to one engine: finds it, and gives each call its deadline. Everything that the engine may say is
//! `failure`'s; what is said to it is its siblings'. Invariant: no call goes to the engine but through `query`, `change`
//! or a stream that its reader bounds.

use super::address::{Address, Surroundings, candidates};
use super::failure::Failure;
use super::quirks::{self, Quirks};
use crate::sandbox::ExecutorError;
use bollard::Docker;
use bollard::errors::Error;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The client library counts its own time too; ours is the only one that shall matter.
const NEVER_SECONDS: u64 = 365 * 24 * 3600;

/// How long an engine may take. All are generous: they tell a hung engine from a slow one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlines {
    /// For the first answer of each address that is tried.
    pub connect: Duration,
    /// For calls that only ask: inspect, list, version.
    pub query: Duration,
    /// For calls that change something: create, start, kill, remove.
    pub change: Duration,
    /// For a pull without any progress (reliability F52).
    pub pull_stall: Duration,
    /// For a pull as a whole, all tries and the pauses between them.
    pub pull: Duration,
    /// Before a pull's second try; doubled for each that follows.
    pub pull_pause: Duration,
    /// While waiting for a program's end: how often the engine is asked whether it is still there.
    pub recheck: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            query: Duration::from_secs(20),
            change: Duration::from_secs(60),
            pull_stall: Duration::from_secs(120),
            pull: Duration::from_secs(45 * 60),
            pull_pause: Duration::from_secs(2),
            recheck: Duration::from_secs(30),
        }
    }
}

/// A connected engine.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) docker: Docker,
    pub(super) address: Address,
    pub(super) quirks: &'static Quirks,
    pub(super) deadlines: Deadlines,
}

impl Link {
    /// Connects to the first engine that answers.
    ///
    /// # Errors
    /// `Unreachable`, with each address that was tried and what to do.
    pub(super) async fn find(configured: Option<&str>, deadlines: &Deadlines) -> Result<Self, ExecutorError> {
        let candidates = candidates(configured, &Surroundings::read()).map_err(ExecutorError::Unreachable)?;
        let mut tried = Vec::new();
        for address in candidates {
            match Self::try_address(&address, deadlines).await {
                Ok(link) => return Ok(link),
                Err(why) => tried.push(format!("{address} ({why})")),
            }
        }
        Err(ExecutorError::Unreachable(format!(
            "no container engine answers; tried {}: start Docker or Podman (`systemctl start docker`, `systemctl \
             start podman.socket`), let this user use its socket, or configure the engine's address",
            tried.join(", ")
        )))
    }

    async fn try_address(address: &Address, deadlines: &Deadlines) -> Result<Self, String> {
        let docker = match address {
            Address::Unix(path) if !path.exists() => return Err("no such socket".to_owned()),
            Address::Unix(path) => {
                Docker::connect_with_unix(&path.to_string_lossy(), NEVER_SECONDS, bollard::API_DEFAULT_VERSION)
            }
            Address::Tcp(host) => Docker::connect_with_http(host, NEVER_SECONDS, bollard::API_DEFAULT_VERSION),
        };
        let docker = docker.map_err(|error| error.to_string())?;
        let greeting = async {
            let docker = docker.negotiate_version().await?;
            let version = docker.version().await?;
            Ok(Self { quirks: quirks::of(&version), docker, address: address.clone(), deadlines: deadlines.clone() })
        };
        match tokio::time::timeout(deadlines.connect, greeting).await {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(error)) => Err(Failure::of(error, "connecting", "it").message().to_owned()),
            Err(_) => Err(format!("takes connections but gives no answer within {:?}", deadlines.connect)),
        }
    }

    /// A call that only asks.
    pub(super) async fn query<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        self.bounded(doing, self.deadlines.query, call).await
    }

    /// A question about containers. For one that has ended and is not yet tidied up Podman has a word, `stopped`, that the
    /// client library cannot read; it lasts for a moment, so the question is put again.
    pub(super) async fn settled<T, F>(&self, doing: &str, call: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let until = Instant::now() + self.deadlines.query;
        let mut pause = Duration::from_millis(10);
        loop {
            match self.query(doing, call()).await {
                Err(Failure::Unreadable(_)) if Instant::now() + pause < until => {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(500));
                }
                answer => return answer,
            }
        }
    }

    /// A call that changes something. When its deadline passes the engine may still do it later: `remove` clears that.
    pub(super) async fn change<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        self.bounded(doing, self.deadlines.change, call).await
    }

    async fn bounded<T>(
        &self,
        doing: &str,
        deadline: Duration,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(deadline, call).await {
            Ok(result) => result.map_err(|error| self.failure(error, doing)),
            Err(_) => Err(Failure::Unreachable(format!(
                "{doing}: {self} did not answer within {deadline:?}: see whether `{}` answers, and restart the engine if not",
                self.quirks.check_command
            ))),
        }
    }

    pub(super) fn failure(&self, error: Error, doing: &str) -> Failure {
        Failure::of(error, doing, &self.to_string())
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.quirks.name, self.address)
    }
}
