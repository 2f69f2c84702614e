//! Who launches: one coordinator, for one fleet. Whatever a provisioner starts carries both names, and it lists and
//! touches only what carries them.

use crate::provisioner::Launch;
use buildyard_model::{FleetName, Ticket};
use std::collections::{BTreeMap, HashMap};

/// The label with the coordinator's name.
pub(crate) const COORDINATOR_LABEL: &str = "buildyard.coordinator";
/// The label with the fleet's name.
pub(crate) const FLEET_LABEL: &str = "buildyard.fleet";
/// The label with the launch's ticket.
pub(crate) const TICKET_LABEL: &str = "buildyard.ticket";
/// The label with the agent's name. Not `buildyard.agent`, by which agents know their sandboxes.
pub(crate) const NAME_LABEL: &str = "buildyard.agent-name";

/// One coordinator's one fleet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// What the coordinator is known by, the same after each of its restarts.
    pub coordinator: String,
    pub fleet: FleetName,
}

impl Owner {
    /// What is common to everything of this fleet.
    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        let pairs = [(COORDINATOR_LABEL, self.coordinator.as_str()), (FLEET_LABEL, self.fleet.as_str())];
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    /// What one launch's instance carries.
    pub(crate) fn labels_of(&self, launch: &Launch) -> HashMap<String, String> {
        let own = [(TICKET_LABEL, launch.ticket.to_string()), (NAME_LABEL, launch.agent.clone())];
        self.labels().into_iter().chain(own.map(|(key, value)| (key.to_owned(), value))).collect()
    }

    /// The ticket of something with these labels, if it is this fleet's.
    pub(crate) fn ticket(&self, labels: &HashMap<String, String>) -> Option<Ticket> {
        let ours = self.labels().iter().all(|(key, value)| labels.get(key) == Some(value));
        labels.get(TICKET_LABEL).filter(|_| ours)?.parse().ok()
    }

    /// A filter of the engine's lists. It is the engine's to understand: what we act on is checked by `ticket`.
    pub(crate) fn filter(&self) -> HashMap<String, Vec<String>> {
        let labels = self.labels().into_iter().map(|(key, value)| format!("{key}={value}"));
        [("label".to_owned(), labels.collect())].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{launch, owner};

    #[test]
    fn only_what_carries_both_names_and_a_ticket_is_owned() {
        let (own, launch) = (owner("c", "fleet"), launch("fleet"));
        let labels = own.labels_of(&launch);
        assert_eq!(own.ticket(&labels), Some(launch.ticket));
        assert_eq!(owner("d", "fleet").ticket(&labels), None);
        assert_eq!(owner("c", "other").ticket(&labels), None);
        let without = labels.clone().into_iter().filter(|(key, _)| key != TICKET_LABEL).collect();
        assert_eq!(own.ticket(&without), None);
    }
}
