//! Names around a fleet: the fleet itself, the instances that its agents live on, and the tickets by which launches are
//! known. CodeBuild's description of a fleet and what people see of one have files of their own.

mod definition;
mod standing;

pub use definition::{
    Fleet, FleetContextCode, FleetStatus, FleetStatusCode, ProxyConfiguration, ProxyRule, ScalingConfiguration,
    TargetTracking,
};
pub use standing::{FleetEvent, FleetEventKind, FleetStanding};

use crate::id::IdError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A fleet's name: 2 to 128 characters of `[A-Za-z0-9][A-Za-z0-9-_]*` (reference 11.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FleetName(String);

impl FleetName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fleet of builds that name none: CodeBuild's on-demand capacity.
    pub fn on_demand() -> Self {
        Self("on-demand".to_owned())
    }

    /// The fleet that an ARN, `arn:…:fleet/<name>:<uuid>`, or a plain name means.
    ///
    /// # Errors
    /// `IdError::Fleet` when the name is none.
    pub fn from_arn(text: &str) -> Result<Self, IdError> {
        let name = text.split_once(":fleet/").map_or(text, |(_, rest)| rest.split(':').next().unwrap_or(rest));
        name.parse()
    }
}

impl FromStr for FleetName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = (2..=128).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if valid { Ok(Self(text.to_owned())) } else { Err(IdError::Fleet(text.to_owned())) }
    }
}

impl TryFrom<String> for FleetName {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<FleetName> for String {
    fn from(name: FleetName) -> Self {
        name.0
    }
}

impl fmt::Display for FleetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one launch of an instance is known by: made before the launch, given to the instance as a tag, named by the
/// agent that wakes up there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(pub Uuid);

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Ticket {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse().map(Self).map_err(|_| IdError::Ticket(text.to_owned()))
    }
}

/// What a provisioner calls an instance: a container's id, an EC2 instance's, a process's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(pub String);

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_is_named_by_its_arn_or_its_name() {
        let arn = "arn:aws:codebuild:eu-west-1:000000000000:fleet/linux_big:3f1c0c52-7a4e-4a0e-9f0b-8a3f5f3b0a11";
        assert_eq!(FleetName::from_arn(arn).unwrap().as_str(), "linux_big");
        assert_eq!(FleetName::from_arn("linux_big").unwrap().as_str(), "linux_big");
        assert_eq!(FleetName::from_arn("-").unwrap_err(), IdError::Fleet("-".to_owned()));
    }
}
