//! What CreateProject and UpdateProject give, and how it becomes part of a project (reference 12.4, 17.2). Pure.

use crate::Error;
use buildyard_model::Project;
use buildyard_model::project::{
    LogsConfig, ProjectArtifacts, ProjectBuildBatchConfig, ProjectCache, ProjectEnvironment, ProjectFileSystemLocation,
    ProjectSource, ProjectSourceVersion, Tag, VpcConfig,
};
use serde::Deserialize;

/// The members of CreateProject and UpdateProject in the model's spelling. What is absent is `None`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectRequest {
    pub name: String,
    pub description: Option<String>,
    pub source: Option<ProjectSource>,
    pub secondary_sources: Option<Vec<ProjectSource>>,
    pub source_version: Option<String>,
    pub secondary_source_versions: Option<Vec<ProjectSourceVersion>>,
    pub artifacts: Option<ProjectArtifacts>,
    pub secondary_artifacts: Option<Vec<ProjectArtifacts>>,
    /// An empty one clears it.
    pub cache: Option<ProjectCache>,
    pub environment: Option<ProjectEnvironment>,
    pub service_role: Option<String>,
    pub timeout_in_minutes: Option<u32>,
    pub queued_timeout_in_minutes: Option<u32>,
    /// An empty one clears it.
    pub encryption_key: Option<String>,
    pub tags: Option<Vec<Tag>>,
    /// An empty one clears it.
    pub vpc_config: Option<VpcConfig>,
    pub badge_enabled: Option<bool>,
    pub logs_config: Option<LogsConfig>,
    pub file_system_locations: Option<Vec<ProjectFileSystemLocation>>,
    pub build_batch_config: Option<ProjectBuildBatchConfig>,
    /// -1 takes the limit away.
    pub concurrent_build_limit: Option<i32>,
    pub auto_retry_limit: Option<i32>,
}

impl ProjectRequest {
    /// The project with what is given in place of what was there. The badge is not the project's to keep.
    pub(super) fn onto(self, project: Project) -> Result<Project, Error> {
        let source = one(self.source, project.source, "source")?;
        let artifacts = one(self.artifacts, project.artifacts, "artifacts")?;
        let environment = match self.environment {
            Some(given) => with_newer_members(given, project.environment),
            None if project.environment.kind.is_empty() => return Err(missing("environment")),
            None => project.environment,
        };
        let service_role = one(self.service_role, project.service_role, "serviceRole")?;
        Ok(Project {
            source,
            artifacts,
            environment,
            service_role,
            description: self.description.or(project.description),
            secondary_sources: self.secondary_sources.unwrap_or(project.secondary_sources),
            source_version: self.source_version.or(project.source_version),
            secondary_source_versions: self.secondary_source_versions.unwrap_or(project.secondary_source_versions),
            secondary_artifacts: self.secondary_artifacts.unwrap_or(project.secondary_artifacts),
            cache: cleared(self.cache, project.cache),
            timeout_in_minutes: self.timeout_in_minutes.or(project.timeout_in_minutes),
            queued_timeout_in_minutes: self.queued_timeout_in_minutes.or(project.queued_timeout_in_minutes),
            encryption_key: cleared(self.encryption_key, project.encryption_key),
            tags: self.tags.unwrap_or(project.tags),
            vpc_config: cleared(self.vpc_config.map(without_empty_lists), project.vpc_config),
            logs_config: self.logs_config.or(project.logs_config),
            file_system_locations: self.file_system_locations.or(project.file_system_locations),
            build_batch_config: self.build_batch_config.or(project.build_batch_config),
            concurrent_build_limit: self
                .concurrent_build_limit
                .or(project.concurrent_build_limit)
                .filter(|limit| *limit != -1),
            auto_retry_limit: self.auto_retry_limit.or(project.auto_retry_limit),
            ..project
        })
    }
}

/// What a project cannot be without.
fn one<T: Default + PartialEq>(given: Option<T>, old: T, what: &str) -> Result<T, Error> {
    match given {
        Some(given) => Ok(given),
        None if old == T::default() => Err(missing(what)),
        None => Ok(old),
    }
}

fn missing(what: &str) -> Error {
    Error::invalid(format!("Project {what} is required"))
}

/// An empty value clears what was there.
fn cleared<T: Default + PartialEq>(given: Option<T>, old: Option<T>) -> Option<T> {
    match given {
        Some(given) if given == T::default() => None,
        given => given.or(old),
    }
}

fn without_empty_lists(vpc: VpcConfig) -> VpcConfig {
    VpcConfig {
        vpc_id: vpc.vpc_id.filter(|id| !id.is_empty()),
        subnets: vpc.subnets.filter(|subnets| !subnets.is_empty()),
        security_group_ids: vpc.security_group_ids.filter(|groups| !groups.is_empty()),
    }
}

/// The given environment replaces the old one as a whole, but for members that most SDKs do not know yet: those read the
/// project without them and would lose them by writing it back (reference 17.3, `hostKernel`).
fn with_newer_members(given: ProjectEnvironment, old: ProjectEnvironment) -> ProjectEnvironment {
    let same_kind = given.kind == old.kind;
    ProjectEnvironment { host_kernel: given.host_kernel.or(old.host_kernel.filter(|_| same_kind)), ..given }
}
