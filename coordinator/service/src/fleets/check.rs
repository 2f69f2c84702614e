//! What CodeBuild refuses in a fleet beyond its model's shapes, and what cannot run here (reference 11.1). Pure.

use crate::projects::check_tags;
use crate::{Error, Settings};
use buildyard_model::fleet::{ProxyConfiguration, ScalingConfiguration};
use buildyard_model::project::{ComputeConfiguration, VpcConfig};
use buildyard_model::{ComputeType, Fleet, FleetName};

/// The most machines of a fleet: a slip of the finger costs no more than these.
const MOST_CAPACITY: u32 = 10_000;
/// What the config has sections of other meaning for.
const RESERVED: [&str; 2] = ["on-demand", "default"];

/// A name that a new fleet may have.
pub(super) fn new_name(name: &str) -> Result<FleetName, Error> {
    if RESERVED.contains(&name) {
        return Err(Error::invalid(format!("fleet name {name} is reserved: the coordinator's config uses it")));
    }
    name.parse().map_err(|_| {
        Error::invalid(format!(
            "fleet name {name:?} is not valid: 2 to 128 letters, digits, '-' and '_', beginning with a letter or digit"
        ))
    })
}

/// Refuses what is no ARN of a fleet of this account and region.
pub(super) fn is_arn(arn: &str, settings: &Settings) -> Result<(), Error> {
    if settings.fleet_of_arn(arn).is_some() {
        return Ok(());
    }
    refuse(format!("{arn:?} is not the ARN of a fleet of this account and region"))
}

/// Refuses a fleet that CodeBuild would refuse, or that cannot run here.
pub(super) fn check(fleet: &Fleet) -> Result<(), Error> {
    check_compute(fleet)?;
    if fleet.base_capacity > MOST_CAPACITY {
        return refuse(format!("baseCapacity {} is too large: at most {MOST_CAPACITY}", fleet.base_capacity));
    }
    if let Some(scaling) = &fleet.scaling_configuration {
        check_scaling(scaling, fleet.base_capacity)?;
    }
    if let Some(vpc) = &fleet.vpc_config {
        check_vpc(vpc)?;
    }
    if let Some(proxy) = &fleet.proxy_configuration {
        if fleet.vpc_config.as_ref().is_some_and(|vpc| vpc.vpc_id.is_some()) {
            return refuse("a fleet has a proxyConfiguration or a vpcConfig, not both");
        }
        check_proxy(proxy)?;
    }
    check_tags(&fleet.tags)
}

fn refuse(message: impl Into<String>) -> Result<(), Error> {
    Err(Error::invalid(message))
}

fn check_compute(fleet: &Fleet) -> Result<(), Error> {
    if !matches!(fleet.environment_type.as_str(), "LINUX_CONTAINER" | "ARM_CONTAINER") {
        return refuse(format!(
            "environment type {} does not run here: use LINUX_CONTAINER or ARM_CONTAINER",
            fleet.environment_type
        ));
    }
    let asked = fleet.compute_configuration.clone().unwrap_or_default();
    match fleet.compute_type.as_str() {
        "ATTRIBUTE_BASED_COMPUTE" => check_attributes(&asked),
        "CUSTOM_INSTANCE_TYPE" => match asked.instance_type.as_deref() {
            Some(kind) if !kind.is_empty() => Ok(()),
            _ => refuse("compute type CUSTOM_INSTANCE_TYPE needs computeConfiguration.instanceType"),
        },
        name if ComputeType::from_name(name).is_none() => {
            let runs = ComputeType::ALL.map(ComputeType::name).join(", ");
            refuse(format!(
                "Invalid compute type provided: {name}; what runs here is {runs}, ATTRIBUTE_BASED_COMPUTE and \
                 CUSTOM_INSTANCE_TYPE"
            ))
        }
        name if fleet.compute_configuration.is_some() => refuse(format!(
            "computeConfiguration goes with ATTRIBUTE_BASED_COMPUTE or CUSTOM_INSTANCE_TYPE, not with {name}"
        )),
        _ => Ok(()),
    }
}

fn check_attributes(asked: &ComputeConfiguration) -> Result<(), Error> {
    for (what, value) in [("vCpu", asked.v_cpu), ("memory", asked.memory), ("disk", asked.disk)] {
        if value.is_some_and(|value| !(0..=100_000).contains(&value)) {
            return refuse(format!("Invalid compute configuration provided: {what} {} is no size", value.unwrap_or(0)));
        }
    }
    if asked.instance_type.is_some() {
        return refuse("computeConfiguration.instanceType goes with CUSTOM_INSTANCE_TYPE");
    }
    if asked.v_cpu.is_none() && asked.memory.is_none() {
        return refuse("compute type ATTRIBUTE_BASED_COMPUTE needs computeConfiguration.vCpu or memory");
    }
    Ok(())
}

fn check_scaling(scaling: &ScalingConfiguration, base: u32) -> Result<(), Error> {
    if let Some(most) = scaling.max_capacity {
        if most < base {
            return refuse(format!("scalingConfiguration.maxCapacity {most} is smaller than baseCapacity {base}"));
        }
        if most > MOST_CAPACITY {
            return refuse(format!("scalingConfiguration.maxCapacity {most} is too large: at most {MOST_CAPACITY}"));
        }
    }
    let targets = &scaling.target_tracking_scaling_configs;
    if targets.len() > 1 {
        return refuse("scalingConfiguration.targetTrackingScalingConfigs takes one entry");
    }
    if !targets.is_empty() && scaling.scaling_type.is_none() {
        return refuse("scalingConfiguration.targetTrackingScalingConfigs needs scalingType TARGET_TRACKING_SCALING");
    }
    for target in targets {
        match target.target_value {
            Some(value) if value > 0.0 && value <= 100.0 => {}
            _ => return refuse("targetValue of FLEET_UTILIZATION_RATE must be more than 0 and at most 100"),
        }
    }
    Ok(())
}

fn check_vpc(vpc: &VpcConfig) -> Result<(), Error> {
    let count = |list: &Option<Vec<String>>| list.as_ref().map_or(0, Vec::len);
    if vpc.vpc_id.is_none() && count(&vpc.subnets) == 0 && count(&vpc.security_group_ids) == 0 {
        return Ok(());
    }
    if vpc.vpc_id.is_none() || count(&vpc.subnets) != 1 || count(&vpc.security_group_ids) == 0 {
        return refuse("a fleet's vpcConfig needs vpcId, one subnet and at least one security group");
    }
    Ok(())
}

fn check_proxy(proxy: &ProxyConfiguration) -> Result<(), Error> {
    for rule in proxy.ordered_proxy_rules.iter().flatten() {
        if rule.entities.iter().any(|entity| entity.trim().is_empty()) {
            return refuse(format!("a proxy rule of type {} names an empty entity", rule.kind));
        }
    }
    Ok(())
}
