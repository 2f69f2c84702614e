//! By which launch the agent woke up, and what it leaves. It is told by the environment alone: a file may outlive an instance.

use buildyard_model::{FleetName, InstanceId, Ticket};

/// What a provisioner told the agent. All none for one that nobody launched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaunchConfig {
    /// Named to the coordinator, which knows its launches by it.
    pub ticket: Option<Ticket>,
    /// Whose builds alone it takes.
    pub fleet: Option<FleetName>,
    /// What the provisioner calls the instance.
    pub instance: Option<InstanceId>,
    /// Whether the data directory is to be emptied when the agent has ended: nobody else can reach it.
    pub is_ephemeral: bool,
}

impl LaunchConfig {
    /// Whether a coordinator launched it, and will end it.
    pub fn is_launched(&self) -> bool {
        self.ticket.is_some() || self.instance.is_some()
    }
}
