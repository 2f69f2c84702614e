//! How many instances a fleet has to have, and which of them go. Pure.
//!
//! [`plan`] is called with everything that is known and gives what is to be done now; called again with the same view
//! it gives the same. Truth about instances is what their provisioner says, truth about agents what is connected, truth
//! about work what is leased: nothing is remembered between two calls but what the view carries.

mod policy;
mod view;

pub use policy::{Policy, Schedule};
pub use view::{Demand, FleetView, Known, Member, Pending};

use buildyard_model::{AgentId, InstanceId, Ticket};

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Start so many instances.
    Launch { count: u32, reason: String },
    /// Give the agent no more builds and take back what it was only offered: its instance is to go.
    Drain { agent: AgentId, reason: String },
    /// Give it builds again: it is needed after all.
    Undrain { agent: AgentId, reason: String },
    /// End the instance: its agent has nothing in its hands, or it never had one.
    Terminate { instance: InstanceId, reason: String },
    /// No longer wait for the launch.
    Forget { ticket: Ticket, reason: String },
}
