//! How many instances a fleet has to have, and which of them go. Pure.
//!
//! [`plan`] is called with everything that is known and gives what is to be done now; called again with the same view
//! it gives the same. Truth about instances is what their provisioner says, truth about agents what is connected, truth
//! about work what is leased: nothing is remembered between two calls but what the view carries.

mod demand;
mod document;
mod growth;
mod lane;
mod limits;
mod policy;
mod schedule;
mod shrink;
mod slack;
mod supply;
mod view;

pub use document::{PolicyDocument, ScheduleDocument};
pub use policy::{Policy, Schedule};
pub use slack::ANTICIPATION;
pub use view::{Demand, Ending, FleetView, Known, Member, Pending};

use buildyard_model::{AgentId, InstanceId, Ticket, Timestamp};
use growth::Growth;
use slack::Slack;
use supply::Supply;

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

/// Decides what is to be done for the fleet now.
///
/// Whatever the view says: no agent with a build is terminated, nothing is terminated whose agent was not drained
/// before, nothing is launched above `max`, and nothing at all is launched or terminated while the provisioner does not
/// say what there is.
pub fn plan(view: &FleetView, policy: &Policy, now: Timestamp) -> Vec<Action> {
    let supply = Supply::of(view, policy, now);
    let slack = Slack::of(view, policy, now);
    let growth = Growth::of(view, &supply, policy, slack, now);
    if view.instances.is_none() {
        return growth.actions(view, &supply);
    }
    let mut actions = shrink::clear_up(&supply, policy);
    actions.extend(growth.actions(view, &supply));
    actions.extend(shrink::end_drained(&supply, &growth, now));
    let shed = shrink::shed(&supply, policy);
    if shed.is_empty() {
        actions.extend(shrink::drain_idle(view, &supply, &growth, policy, slack, now));
        actions.extend(shrink::consolidate(&supply, &growth, policy, slack, now));
    }
    actions.extend(shed);
    actions
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod world;
