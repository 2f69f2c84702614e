//! The policy of a fleet: what the config says, and over it what CodeBuild's API says (reference 11.1). Pure.

use super::{hosting::FleetSettings, is_going};
use buildyard_model::fleet::FleetStatusCode;
use buildyard_model::{ComputeType, EnvironmentType, Fleet, Resources};
use buildyard_scheduler::scaling::Policy;
use std::time::Duration;

/// How the fleet grows and shrinks now.
pub(crate) fn policy(settings: &FleetSettings, definition: Option<&Fleet>) -> Policy {
    let mut policy = settings.policy.clone();
    if let Some(slots) = settings.slots {
        policy.slots = slots;
    }
    let Some(fleet) = definition else { return policy };
    let scaling = fleet.scaling_configuration.clone().unwrap_or_default();
    policy.min = fleet.base_capacity;
    policy.max = scaling.max_capacity.unwrap_or(fleet.base_capacity).max(fleet.base_capacity);
    if let Some(target) = scaling.target_tracking_scaling_configs.first().and_then(|target| target.target_value) {
        policy.utilization_percent = percent(target);
    }
    if let Some(resources) = resources(fleet) {
        policy.resources = resources;
    }
    if is_going(fleet) {
        policy = Policy {
            min: 0,
            max: if fleet.status.status_code == FleetStatusCode::Deleting { 0 } else { policy.max },
            idle: Duration::ZERO,
            warm_slots: 0,
            anticipate: false,
            schedules: Vec::new(),
            cool_down: Duration::ZERO,
            ..policy
        };
    }
    policy
}

/// A target of less than one percent is one: a fleet of nothing but spare machines has no end.
fn percent(target: f64) -> u32 {
    // Checked to lie above 0 and at most at 100.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let percent = target.clamp(1.0, 100.0).round() as u32;
    percent
}

/// What one machine of the fleet has; none for instance types, whose sizes are their cloud's to know.
fn resources(fleet: &Fleet) -> Option<Resources> {
    let kind = match fleet.environment_type.as_str() {
        "ARM_CONTAINER" => EnvironmentType::ArmContainer,
        _ => EnvironmentType::LinuxContainer,
    };
    if let Some(compute) = ComputeType::from_name(&fleet.compute_type) {
        return Some(compute.resources(kind));
    }
    let asked = fleet.compute_configuration.as_ref().filter(|asked| asked.instance_type.is_none())?;
    let vcpu = u32::try_from(asked.v_cpu.unwrap_or(1)).ok()?.max(1);
    let memory_mib = u64::try_from(asked.memory.unwrap_or(1)).ok()?.max(1).checked_mul(1024)?;
    Some(Resources { vcpu, memory_mib })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings() -> FleetSettings {
        let policy = Policy { min: 3, max: 7, warm_slots: 2, ..Policy::default() };
        FleetSettings { provisioner: "p".into(), policy, slots: Some(1), labels: Default::default() }
    }

    fn fleet(status: &str) -> Fleet {
        serde_json::from_value(json!({
            "name": "linux", "baseCapacity": 1, "environmentType": "LINUX_CONTAINER",
            "computeType": "BUILD_GENERAL1_LARGE", "status": { "statusCode": status },
            "scalingConfiguration": {
                "scalingType": "TARGET_TRACKING_SCALING", "maxCapacity": 9,
                "targetTrackingScalingConfigs": [{ "metricType": "FLEET_UTILIZATION_RATE", "targetValue": 62.6 }],
            },
        }))
        .unwrap()
    }

    #[test]
    fn codebuilds_capacities_go_before_the_configs() {
        let own = policy(&settings(), Some(&fleet("ACTIVE")));
        assert_eq!((own.min, own.max, own.utilization_percent, own.warm_slots), (1, 9, 63, 2));
        assert_eq!(own.resources, Resources { vcpu: 8, memory_mib: 16 * 1024 });
        let on_demand = policy(&settings(), None);
        assert_eq!((on_demand.min, on_demand.max, on_demand.slots), (3, 7, 1));
    }

    #[test]
    fn a_fleet_that_is_to_go_keeps_nothing_ready() {
        let pending = policy(&settings(), Some(&fleet("PENDING_DELETION")));
        assert_eq!((pending.min, pending.max, pending.warm_slots, pending.idle), (0, 9, 0, Duration::ZERO));
        assert_eq!(policy(&settings(), Some(&fleet("DELETING"))).max, 0);
    }
}
