//! CodeBuild's compute and environment types and the resources they stand for (reference 5.2).

use serde::{Deserialize, Serialize};

/// CodeBuild's `computeType`, as far as it names a container's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ComputeType {
    #[default]
    #[serde(rename = "BUILD_GENERAL1_SMALL")]
    Small,
    #[serde(rename = "BUILD_GENERAL1_MEDIUM")]
    Medium,
    #[serde(rename = "BUILD_GENERAL1_LARGE")]
    Large,
    #[serde(rename = "BUILD_GENERAL1_XLARGE")]
    XLarge,
    #[serde(rename = "BUILD_GENERAL1_2XLARGE")]
    XXLarge,
}

/// CodeBuild's `environment.type`, as far as Buildyard runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnvironmentType {
    #[default]
    LinuxContainer,
    ArmContainer,
}

/// What a build may use, or what an agent has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Resources {
    /// Virtual CPUs.
    pub vcpu: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
}

impl ComputeType {
    /// All types, smallest first.
    pub const ALL: [Self; 5] = [Self::Small, Self::Medium, Self::Large, Self::XLarge, Self::XXLarge];

    /// CodeBuild's name: `BUILD_GENERAL1_SMALL`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "BUILD_GENERAL1_SMALL",
            Self::Medium => "BUILD_GENERAL1_MEDIUM",
            Self::Large => "BUILD_GENERAL1_LARGE",
            Self::XLarge => "BUILD_GENERAL1_XLARGE",
            Self::XXLarge => "BUILD_GENERAL1_2XLARGE",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|compute| compute.name() == name)
    }

    /// CodeBuild's figures for the type (reference 5.2).
    pub fn resources(self, environment: EnvironmentType) -> Resources {
        let arm = environment == EnvironmentType::ArmContainer;
        let (vcpu, memory_gib) = match self {
            Self::Small => (2, 4),
            Self::Medium => (4, 8),
            Self::Large => (8, 16),
            Self::XLarge if arm => (32, 64),
            Self::XLarge => (36, 72),
            Self::XXLarge if arm => (48, 96),
            Self::XXLarge => (72, 144),
        };
        Resources { vcpu, memory_mib: memory_gib * 1024 }
    }
}
