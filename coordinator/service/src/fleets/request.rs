//! What CreateFleet and UpdateFleet give, and how it changes a fleet. Pure.

use crate::Error;
use buildyard_model::Fleet;
use buildyard_model::fleet::{ProxyConfiguration, ScalingConfiguration};
use buildyard_model::project::{ComputeConfiguration, Tag, VpcConfig};
use serde::Deserialize;

/// The members of both operations in the model's spelling. What is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FleetRequest {
    /// CreateFleet only.
    pub name: Option<String>,
    pub base_capacity: Option<i64>,
    pub environment_type: Option<String>,
    pub compute_type: Option<String>,
    pub compute_configuration: Option<ComputeConfiguration>,
    pub scaling_configuration: Option<ScalingInput>,
    pub overflow_behavior: Option<String>,
    pub vpc_config: Option<VpcConfig>,
    pub proxy_configuration: Option<ProxyConfiguration>,
    pub image_id: Option<String>,
    pub fleet_service_role: Option<String>,
    pub tags: Option<Vec<Tag>>,
}

/// CodeBuild's `ScalingConfigurationInput`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalingInput {
    pub scaling_type: Option<String>,
    pub target_tracking_scaling_configs: Vec<buildyard_model::fleet::TargetTracking>,
    pub max_capacity: Option<i64>,
}

impl FleetRequest {
    /// The fleet with what is given put over it.
    pub(super) fn onto(self, mut fleet: Fleet) -> Result<Fleet, Error> {
        if let Some(capacity) = self.base_capacity {
            fleet.base_capacity = number("baseCapacity", capacity)?;
        }
        if let Some(input) = self.scaling_configuration {
            let desired_capacity = fleet.scaling_configuration.and_then(|scaling| scaling.desired_capacity);
            fleet.scaling_configuration = Some(input.scaling(desired_capacity)?);
        }
        replace(&mut fleet.environment_type, self.environment_type);
        replace(&mut fleet.compute_type, self.compute_type);
        replace(&mut fleet.tags, self.tags);
        replace_some(&mut fleet.compute_configuration, self.compute_configuration);
        replace_some(&mut fleet.overflow_behavior, self.overflow_behavior);
        replace_some(&mut fleet.vpc_config, self.vpc_config);
        replace_some(&mut fleet.proxy_configuration, self.proxy_configuration);
        replace_some(&mut fleet.image_id, self.image_id);
        replace_some(&mut fleet.fleet_service_role, self.fleet_service_role);
        // The console's default (reference 11.1).
        fleet.overflow_behavior.get_or_insert_with(|| "QUEUE".to_owned());
        Ok(fleet)
    }
}

impl ScalingInput {
    fn scaling(self, desired_capacity: Option<u32>) -> Result<ScalingConfiguration, Error> {
        Ok(ScalingConfiguration {
            scaling_type: self.scaling_type,
            target_tracking_scaling_configs: self.target_tracking_scaling_configs,
            max_capacity: self
                .max_capacity
                .map(|capacity| number("scalingConfiguration.maxCapacity", capacity))
                .transpose()?,
            desired_capacity,
        })
    }
}

fn replace<T>(stored: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *stored = given;
    }
}

fn replace_some<T>(stored: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *stored = given;
    }
}

fn number(what: &str, given: i64) -> Result<u32, Error> {
    u32::try_from(given).map_err(|_| Error::invalid(format!("{what} {given} is not a number of machines")))
}
