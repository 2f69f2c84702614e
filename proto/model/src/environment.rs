//! What a build runs in: image, size, variables.

use crate::compute::{ComputeType, EnvironmentType, Resources};
use serde::{Deserialize, Serialize};

/// Where a variable's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VariableKind {
    /// The value is the value.
    #[default]
    Plaintext,
    /// The value is a parameter's name; the resolved text is masked.
    ParameterStore,
    /// The value is a secret reference (reference 1.4); the resolved text is masked.
    SecretsManager,
}

/// A variable given by project or start call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentVariable {
    /// The variable's name.
    pub name: String,
    /// The value, or the reference to it.
    pub value: String,
    /// What `value` is.
    #[serde(default, rename = "type")]
    pub kind: VariableKind,
}

impl EnvironmentVariable {
    /// Says what is wrong with the name or value, if anything (reference 1.3, reliability S32).
    pub fn problem(&self) -> Option<String> {
        let name = &self.name;
        if name.is_empty() {
            return Some("an environment variable has an empty name".to_owned());
        }
        if name.contains(['=', '\0', '\n', '\r']) {
            return Some(format!("environment variable name {name:?} holds '=', NUL or a line break"));
        }
        if name.starts_with("CODEBUILD_") && !name.starts_with("CODEBUILD_CONFIG_") {
            return Some(format!(
                "environment variable {name} is reserved: names beginning with CODEBUILD_ are set by the build"
            ));
        }
        if self.value.contains('\0') {
            return Some(format!("the value of environment variable {name} holds a NUL byte"));
        }
        // Linux takes at most 128 KiB for one `NAME=value` text.
        (name.len() + self.value.len() + 2 > 128 * 1024)
            .then(|| format!("environment variable {name} is longer than 128 KiB, which no Linux process can be given"))
    }
}

/// When an image is asked of its registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullPolicy {
    /// Only when the engine does not have it.
    #[default]
    IfAbsent,
    /// Every time.
    Always,
    /// Never: an absent image fails the build.
    Never,
}

/// The place a build runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// LINUX_CONTAINER or ARM_CONTAINER.
    #[serde(default, rename = "type")]
    pub kind: EnvironmentType,
    /// `repo:tag` or `repo@sha256:…`.
    pub image: String,
    /// The size.
    #[serde(default)]
    pub compute_type: ComputeType,
    /// Project variables with the start call's overrides applied.
    #[serde(default)]
    pub environment_variables: Vec<EnvironmentVariable>,
    /// Only where the agent's config allows it.
    #[serde(default)]
    pub privileged_mode: bool,
    /// When to pull.
    #[serde(default)]
    pub pull_policy: PullPolicy,
}

impl Environment {
    /// What the build may use.
    pub fn resources(&self) -> Resources {
        self.compute_type.resources(self.kind)
    }
}
