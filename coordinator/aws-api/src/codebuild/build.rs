//! CodeBuild's `Build` (reference 17.1), made of what the service knows of a build. Pure.
//!
//! `phases`, `artifacts` and `logs` are rendered beneath; a build that belongs to no stored project gets one from its job,
//! in `unstored`.

mod artifacts;
mod logs;
mod phases;
#[cfg(test)]
mod tests;
mod unstored;

use artifacts::BuildArtifacts;
use buildyard_model::project::{
    ProjectCache, ProjectEnvironment, ProjectFileSystemLocation, ProjectSource, ProjectSourceVersion, VpcConfig,
};
use buildyard_model::{BuildId, BuildStatus, Epoch, JobSpec, Phase, Project};
use buildyard_service::BuildDetail;
use logs::LogsLocation;
use phases::BuildPhase;
use serde::Serialize;
use std::borrow::Cow;

/// CodeBuild's `Build`. What Buildyard has not (`networkInterface`, `buildBatchArn`) is left out.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Build {
    id: BuildId,
    arn: String,
    build_number: u64,
    start_time: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Epoch>,
    current_phase: Phase,
    build_status: BuildStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_source_version: Option<String>,
    project_name: String,
    phases: Vec<BuildPhase>,
    source: ProjectSource,
    secondary_sources: Vec<ProjectSource>,
    secondary_source_versions: Vec<ProjectSourceVersion>,
    artifacts: BuildArtifacts,
    secondary_artifacts: Vec<BuildArtifacts>,
    cache: ProjectCache,
    environment: ProjectEnvironment,
    #[serde(skip_serializing_if = "String::is_empty")]
    service_role: String,
    logs: LogsLocation,
    timeout_in_minutes: u64,
    queued_timeout_in_minutes: u64,
    build_complete: bool,
    initiator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_config: Option<VpcConfig>,
    encryption_key: String,
    exported_environment_variables: Vec<ExportedEnvironmentVariable>,
    report_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_system_locations: Option<Vec<ProjectFileSystemLocation>>,
    debug_session: DebugSession,
    auto_retry_config: AutoRetryConfig,
}

#[derive(Debug, Clone, Serialize)]
struct ExportedEnvironmentVariable {
    name: String,
    value: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct DebugSession {
    session_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_target: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct AutoRetryConfig {
    auto_retry_limit: i32,
    auto_retry_number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_auto_retry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_auto_retry: Option<String>,
}

/// Shows a build as CodeBuild does, with the defaults of reference 12.4.
pub(crate) fn build_view(detail: &BuildDetail) -> Build {
    let BuildDetail { view, job } = detail;
    let project = match &job.project {
        Some(project) => Cow::Borrowed(&**project),
        None => Cow::Owned(unstored::project(job)),
    };
    let begun = view.phases.iter().any(|record| (Phase::Provisioning..Phase::Completed).contains(&record.phase_type));
    let is_s3 = project.source.kind == "S3";
    Build {
        id: view.id.clone(),
        arn: view.arn.clone(),
        build_number: view.build_number,
        start_time: Epoch(view.start_time),
        end_time: view.end_time.map(Epoch),
        current_phase: view.current_phase,
        build_status: view.build_status,
        source_version: job.source.version.clone().filter(|version| !version.is_empty()),
        resolved_source_version: view.resolved_source_version.clone().filter(|_| !is_s3),
        project_name: view.project.to_string(),
        phases: view.phases.iter().map(phases::phase).collect(),
        source: source(&project.source),
        secondary_sources: project.secondary_sources.iter().map(source).collect(),
        secondary_source_versions: project.secondary_source_versions.clone(),
        artifacts: artifacts::primary(detail, &project),
        secondary_artifacts: artifacts::secondary(detail, &project),
        cache: project.cache.clone().unwrap_or_else(no_cache),
        environment: environment(&project.environment),
        service_role: project.service_role.clone(),
        logs: logs::location(job, &project, begun),
        timeout_in_minutes: job.timeout_seconds.div_ceil(60),
        queued_timeout_in_minutes: job.queued_timeout_seconds.div_ceil(60),
        build_complete: view.build_complete,
        initiator: view.initiator.clone(),
        vpc_config: project.vpc_config.clone(),
        encryption_key: encryption_key(job, &project),
        exported_environment_variables: exported(&view.exported_environment_variables),
        report_arns: Vec::new(),
        file_system_locations: project.file_system_locations.clone(),
        debug_session: DebugSession {
            session_enabled: job.debug_session,
            session_target: (job.debug_session && begun).then(|| format!("codebuild:{}", job.id.uuid())),
        },
        auto_retry_config: AutoRetryConfig {
            auto_retry_limit: project.auto_retry_limit.unwrap_or(0),
            auto_retry_number: view.retry_of.as_ref().map_or(0, |retry| retry.number),
            next_auto_retry: view.next_retry.as_ref().map(|next| arn(job, next)),
            previous_auto_retry: view.retry_of.as_ref().map(|retry| arn(job, &retry.previous)),
        },
    }
}

fn arn(job: &JobSpec, build: &BuildId) -> String {
    format!("arn:aws:codebuild:{}:{}:build/{build}", job.region, job.account)
}

fn no_cache() -> ProjectCache {
    ProjectCache { kind: "NO_CACHE".to_owned(), ..ProjectCache::default() }
}

fn encryption_key(job: &JobSpec, project: &Project) -> String {
    let given = project.encryption_key.clone().filter(|key| !key.is_empty());
    given.unwrap_or_else(|| format!("arn:aws:kms:{}:{}:alias/aws/s3", job.region, job.account))
}

fn source(given: &ProjectSource) -> ProjectSource {
    ProjectSource {
        insecure_ssl: given.insecure_ssl.or(Some(false)),
        report_build_status: given.report_build_status.or(Some(false)),
        ..given.clone()
    }
}

fn environment(given: &ProjectEnvironment) -> ProjectEnvironment {
    let credentials_type = given.image_pull_credentials_type.clone();
    ProjectEnvironment {
        privileged_mode: given.privileged_mode.or(Some(false)),
        image_pull_credentials_type: credentials_type.or_else(|| Some("CODEBUILD".to_owned())),
        ..given.clone()
    }
}

fn exported(variables: &[(String, String)]) -> Vec<ExportedEnvironmentVariable> {
    let variable =
        |(name, value): &(String, String)| ExportedEnvironmentVariable { name: name.clone(), value: value.clone() };
    variables.iter().map(variable).collect()
}
