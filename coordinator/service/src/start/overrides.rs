//! The project as one build uses it: what the start request overrides, put over what is stored (reference 17.2). Pure.
//!
//! A structure that is given replaces the stored one whole. Two lists are joined instead: environment variables by name
//! (reference 3.4), versions of secondary sources by identifier.

use super::{artifacts, source};
use crate::Error;
use crate::projects::check_logs;
use buildyard_model::EnvironmentVariable;
use buildyard_model::project::{
    BuildStatusConfig, GitSubmodulesConfig, LogsConfig, Project, ProjectArtifacts, ProjectCache, ProjectEnvironment,
    ProjectFleet, ProjectSource, ProjectSourceVersion, RegistryCredential, SourceAuth,
};
use serde::{Deserialize, Serialize};

/// What StartBuild takes beside the project's name and the token.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Overrides {
    pub secondary_sources_override: Option<Vec<ProjectSource>>,
    pub secondary_sources_version_override: Option<Vec<ProjectSourceVersion>>,
    pub source_version: Option<String>,
    pub artifacts_override: Option<ProjectArtifacts>,
    pub secondary_artifacts_override: Option<Vec<ProjectArtifacts>>,
    pub environment_variables_override: Option<Vec<EnvironmentVariable>>,
    pub source_type_override: Option<String>,
    pub source_location_override: Option<String>,
    pub source_auth_override: Option<SourceAuth>,
    pub git_clone_depth_override: Option<u32>,
    pub git_submodules_config_override: Option<GitSubmodulesConfig>,
    pub buildspec_override: Option<String>,
    pub insecure_ssl_override: Option<bool>,
    pub report_build_status_override: Option<bool>,
    pub build_status_config_override: Option<BuildStatusConfig>,
    pub environment_type_override: Option<String>,
    pub image_override: Option<String>,
    pub compute_type_override: Option<String>,
    pub certificate_override: Option<String>,
    pub cache_override: Option<ProjectCache>,
    pub service_role_override: Option<String>,
    pub privileged_mode_override: Option<bool>,
    /// 5 to 2160.
    pub timeout_in_minutes_override: Option<u32>,
    /// 5 to 480.
    pub queued_timeout_in_minutes_override: Option<u32>,
    pub encryption_key_override: Option<String>,
    pub logs_config_override: Option<LogsConfig>,
    pub registry_credential_override: Option<RegistryCredential>,
    pub host_kernel_override: Option<String>,
    pub image_pull_credentials_type_override: Option<String>,
    pub debug_session_enabled: Option<bool>,
    pub fleet_override: Option<ProjectFleet>,
    pub auto_retry_limit_override: Option<i32>,
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

/// Puts the overrides over the project.
pub(super) fn apply(mut project: Project, mut given: Overrides) -> Result<Project, Error> {
    source(&mut project, &mut given);
    secondary_sources(&mut project, &mut given)?;
    environment(&mut project.environment, &mut given);
    if let Some(artifacts) = given.artifacts_override {
        project.artifacts = artifacts::with_defaults(artifacts, &project.name);
    }
    if let Some(secondary) = given.secondary_artifacts_override {
        let with_defaults = |artifacts| artifacts::with_defaults(artifacts, &project.name);
        project.secondary_artifacts = secondary.into_iter().map(with_defaults).collect();
    }
    if given.fleet_override.is_some() {
        // A fleet brings its own network (reference 5.3).
        project.vpc_config = None;
        project.environment.fleet = given.fleet_override;
    }
    replace_some(&mut project.cache, given.cache_override);
    replace(&mut project.service_role, given.service_role_override);
    replace_some(&mut project.timeout_in_minutes, given.timeout_in_minutes_override);
    replace_some(&mut project.queued_timeout_in_minutes, given.queued_timeout_in_minutes_override);
    replace_some(&mut project.encryption_key, given.encryption_key_override);
    given.logs_config_override.as_ref().map_or(Ok(()), check_logs)?;
    replace_some(&mut project.logs_config, given.logs_config_override);
    if given.auto_retry_limit_override.is_some_and(|limit| limit < 0) {
        return Err(Error::invalid("the auto-retry limit is negative: give 0 for no retries"));
    }
    replace_some(&mut project.auto_retry_limit, given.auto_retry_limit_override);
    Ok(project)
}

fn source(project: &mut Project, given: &mut Overrides) {
    let stored = &mut project.source;
    if let Some(kind) = given.source_type_override.take().filter(|kind| *kind != stored.kind) {
        // What is left belongs to a source of another type, and says nothing about this one.
        let (buildspec, location) = (stored.buildspec.take(), stored.location.take());
        let location = location.filter(|_| kind != source::NO_SOURCE);
        *stored = ProjectSource { kind, location, buildspec, ..ProjectSource::default() };
        project.source_version = None;
    }
    replace_some(&mut stored.location, given.source_location_override.take());
    replace_some(&mut stored.auth, given.source_auth_override.take());
    replace_some(&mut stored.git_clone_depth, given.git_clone_depth_override.take());
    replace_some(&mut stored.git_submodules_config, given.git_submodules_config_override.take());
    replace_some(&mut stored.buildspec, given.buildspec_override.take());
    replace_some(&mut stored.insecure_ssl, given.insecure_ssl_override.take());
    replace_some(&mut stored.report_build_status, given.report_build_status_override.take());
    replace_some(&mut stored.build_status_config, given.build_status_config_override.take());
    replace_some(&mut project.source_version, given.source_version.take());
}

fn secondary_sources(project: &mut Project, given: &mut Overrides) -> Result<(), Error> {
    replace(&mut project.secondary_sources, given.secondary_sources_override.take());
    let sources = &project.secondary_sources;
    let is_there = |identifier: &str| sources.iter().any(|one| one.source_identifier.as_deref() == Some(identifier));
    let versions = &mut project.secondary_source_versions;
    for version in given.secondary_sources_version_override.take().unwrap_or_default() {
        if !is_there(&version.source_identifier) {
            let identifier = &version.source_identifier;
            return Err(Error::invalid(format!("there is no secondary source {identifier:?} to take a version of")));
        }
        versions.retain(|stored| stored.source_identifier != version.source_identifier);
        versions.push(version);
    }
    versions.retain(|version| is_there(&version.source_identifier));
    Ok(())
}

fn environment(stored: &mut ProjectEnvironment, given: &mut Overrides) {
    replace(&mut stored.kind, given.environment_type_override.take());
    replace(&mut stored.image, given.image_override.take());
    replace(&mut stored.compute_type, given.compute_type_override.take());
    replace_some(&mut stored.certificate, given.certificate_override.take());
    replace_some(&mut stored.privileged_mode, given.privileged_mode_override.take());
    replace_some(&mut stored.registry_credential, given.registry_credential_override.take());
    replace_some(&mut stored.host_kernel, given.host_kernel_override.take());
    replace_some(&mut stored.image_pull_credentials_type, given.image_pull_credentials_type_override.take());
    let variables = &mut stored.environment_variables;
    for variable in given.environment_variables_override.take().unwrap_or_default() {
        match variables.iter_mut().find(|stored| stored.name == variable.name) {
            Some(stored) => *stored = variable,
            None => variables.push(variable),
        }
    }
}
