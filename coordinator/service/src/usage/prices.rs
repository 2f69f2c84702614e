//! What a minute costs. Pure.

use buildyard_model::{ComputeType, EnvironmentType};
use std::collections::BTreeMap;

/// Prices of a minute of build time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    /// As it is shown behind a cost.
    pub currency: String,
    /// In millionths of the currency, by compute type, or by `<environment type>/<compute type>`, which goes before.
    pub per_minute: BTreeMap<String, u64>,
}

impl Prices {
    /// The price of a minute in millionths, if there is one.
    pub(crate) fn of(&self, environment: EnvironmentType, compute: ComputeType) -> Option<u64> {
        let own = format!("{}/{}", environment_name(environment), compute.name());
        self.per_minute.get(&own).or_else(|| self.per_minute.get(compute.name())).copied()
    }
}

/// CodeBuild's name of the environment type.
pub(crate) fn environment_name(environment: EnvironmentType) -> &'static str {
    match environment {
        EnvironmentType::LinuxContainer => "LINUX_CONTAINER",
        EnvironmentType::ArmContainer => "ARM_CONTAINER",
    }
}
