//! `[fleets.NAME]`: where a fleet's instances come from, and how it grows and shrinks.
//!
//! `on-demand` is the fleet of builds that name none; `default` holds for the fleets of CodeBuild's API that have no
//! section of their own, whose capacities are the API's to say.

use super::ConfigError;
use buildyard_service::{FleetSettings, PolicyDocument, ScalingPolicy};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A `[fleets.NAME]` section.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Table")]
pub struct FleetConfig {
    /// Of `[provisioners.NAME]`.
    pub provisioner: String,
    /// Labels that its agents get beside those of their own configuration.
    pub labels: BTreeMap<String, String>,
    /// Builds at once on each agent; none: the agents' own default.
    pub slots: Option<u32>,
    /// Everything else.
    pub policy: ScalingPolicy,
}

impl TryFrom<toml::Table> for FleetConfig {
    type Error = String;

    fn try_from(mut table: toml::Table) -> Result<Self, String> {
        let said = |problem: toml::de::Error| problem.message().to_owned();
        let provisioner =
            table.remove("provisioner").ok_or("provisioner is missing: name one of [provisioners.NAME]")?;
        let labels = table.remove("labels").unwrap_or_else(|| toml::Table::new().into());
        let document: PolicyDocument = toml::Value::Table(table).try_into().map_err(said)?;
        Ok(Self {
            provisioner: provisioner.try_into().map_err(|error| format!("provisioner: {}", said(error)))?,
            labels: labels.try_into().map_err(|error| format!("labels: {}", said(error)))?,
            slots: document.slots,
            policy: document.policy("").map_err(|error| error.to_string())?,
        })
    }
}

impl FleetConfig {
    pub(super) fn check(&self, name: &str, is_there: impl Fn(&str) -> bool) -> Result<(), ConfigError> {
        if name.parse::<buildyard_model::FleetName>().is_err() {
            let problem = "is no fleet's name: 2 to 128 letters, digits, '-' and '_', beginning with a letter or digit";
            return Err(ConfigError::invalid(&format!("fleets.{name}"), problem));
        }
        if !is_there(&self.provisioner) {
            let problem = format!("there is no section [provisioners.{}]", self.provisioner);
            return Err(ConfigError::invalid(&format!("fleets.{name}.provisioner"), &problem));
        }
        Ok(())
    }

    pub(crate) fn settings(&self) -> FleetSettings {
        FleetSettings {
            provisioner: self.provisioner.clone(),
            policy: self.policy.clone(),
            slots: self.slots,
            labels: self.labels.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_section_says_place_and_policy() {
        let text = "provisioner = \"p\"\nmin = 1\nmax = 4\nidle = \"30s\"\nslots = 2\nlabels = { disk = \"ssd\" }";
        let config: FleetConfig = toml::from_str(text).unwrap();
        assert_eq!((config.provisioner.as_str(), config.slots, config.labels["disk"].as_str()), ("p", Some(2), "ssd"));
        let policy = &config.policy;
        assert_eq!((policy.min, policy.max, policy.slots, policy.idle), (1, 4, 2, Duration::from_secs(30)));
        let problem = |text: &str| toml::from_str::<FleetConfig>(text).unwrap_err().to_string();
        assert!(problem("max = 1").contains("provisioner is missing"), "{}", problem("max = 1"));
        assert!(problem("provisioner = \"p\"\nmaxx = 1").contains("maxx"));
        assert!(problem("provisioner = \"p\"\nmin = 5\nmax = 1").contains("min"));
        assert!(config.check("linux", |name| name == "q").unwrap_err().to_string().contains("[provisioners.p]"));
    }
}
