//! Everything needed to run one build: what a client submits, the store keeps and an agent is given.

use crate::artifact::ArtifactSpec;
use crate::compute::EnvironmentType;
use crate::environment::Environment;
use crate::fleet::FleetName;
use crate::id::BuildId;
use crate::placement::{Affinity, Architecture, Requirements};
use crate::project::Project;
use crate::source::{SecondarySource, Source, SourceKind};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the buildspec comes from (reference 1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BuildspecOrigin {
    /// `buildspec.yml` in the root of the primary source.
    #[default]
    Default,
    /// A file in the primary source, relative to its root.
    Path(String),
    /// The YAML text itself.
    Inline(String),
    /// `<bucket>/<key>`.
    S3(String),
}

impl BuildspecOrigin {
    /// Tells the forms of CodeBuild's one string apart (reference 1.1 and open question 1).
    pub fn from_text(text: &str) -> Self {
        if text.trim().is_empty() {
            Self::Default
        } else if let Some(rest) = text.strip_prefix("arn:").and_then(|arn| arn.split_once(":s3:::")) {
            Self::S3(rest.1.to_owned())
        } else if text.contains('\n') || text.trim_start().starts_with('{') || text.trim_start().starts_with("version:")
        {
            Self::Inline(text.to_owned())
        } else {
            Self::Path(text.to_owned())
        }
    }
}

/// Which build this one repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryOf {
    /// The failed build.
    pub previous: BuildId,
    /// 1 for the first repetition.
    pub number: u32,
}

/// One build, complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSpec {
    pub id: BuildId,
    /// Per project, from 1.
    pub build_number: u64,
    /// Who started it (reference 3.3).
    pub initiator: String,
    pub submitted_at: Timestamp,
    pub source: Source,
    #[serde(default)]
    pub secondary_sources: Vec<SecondarySource>,
    #[serde(default)]
    pub buildspec: BuildspecOrigin,
    pub environment: Environment,
    #[serde(default)]
    pub artifacts: ArtifactSpec,
    #[serde(default)]
    pub secondary_artifacts: Vec<ArtifactSpec>,
    /// From the start of the work to COMPLETED.
    pub timeout_seconds: u64,
    /// Time in QUEUED.
    pub queued_timeout_seconds: u64,
    /// An agent must carry all of these.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Higher runs first.
    #[serde(default)]
    pub priority: i32,
    /// Whether `codebuild-breakpoint` pauses.
    #[serde(default)]
    pub debug_session: bool,
    /// Set on a build that repeats a failed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RetryOf>,
    /// The project as this build uses it: its overrides applied. Absent for builds that belong to no stored project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Box<Project>>,
    /// Whether it may run on on-demand agents while its fleet is full: the fleet's `overflowBehavior` at the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overflow: bool,
    /// For `AWS_REGION` and ARNs.
    pub region: String,
    /// For ARNs.
    pub account: String,
}

impl JobSpec {
    /// `arn:aws:codebuild:<region>:<account>:build/<id>`.
    pub fn arn(&self) -> String {
        format!("arn:aws:codebuild:{}:{}:build/{}", self.region, self.account, self.id)
    }

    /// The fleet that the build's project names.
    pub fn fleet(&self) -> Option<FleetName> {
        let fleet = self.project.as_ref()?.environment.fleet.as_ref()?;
        FleetName::from_arn(fleet.fleet_arn.as_ref()?).ok()
    }

    /// What an agent must offer.
    pub fn requirements(&self) -> Requirements {
        let local = |source: &Source| match &source.kind {
            SourceKind::Local { .. } => true,
            SourceKind::Git { location, .. } => location.starts_with('/') || location.starts_with("file://"),
            SourceKind::None | SourceKind::S3 { .. } => false,
        };
        Requirements {
            resources: self.environment.resources(),
            architecture: match self.environment.kind {
                EnvironmentType::LinuxContainer => Architecture::X86_64,
                EnvironmentType::ArmContainer => Architecture::Aarch64,
            },
            labels: self.labels.clone(),
            privileged: self.environment.privileged_mode,
            local_source: local(&self.source) || self.secondary_sources.iter().any(|s| local(&s.source)),
            disk_mib: 0,
            fleet: self.fleet(),
            overflow: self.overflow,
            prefers: self.prefers(),
        }
    }

    /// The image, and what the sources are mirrors of.
    fn prefers(&self) -> Vec<Affinity> {
        let sources = std::iter::once(&self.source).chain(self.secondary_sources.iter().map(|other| &other.source));
        let located = sources.filter_map(|source| match &source.kind {
            SourceKind::Git { location, .. } | SourceKind::S3 { location } => Some(Affinity::source(location)),
            SourceKind::None | SourceKind::Local { .. } => None,
        });
        std::iter::once(Affinity::image(&self.environment.image)).chain(located).collect()
    }
}

/// What a client asks for; the coordinator makes a [`JobSpec`] of it. Absent members take CodeBuild's defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Submission {
    pub source: Source,
    #[serde(default)]
    pub secondary_sources: Vec<SecondarySource>,
    #[serde(default)]
    pub buildspec: BuildspecOrigin,
    pub environment: Environment,
    /// Absent: the ZIP-less default of the coordinator's own artifact bucket.
    #[serde(default)]
    pub artifacts: Option<ArtifactSpec>,
    #[serde(default)]
    pub secondary_artifacts: Vec<ArtifactSpec>,
    /// Default 3600 (reference 2.3).
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
    /// Default 28800 (reference 2.3).
    #[serde(default)]
    pub queued_timeout_seconds: Option<u64>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub priority: i32,
    #[serde(default)]
    pub debug_session: bool,
    /// Default `cli`.
    #[serde(default)]
    pub initiator: Option<String>,
}
