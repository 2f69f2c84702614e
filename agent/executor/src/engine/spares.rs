//! Keeps networks for the next sandboxes: making and removing one costs an engine dozens of firewall changes, near half of
//! a short sandbox's time. A network is still one sandbox's own while that lives. Where the same tenant's sandboxes follow
//! one another, the network's namespace is kept, too (`holder`).
//!
//! Invariants: what is not lent by this process is never kept. Networks and holders that a dead process of the same owner
//! left are removed by `clear`; so an owner has one living process.

mod pool;

use self::pool::{Network, Pool, Returned};
use super::failure::Failure;
use super::holder::{self, Files, Holder, Holding};
use super::link::Link;
use super::network;
use crate::sandbox::{ExecutorError, Mount, SandboxId};
use bollard::query_parameters::{ListContainersOptionsBuilder, ListNetworksOptionsBuilder};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long an engine that could not hold a namespace is left alone.
const REST: Duration = Duration::from_secs(300);
/// On a network that may be kept, and on its holder: whose it is.
pub(super) const OWNER: &str = "buildyard.network-owner";
/// On a container: the network it was lent.
pub(super) const LENT: &str = "buildyard.network";

/// Whose networks are kept, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpareNetworks {
    /// Unique among the living users of the engine: the agent's id.
    pub owner: String,
    /// Kept at most while no sandbox uses them. The engine's address pools, about 30 networks by default, must hold
    /// these beside all running sandboxes.
    pub keep: usize,
    /// Keeps a network's namespace, too, while the same tenant comes again. Absent: each sandbox has a new one.
    pub holder: Option<Holder>,
}

#[derive(Debug, Default)]
pub(super) struct Spares {
    options: Option<SpareNetworks>,
    engine_root: Option<PathBuf>,
    pool: Mutex<Pool>,
    /// The engine did not let a namespace be held: it is not asked again before this.
    hold_again: Mutex<Option<Instant>>,
}

/// A network lent to a sandbox that is being made. Unless confirmed, it goes back, also when its holder is dropped.
#[derive(Debug)]
pub(super) struct Loan<'a> {
    spares: &'a Spares,
    id: SandboxId,
    network: Network,
    fresh: bool,
}

impl Loan<'_> {
    /// The network's name.
    pub(super) fn name(&self) -> &str {
        &self.network.name
    }

    /// The container whose namespace is to be joined, and the sandbox's own copies of the files that belong to it.
    pub(super) fn joins(&self) -> Option<(String, Vec<Mount>)> {
        let files = self.network.held.as_ref()?;
        Some((holder::name(self.name()), files.mounts(&self.spares.folder(self.name())?)))
    }

    /// The sandbox is there: its removal will give the network back.
    pub(super) fn confirm(mut self) {
        self.fresh = false;
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if self.fresh {
            self.spares.pool().abandon(&self.id);
        }
    }
}

/// A network whose namespace is being held; it waits for the next sandbox however that ends.
#[derive(Debug)]
struct Settling<'a> {
    spares: &'a Spares,
    network: Network,
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.spares.pool().keep(self.network.clone());
    }
}

impl Spares {
    pub(super) fn new(mut options: Option<SpareNetworks>, link: &Link, engine_root: Option<PathBuf>) -> Self {
        if let Some(options) = options.as_mut().filter(|_| !link.quirks.joins_namespaces) {
            options.holder = None;
        }
        Self { options, engine_root, ..Self::default() }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold_again(&self) -> MutexGuard<'_, Option<Instant>> {
        self.hold_again.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> Option<Holding<'_>> {
        let options = self.options.as_ref()?;
        Some(Holding { by: options.holder.as_ref()?, owner: &options.owner, engine_root: self.engine_root.as_deref() })
    }

    /// Where a network's sandbox has its own files of the namespace.
    fn folder(&self, network: &str) -> Option<PathBuf> {
        self.held().map(|held| held.by.folder.join(network))
    }

    /// The network for a sandbox. Without spares it has the sandbox's own name. Files that it needs are in place.
    pub(super) async fn lend(&self, id: &SandboxId, tenant: Option<&str>) -> Result<Loan<'_>, ExecutorError> {
        let (network, fresh) = match &self.options {
            Some(_) => self.pool().lend(id, tenant),
            None => (Network::new(id.0.clone()), false),
        };
        let loan = Loan { spares: self, id: id.clone(), network, fresh };
        if let (Some(files), Some(folder)) = (&loan.network.held, self.folder(loan.name())) {
            files.lay_out(&folder).await?;
        }
        Ok(loan)
    }

    /// Sees to it that the network that was lent is there, and nobody on it but its holder, where that is to be joined.
    pub(super) async fn provide(
        &self,
        link: &Link,
        loan: &Loan<'_>,
        sandbox: &BTreeMap<String, String>,
    ) -> Result<(), ExecutorError> {
        let name = loan.name();
        if let (Some(_), Some(held)) = (&loan.network.held, self.held()) {
            return match holder::keep_up(link, &held, name).await {
                Ok(Some(files)) => self.held_anew(loan, &files).await,
                Ok(None) => Ok(()),
                Err(error) => {
                    self.pool().held_no_more(&loan.id);
                    Err(error)
                }
            };
        }
        if self.options.is_none() || !self.pool().is_used(name) {
            return network::create(link, name, &self.labels(sandbox)).await;
        }
        match link.query(&format!("inspecting network {name}"), link.docker.inspect_network(name, None)).await {
            Ok(found) => {
                let on_it = found.containers.unwrap_or_default().into_values().filter_map(|container| container.name);
                self.vacate(link, name, on_it.collect()).await
            }
            // Somebody pruned it.
            Err(Failure::Absent(_)) => network::create(link, name, &self.labels(sandbox)).await,
            Err(failure) => Err(failure.into()),
        }
    }

    async fn held_anew(&self, loan: &Loan<'_>, files: &Files) -> Result<(), ExecutorError> {
        self.pool().held_anew(&loan.id, files);
        match self.folder(loan.name()) {
            Some(folder) => files.lay_out(&folder).await,
            None => Ok(()),
        }
    }

    /// Takes a holder off a network that its tenant does not get again.
    async fn vacate(&self, link: &Link, name: &str, on_it: Vec<String>) -> Result<(), ExecutorError> {
        if on_it.iter().any(|container| *container != holder::name(name)) {
            return Err(ExecutorError::Failed(format!(
                "somebody else put a container on our network {name}: remove it"
            )));
        }
        if on_it.is_empty() { Ok(()) } else { holder::remove(link, name).await }
    }

    /// The labels of a network that is made for a sandbox: a kept one must not look like that sandbox's for ever.
    fn labels(&self, sandbox: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        match &self.options {
            Some(options) => [(OWNER.to_owned(), options.owner.clone())].into(),
            None => sandbox.clone(),
        }
    }

    /// Whether this process lent the sandbox its network.
    pub(super) fn has_lent(&self, id: &SandboxId) -> bool {
        self.pool().lent_to(id).is_some()
    }

    /// Takes a sandbox's network back once its container is gone: kept, or removed when there are enough. `named` is the
    /// network that its container named; one of an earlier process is removed.
    pub(super) async fn give_back(
        &self,
        link: &Link,
        id: &SandboxId,
        named: Option<String>,
    ) -> Result<(), ExecutorError> {
        let keep = self.options.as_ref().map_or(0, |options| options.keep);
        let folder = self.pool().lent_to(id).and_then(|network| self.folder(&network));
        if let Some(folder) = folder
            && let Err(error) = holder::clear(&folder).await
        {
            tracing::warn!(sandbox = id.0, %error, "a sandbox's copies of its network's files could not be removed yet");
        }
        let returned = self.pool().give_back(id, keep, named);
        match returned {
            Returned::Settled => Ok(()),
            Returned::Surplus(name) => self.remove(link, &name).await,
            Returned::Hold(network) => {
                self.hold(link, Settling { spares: self, network }).await;
                Ok(())
            }
        }
    }

    /// Without a holder the network is kept all the same.
    async fn hold(&self, link: &Link, mut settling: Settling<'_>) {
        let Some(held) = self.held() else { return };
        if self.hold_again().is_some_and(|at| Instant::now() < at) {
            return;
        }
        match holder::hold(link, &held, &settling.network.name).await {
            Ok(files) => settling.network.held = Some(files),
            Err(error) => {
                tracing::warn!(%error, "network namespaces cannot be kept between builds, which start slower without");
                *self.hold_again() = Some(Instant::now() + REST);
            }
        }
    }

    async fn remove(&self, link: &Link, network: &str) -> Result<(), ExecutorError> {
        if let Some(folder) = self.folder(network) {
            holder::remove(link, network).await?;
            let _ = holder::clear(&folder).await;
        }
        network::remove(link, network).await
    }

    /// Removes what an earlier process of this owner kept, but nothing that a container still needs.
    pub(super) async fn clear(&self, link: &Link) -> Result<(), ExecutorError> {
        let Some(options) = &self.options else { return Ok(()) };
        let filter = |label: String| HashMap::from([("label".to_owned(), vec![label])]);
        let owned = filter(format!("{OWNER}={}", options.owner));
        let networks = ListNetworksOptionsBuilder::default().filters(&owned).build();
        let holders = ListContainersOptionsBuilder::default().all(true).filters(&owned).build();
        let using = ListContainersOptionsBuilder::default().all(true).filters(&filter(LENT.to_owned())).build();
        let networks = link.query("listing networks", link.docker.list_networks(Some(networks))).await?;
        let containers =
            link.settled("listing containers", || link.docker.list_containers(Some(using.clone()))).await?;
        let needed: BTreeSet<String> =
            containers.into_iter().filter_map(|container| container.labels?.remove(LENT)).collect();
        let holders = link.settled("listing holders", || link.docker.list_containers(Some(holders.clone()))).await?;
        for name in holders.into_iter().filter_map(|holder| holder.names).flatten() {
            if let Some(network) = holder::network_of(&name).filter(|network| !needed.contains(*network)) {
                holder::remove(link, network).await?;
            }
        }
        for name in networks.into_iter().filter_map(|network| network.name).filter(|name| !needed.contains(name)) {
            self.remove(link, &name).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loan_that_is_not_confirmed_goes_back() {
        let options = SpareNetworks { owner: "x".into(), keep: 1, holder: None };
        let spares = Spares { options: Some(options), ..Spares::default() };
        let id = |name: &str| SandboxId(name.to_owned());
        drop(spares.lend(&id("a"), None).await.unwrap());
        let loan = spares.lend(&id("b"), None).await.unwrap();
        assert_eq!(loan.name(), "a.net");
        loan.confirm();
        assert!(spares.has_lent(&id("b")));
    }
}
