//! `[queue]`: how waiting builds are shared out.

use super::ConfigError;
use buildyard_model::ProjectName;
use buildyard_service::{Placement, Queueing};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Larger weights would say nothing more.
const LARGEST_WEIGHT: u32 = 1000;

/// Which of the agents that fit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlacementPolicy {
    /// The least loaded.
    #[default]
    Spread,
    /// The most loaded, so that others empty and can go.
    Pack,
}

/// The `[queue]` section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueueConfig {
    pub placement: PlacementPolicy,
    /// What projects get of the slots in proportion to one another; 1 for those that are not named.
    pub weights: BTreeMap<ProjectName, u32>,
}

impl QueueConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.weights.iter().find(|(_, weight)| !(1..=LARGEST_WEIGHT).contains(*weight)) {
            Some((project, weight)) => Err(ConfigError::invalid(
                "queue.weights",
                &format!("has {weight} for {project}; must be from 1 to {LARGEST_WEIGHT}"),
            )),
            None => Ok(()),
        }
    }

    pub(crate) fn queueing(&self) -> Queueing {
        Queueing {
            weights: self.weights.clone().into_iter().collect(),
            placement: match self.placement {
                PlacementPolicy::Spread => Placement::Spread,
                PlacementPolicy::Pack => Placement::Pack,
            },
        }
    }
}
