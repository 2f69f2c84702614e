//! Which networks wait, which are lent to whom, and which of them suits a sandbox. Pure.
//!
//! Invariants: a network is lent to one sandbox at a time and comes back at most once, as only the holder of its loan can
//! return it; a namespace that is held for a tenant is lent as such to nobody else.

use super::super::holder::Files;
use crate::sandbox::SandboxId;
use std::collections::{BTreeSet, HashMap};

/// A network that may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Network {
    pub(in super::super) name: String,
    /// Whose sandbox was on it last.
    tenant: Option<String>,
    /// Its namespace is held for that tenant, with these files.
    pub(in super::super) held: Option<Files>,
}

impl Network {
    pub(super) fn new(name: String) -> Self {
        Self { name, tenant: None, held: None }
    }

    /// The more, the better it is for a sandbox of `tenant`: held for it already, soon to be, nobody's, held for another.
    fn fitness(&self, tenant: Option<&str>) -> u8 {
        let same = tenant.is_some() && self.tenant.as_deref() == tenant;
        match (same, self.held.is_some()) {
            (true, true) => 3,
            (true, false) => 2,
            (false, false) => 1,
            (false, true) => 0,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Vec<Network>,
    lent: HashMap<SandboxId, Lent>,
    /// Those that were kept since they served a sandbox, and so should be there.
    used: BTreeSet<String>,
}

#[derive(Debug)]
struct Lent {
    network: Network,
    tenant: Option<String>,
}

/// What becomes of a network that comes back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Returned {
    /// It waits for the next sandbox, or is none of ours to act on.
    Settled,
    /// It is one too many.
    Surplus(String),
    /// The same tenant had it twice in a row, and will again: its namespace is to be held before it waits (`keep`).
    Hold(Network),
}

impl Pool {
    /// The network that waits and suits best, or a new one. A sandbox that is made again gets what it was lent. Whether
    /// the loan is a new one is told, too.
    pub(super) fn lend(&mut self, id: &SandboxId, tenant: Option<&str>) -> (Network, bool) {
        if let Some(lent) = self.lent.get(id) {
            return (lent.network.clone(), false);
        }
        let best = (0..self.idle.len()).max_by_key(|at| self.idle[*at].fitness(tenant));
        let mut network = match best {
            Some(at) => self.idle.remove(at),
            None => Network::new(format!("{}.net", id.0)),
        };
        if tenant.is_none() || network.tenant.as_deref() != tenant {
            network.held = None;
        }
        let lent = Lent { network: network.clone(), tenant: tenant.map(str::to_owned) };
        self.lent.insert(id.clone(), lent);
        (network, true)
    }

    /// Ends the loan of a sandbox that was never made. Whether the network is there shows when it is lent again.
    pub(super) fn abandon(&mut self, id: &SandboxId) {
        if let Some(lent) = self.lent.remove(id) {
            self.keep(lent.network);
        }
    }

    /// Whether it has been kept since it served a sandbox, and so should be there.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// The network that a sandbox has.
    pub(super) fn lent_to(&self, id: &SandboxId) -> Option<String> {
        self.lent.get(id).map(|lent| lent.network.name.clone())
    }

    /// The namespace that a loan's network has was set up anew.
    pub(super) fn held_anew(&mut self, id: &SandboxId, files: &Files) {
        if let Some(lent) = self.lent.get_mut(id) {
            lent.network.held = Some(files.clone());
        }
    }

    /// It could not be: whoever has the network next gets a new one, and takes away what is left of the holder.
    pub(super) fn held_no_more(&mut self, id: &SandboxId) {
        if let Some(lent) = self.lent.get_mut(id) {
            lent.network.held = None;
        }
    }

    /// Ends a loan. Whoever has none may only remove a network that is nobody's here: a second removal of a sandbox must
    /// not take what is lent to the next by now.
    pub(super) fn give_back(&mut self, id: &SandboxId, keep: usize, named: Option<String>) -> Returned {
        let Some(Lent { mut network, tenant }) = self.lent.remove(id) else {
            let name = named.unwrap_or_else(|| id.0.clone());
            let ours = self.used.contains(&name) || self.lent.values().any(|lent| lent.network.name == name);
            return if ours { Returned::Settled } else { Returned::Surplus(name) };
        };
        if self.idle.len() >= keep {
            self.used.remove(&network.name);
            return Returned::Surplus(network.name);
        }
        let again = tenant.is_some() && network.tenant == tenant;
        network.tenant = tenant;
        if again && network.held.is_none() {
            self.used.insert(network.name.clone());
            return Returned::Hold(network);
        }
        self.keep(network);
        Returned::Settled
    }

    /// From now on it waits for the next sandbox.
    pub(super) fn keep(&mut self, network: Network) {
        self.used.insert(network.name.clone());
        self.idle.push(network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> SandboxId {
        SandboxId(name.to_owned())
    }

    fn lend(pool: &mut Pool, name: &str, tenant: Option<&str>) -> (String, bool) {
        let (network, _) = pool.lend(&id(name), tenant);
        (network.name, network.held.is_some())
    }

    /// Gives it back, and has it held when that is asked for.
    fn give_back(pool: &mut Pool, name: &str) -> &'static str {
        match pool.give_back(&id(name), 2, None) {
            Returned::Settled => "kept",
            Returned::Surplus(_) => "removed",
            Returned::Hold(network) => {
                pool.keep(Network { held: Some(Files::default()), ..network });
                "held"
            }
        }
    }

    #[test]
    fn a_network_is_lent_to_one_sandbox_at_a_time() {
        let mut pool = Pool::default();
        assert_eq!(pool.lend(&id("a"), None), (Network::new("a.net".into()), true));
        assert!(!pool.is_used("a.net"));
        assert!(!pool.lend(&id("a"), None).1, "made again");
        assert_eq!(pool.give_back(&id("a"), 1, None), Returned::Settled);
        assert_eq!(pool.lend(&id("b"), None), (Network::new("a.net".into()), true));
        assert!(pool.is_used("a.net"));
        assert_eq!(lend(&mut pool, "c", None).0, "c.net");
    }

    #[test]
    fn a_network_comes_back_once_and_only_so_many_are_kept() {
        let mut pool = Pool::default();
        for name in ["a", "b"] {
            pool.lend(&id(name), None);
        }
        let named = Some("a.net".to_owned());
        assert_eq!(pool.give_back(&id("a"), 1, named.clone()), Returned::Settled);
        assert_eq!(pool.give_back(&id("a"), 1, named.clone()), Returned::Settled, "twice");
        assert_eq!(pool.give_back(&id("b"), 1, None), Returned::Surplus("b.net".into()));
        assert_eq!(lend(&mut pool, "c", None).0, "a.net");
        assert_eq!(pool.give_back(&id("a"), 1, named), Returned::Settled, "it is the next one's by now");
    }

    #[test]
    fn a_network_of_an_earlier_process_is_removed() {
        let mut pool = Pool::default();
        assert_eq!(pool.give_back(&id("old"), 1, Some("x.net".into())), Returned::Surplus("x.net".into()));
        assert_eq!(pool.give_back(&id("old"), 1, None), Returned::Surplus("old".into()), "its own, by its name");
    }

    #[test]
    fn a_tenant_that_comes_again_finds_its_namespace_and_nobody_else_does() {
        let mut pool = Pool::default();
        for (name, done) in [("a1", "kept"), ("a2", "held"), ("a3", "kept")] {
            assert_eq!(lend(&mut pool, name, Some("a")), ("a1.net".into(), name == "a3"));
            assert_eq!(give_back(&mut pool, name), done);
        }
        for other in [Some("b"), None] {
            let mut pool = Pool { idle: pool.idle.clone(), ..Pool::default() };
            assert_eq!(lend(&mut pool, "other", other), ("a1.net".into(), false), "the namespace is not given on");
        }
    }

    #[test]
    fn what_is_held_for_others_is_taken_last() {
        let mut pool = Pool::default();
        for name in ["x", "y"] {
            pool.lend(&id(name), Some("a"));
        }
        pool.give_back(&id("y"), 2, None);
        pool.lend(&id("z"), Some("a"));
        assert_eq!((give_back(&mut pool, "z"), give_back(&mut pool, "x")), ("held", "kept"));
        assert_eq!(lend(&mut pool, "of-b", Some("b")), ("x.net".into(), false));
        assert_eq!(lend(&mut pool, "of-a", Some("a")), ("y.net".into(), true));
    }

    #[test]
    fn a_network_whose_namespace_is_being_held_is_not_removed_by_a_second_removal() {
        let mut pool = Pool::default();
        pool.lend(&id("a1"), Some("a"));
        pool.give_back(&id("a1"), 1, None);
        pool.lend(&id("a2"), Some("a"));
        let Returned::Hold(network) = pool.give_back(&id("a2"), 1, None) else { panic!("not to be held") };
        assert_eq!(pool.give_back(&id("a2"), 1, Some(network.name)), Returned::Settled);
    }
}
