//! Agents on the instances of an EC2 Auto Scaling group, which is given over to one fleet: it carries the tag
//! `buildyard.fleet`, and nothing is done to a group that does not.
//!
//! A group starts instances by number and knows no tickets: agents name their instance's id instead. Invariant: the
//! desired capacity is raised once per ticket, never beyond the group's MaxSize, and falls with each termination.

mod client;
#[cfg(test)]
mod tests;

pub use client::AutoScalingSettings;

use crate::owner::{FLEET_LABEL, Owner};
use crate::provisioner::{Error, Instance, InstanceState, Launch, Provisioner};
use async_trait::async_trait;
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance as Member, LifecycleState};
use buildyard_model::{InstanceId, Ticket};
use std::collections::{BTreeSet, VecDeque};
use tokio::sync::Mutex;

/// So many tickets are remembered: far more than can be repeated.
const REMEMBERED: usize = 10_000;

/// One fleet's group.
#[derive(Debug)]
pub struct AutoScaling {
    group: String,
    client: Client,
    owner: Owner,
    /// Tickets that the capacity was raised for. Whoever holds it is the one to change the capacity.
    raised: Mutex<VecDeque<Ticket>>,
}

impl AutoScaling {
    /// Nothing is asked yet.
    pub fn new(settings: &AutoScalingSettings, owner: Owner) -> Self {
        Self { group: settings.group.clone(), client: client::client(settings), owner, raised: Mutex::default() }
    }

    /// The group, if it is this fleet's.
    async fn group(&self) -> Result<AutoScalingGroup, Error> {
        let request = self.client.describe_auto_scaling_groups().auto_scaling_group_names(&self.group);
        let found = request.send().await.map_err(|error| client::failure(&self.group, &error))?;
        let Some(group) = found.auto_scaling_groups.unwrap_or_default().into_iter().next() else {
            return Err(Error::Refused(format!(
                "there is no Auto Scaling group {} in this region: make it, or set the provisioner's group and region",
                self.group
            )));
        };
        let fleet = self.owner.fleet.as_str();
        let tagged = |tag: &aws_sdk_autoscaling::types::TagDescription| {
            tag.key.as_deref() == Some(FLEET_LABEL) && tag.value.as_deref() == Some(fleet)
        };
        if group.tags().iter().any(tagged) {
            return Ok(group);
        }
        Err(Error::Refused(format!(
            "the Auto Scaling group {group} is not given over to fleet {fleet}: tag it with `aws autoscaling \
             create-or-update-tags --tags ResourceType=auto-scaling-group,ResourceId={group},Key={FLEET_LABEL},\
             Value={fleet},PropagateAtLaunch=true`",
            group = self.group
        )))
    }

    async fn raise(&self, group: &AutoScalingGroup, by: usize) -> Result<usize, Error> {
        let desired = group.desired_capacity.unwrap_or(0);
        let wanted = desired.saturating_add(i32::try_from(by).unwrap_or(i32::MAX));
        let to = wanted.min(group.max_size.unwrap_or(0));
        if to <= desired {
            return Ok(0);
        }
        let request = self.client.set_desired_capacity().auto_scaling_group_name(&self.group).desired_capacity(to);
        request.honor_cooldown(false).send().await.map_err(|error| client::failure(&self.group, &error))?;
        tracing::info!(group = self.group, from = desired, to, "raised a group's desired capacity");
        Ok(usize::try_from(to - desired).unwrap_or(0))
    }
}

#[async_trait]
impl Provisioner for AutoScaling {
    fn kind(&self) -> &'static str {
        "autoscaling_group"
    }

    async fn launch(&self, launches: &[Launch]) -> Result<(), Error> {
        let mut raised = self.raised.lock().await;
        let tickets: BTreeSet<Ticket> = launches.iter().map(|launch| launch.ticket).collect();
        let new: Vec<Ticket> = tickets.into_iter().filter(|ticket| !raised.contains(ticket)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let group = self.group().await?;
        let by = self.raise(&group, new.len()).await?;
        raised.extend(new.iter().take(by));
        let surplus = raised.len().saturating_sub(REMEMBERED);
        raised.drain(..surplus);
        if by == new.len() {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "{} of {} instances cannot be launched: the Auto Scaling group {} is at its MaxSize of {}, raise that or \
             lower the fleet's max",
            new.len() - by,
            new.len(),
            self.group,
            group.max_size.unwrap_or(0)
        )))
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<(), Error> {
        let _turn = self.raised.lock().await;
        let group = self.group().await?;
        let found = group.instances().iter().find(|member| member.instance_id.as_deref() == Some(&instance.0));
        if found.and_then(state).is_none_or(|state| state == InstanceState::Stopping) {
            return Ok(());
        }
        let request = self.client.terminate_instance_in_auto_scaling_group().instance_id(&instance.0);
        let ended = request.should_decrement_desired_capacity(true).send().await;
        ended.map(|_| ()).map_err(|error| client::failure(&self.group, &error))
    }

    async fn instances(&self) -> Result<Vec<Instance>, Error> {
        let group = self.group().await?;
        let listed = group.instances().iter().filter_map(|member| {
            let id = InstanceId(member.instance_id.clone()?);
            Some(Instance { id, ticket: None, state: state(member)?, launched_at: None })
        });
        Ok(listed.collect())
    }
}

/// None for an instance that is gone, or that somebody has put aside.
fn state(member: &Member) -> Option<InstanceState> {
    use LifecycleState as Life;
    match member.lifecycle_state.as_ref()? {
        Life::Pending | Life::PendingWait | Life::PendingProceed => Some(InstanceState::Starting),
        Life::InService => Some(InstanceState::Running),
        Life::Terminating | Life::TerminatingWait | Life::TerminatingProceed => Some(InstanceState::Stopping),
        _ => None,
    }
}
