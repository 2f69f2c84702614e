//! What the runner is told: one file, which lies aside until the walk begins.

use super::halt::Halt;
use super::layout::Layout;
use super::{git_credentials, secrets};
use crate::folder::Folder;
use buildyard_buildspec::Buildspec;
use buildyard_model::{ArtifactKind, ArtifactSpec, JobSpec};
use buildyard_runner::Plan;
use buildyard_runner::plan::ArtifactOrder;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which files lie in the folder in memory, and what the agent limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub secrets: bool,
    pub git_credentials: bool,
    /// Most bytes that the build's log may have.
    pub log_limit_bytes: u64,
}

/// The plan of a build.
pub(super) fn plan(
    job: &JobSpec,
    buildspec: Buildspec,
    environment: BTreeMap<String, String>,
    source_directory: PathBuf,
    layout: &Layout,
    given: Given,
) -> Plan {
    Plan {
        artifacts: orders(job),
        buildspec,
        environment,
        secrets_file: given.secrets.then(|| layout.secrets.join(secrets::FILE)),
        git_credentials_file: given.git_credentials.then(|| layout.secrets.join(git_credentials::FILE)),
        source_directory,
        workspace: layout.output.clone(),
        state_directory: layout.state.clone(),
        log_limit_bytes: Some(given.log_limit_bytes),
        debug_session: job.debug_session,
        in_container: layout.in_container,
    }
}

/// What is to be packed: the primary artifact first.
fn orders(job: &JobSpec) -> Vec<ArtifactOrder> {
    let order = |spec: &ArtifactSpec, identifier: Option<String>| ArtifactOrder {
        identifier,
        packaging: spec.packaging,
        override_name: spec.override_artifact_name,
    };
    let wanted = |spec: &&ArtifactSpec| spec.kind == ArtifactKind::S3;
    let primary = Some(&job.artifacts).filter(wanted).map(|spec| order(spec, None));
    let secondary = job.secondary_artifacts.iter().filter(wanted).filter(|spec| spec.artifact_identifier.is_some());
    primary.into_iter().chain(secondary.map(|spec| order(spec, spec.artifact_identifier.clone()))).collect()
}

/// Writes it, but not yet where the runner looks for it.
pub(super) fn write(plan: &Plan, folder: &Folder) -> Result<(), Halt> {
    let bytes = serde_json::to_vec(plan).unwrap_or_default();
    std::fs::write(folder.draft(), bytes).map_err(|error| Halt::disk("write the build's plan", &error))
}
