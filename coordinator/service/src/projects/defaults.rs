//! What CodeBuild fills in where a project says nothing (reference 12.4). Pure; filling in twice changes nothing.

use super::naming::role_arn;
use crate::{Error, Settings};
use buildyard_model::Project;
use buildyard_model::project::{ProjectArtifacts, ProjectCache, ProjectSource};

/// Minutes (reference 2.3).
const TIMEOUT: u32 = 60;
/// Minutes (reference 2.3).
const QUEUED_TIMEOUT: u32 = 480;

/// Fills in the defaults, and drops what CodeBuild ignores.
pub(super) fn fill(project: &mut Project, settings: &Settings) -> Result<(), Error> {
    for source in std::iter::once(&mut project.source).chain(&mut project.secondary_sources) {
        fill_source(source);
    }
    for artifacts in std::iter::once(&mut project.artifacts).chain(&mut project.secondary_artifacts) {
        fill_artifacts(artifacts, &project.name);
    }
    project.service_role = role_arn(&project.service_role, settings)?;
    if let Some(role) = project.build_batch_config.as_mut().and_then(|batch| batch.service_role.as_mut()) {
        *role = role_arn(role, settings)?;
    }
    project.timeout_in_minutes.get_or_insert(TIMEOUT);
    project.queued_timeout_in_minutes.get_or_insert(QUEUED_TIMEOUT);
    project.cache.get_or_insert_with(|| ProjectCache { kind: "NO_CACHE".to_owned(), ..ProjectCache::default() });
    project
        .encryption_key
        .get_or_insert_with(|| format!("arn:aws:kms:{}:{}:alias/aws/s3", settings.region, settings.account));
    project.project_visibility.get_or_insert_with(|| "PRIVATE".to_owned());
    let environment = &mut project.environment;
    environment.privileged_mode.get_or_insert(false);
    environment.image_pull_credentials_type.get_or_insert_with(|| "CODEBUILD".to_owned());
    if let Some(server) = &mut environment.docker_server {
        // Only ever told by the service.
        server.status = None;
    }
    Ok(())
}

fn fill_source(source: &mut ProjectSource) {
    source.insecure_ssl.get_or_insert(false);
    source.report_build_status.get_or_insert(false);
    if matches!(source.kind.as_str(), "CODEPIPELINE" | "NO_SOURCE") {
        // Ignored there (reference 4.1).
        source.location = None;
    }
}

fn fill_artifacts(artifacts: &mut ProjectArtifacts, project: &str) {
    if artifacts.kind == "S3" {
        artifacts.name.get_or_insert_with(|| project.to_owned());
        artifacts.namespace_type.get_or_insert_with(|| "NONE".to_owned());
        artifacts.packaging.get_or_insert_with(|| "NONE".to_owned());
        artifacts.encryption_disabled.get_or_insert(false);
    }
}
