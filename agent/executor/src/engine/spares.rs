//! Keeps networks for the next sandboxes: making and removing one costs an engine dozens of firewall changes, near half of
//! a short sandbox's time. A network is still one sandbox's own while that lives, and holds nothing of it afterwards.
//!
//! Invariants: a network is lent to one sandbox, and comes back at most once, as only the holder of its loan can return
//! it. What is not lent by this process is never kept. Networks that a dead process of the same owner left are removed by
//! `clear`; so an owner has one living process.

use super::failure::Failure;
use super::link::Link;
use super::network;
use crate::sandbox::{ExecutorError, SandboxId};
use bollard::query_parameters::{ListContainersOptionsBuilder, ListNetworksOptionsBuilder};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// On a network that may be kept: whose it is.
const OWNER: &str = "buildyard.network-owner";
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
}

#[derive(Debug, Default)]
pub(super) struct Spares {
    options: Option<SpareNetworks>,
    state: Mutex<State>,
}

/// A network lent to a sandbox that is being made. Unless confirmed, it goes back, also when its holder is dropped.
#[derive(Debug)]
pub(super) struct Loan<'a> {
    spares: &'a Spares,
    id: SandboxId,
    name: String,
    fresh: bool,
}

impl Loan<'_> {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The sandbox is there: its removal will give the network back.
    pub(super) fn confirm(mut self) {
        self.fresh = false;
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if self.fresh {
            self.spares.state().abandon(&self.id);
        }
    }
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<String>,
    lent: HashMap<SandboxId, String>,
    /// Those that should be there, as they were lent before.
    used: BTreeSet<String>,
}

impl Spares {
    pub(super) fn new(options: Option<SpareNetworks>) -> Self {
        Self { options, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network for a sandbox. Without spares it has the sandbox's own name.
    pub(super) fn lend(&self, id: &SandboxId) -> Loan<'_> {
        let (name, fresh) = match &self.options {
            Some(_) => self.state().lend(id),
            None => (id.0.clone(), false),
        };
        Loan { spares: self, id: id.clone(), name, fresh }
    }

    /// Sees to it that the network that was lent is there, and nobody on it.
    pub(super) async fn provide(
        &self,
        link: &Link,
        name: &str,
        sandbox: &BTreeMap<String, String>,
    ) -> Result<(), ExecutorError> {
        if self.options.is_none() || !self.state().is_used(name) {
            return network::create(link, name, &self.labels(sandbox)).await;
        }
        match link.query(&format!("inspecting network {name}"), link.docker.inspect_network(name, None)).await {
            Ok(found) if found.containers.as_ref().is_none_or(HashMap::is_empty) => Ok(()),
            Ok(_) => {
                Err(ExecutorError::Failed(format!("somebody else put a container on our network {name}: remove it")))
            }
            // Somebody pruned it.
            Err(Failure::Absent(_)) => network::create(link, name, &self.labels(sandbox)).await,
            Err(failure) => Err(failure.into()),
        }
    }

    /// The labels of a network that is made for a sandbox: a kept one must not look like that sandbox's for ever.
    fn labels(&self, sandbox: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        match &self.options {
            Some(options) => [(OWNER.to_owned(), options.owner.clone())].into(),
            None => sandbox.clone(),
        }
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
        let surplus = self.state().give_back(id, keep, named);
        match surplus {
            Some(name) => network::remove(link, &name).await,
            None => Ok(()),
        }
    }

    /// Removes what an earlier process of this owner kept, but no network that a container still needs.
    pub(super) async fn clear(&self, link: &Link) -> Result<(), ExecutorError> {
        let Some(options) = &self.options else { return Ok(()) };
        let filter = |label: String| HashMap::from([("label".to_owned(), vec![label])]);
        let owned =
            ListNetworksOptionsBuilder::default().filters(&filter(format!("{OWNER}={}", options.owner))).build();
        let using = ListContainersOptionsBuilder::default().all(true).filters(&filter(LENT.to_owned())).build();
        let networks = link.query("listing networks", link.docker.list_networks(Some(owned))).await?;
        let containers =
            link.settled("listing containers", || link.docker.list_containers(Some(using.clone()))).await?;
        let needed: BTreeSet<String> =
            containers.into_iter().filter_map(|container| container.labels?.remove(LENT)).collect();
        for name in networks.into_iter().filter_map(|network| network.name).filter(|name| !needed.contains(name)) {
            network::remove(link, &name).await?;
        }
        Ok(())
    }
}

impl State {
    /// An idle network, or the name for a new one. A sandbox that is made again gets what it was lent.
    /// Whether the loan is a new one is told, too.
    fn lend(&mut self, id: &SandboxId) -> (String, bool) {
        if let Some(name) = self.lent.get(id) {
            return (name.clone(), false);
        }
        let name = self.idle.pop().unwrap_or_else(|| format!("{}.net", id.0));
        self.lent.insert(id.clone(), name.clone());
        (name, true)
    }

    /// Ends the loan of a sandbox that was never made. Whether the network is there shows when it is lent again.
    fn abandon(&mut self, id: &SandboxId) {
        if let Some(name) = self.lent.remove(id) {
            self.used.insert(name.clone());
            self.idle.push(name);
        }
    }

    /// Whether a network has been kept since it served another sandbox, and so should be there.
    fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// Ends a loan; gives the network that is to be removed, if any. Whoever has no loan may only remove a network that
    /// is nobody's here: a second removal of a sandbox must not take what is lent to the next by now.
    fn give_back(&mut self, id: &SandboxId, keep: usize, named: Option<String>) -> Option<String> {
        let Some(name) = self.lent.remove(id) else {
            let name = named.unwrap_or_else(|| id.0.clone());
            let ours = self.idle.contains(&name) || self.lent.values().any(|lent| *lent == name);
            return (!ours).then_some(name);
        };
        if self.idle.len() >= keep {
            self.used.remove(&name);
            return Some(name);
        }
        self.used.insert(name.clone());
        self.idle.push(name);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> SandboxId {
        SandboxId(name.to_owned())
    }

    #[test]
    fn a_network_is_lent_to_one_sandbox_at_a_time() {
        let mut state = State::default();
        assert_eq!((state.lend(&id("a")), state.is_used("a.net")), (("a.net".into(), true), false));
        assert_eq!(state.lend(&id("a")), ("a.net".into(), false), "made again");
        assert_eq!(state.give_back(&id("a"), 1, None), None);
        assert_eq!((state.lend(&id("b")), state.is_used("a.net")), (("a.net".into(), true), true));
        assert_eq!(state.lend(&id("c")).0, "c.net");
    }

    #[test]
    fn a_network_comes_back_once_and_only_so_many_are_kept() {
        let mut state = State::default();
        for name in ["a", "b"] {
            state.lend(&id(name));
        }
        let named = Some("a.net".to_owned());
        assert_eq!(state.give_back(&id("a"), 1, named.clone()), None);
        assert_eq!(state.give_back(&id("a"), 1, named.clone()), None, "twice");
        assert_eq!(state.give_back(&id("b"), 1, None), Some("b.net".into()));
        assert_eq!(state.lend(&id("c")).0, "a.net");
        assert_eq!(state.give_back(&id("a"), 1, named), None, "it is the next one's by now");
    }

    #[test]
    fn a_loan_that_is_not_confirmed_goes_back() {
        let spares = Spares::new(Some(SpareNetworks { owner: "x".into(), keep: 1 }));
        drop(spares.lend(&id("a")));
        assert_eq!(spares.state().idle, ["a.net"]);
        spares.lend(&id("b")).confirm();
        let state = spares.state();
        assert_eq!((state.idle.len(), state.lent.len()), (0, 1));
    }

    #[test]
    fn a_network_of_an_earlier_process_is_removed() {
        let mut state = State::default();
        assert_eq!(state.give_back(&id("old"), 1, Some("x.net".into())), Some("x.net".into()));
        assert_eq!(state.give_back(&id("old"), 1, None), Some("old".into()), "its own, by its name");
    }
}
