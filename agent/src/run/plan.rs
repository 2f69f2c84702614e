//! What the runner is told: one file, complete before it is started.

use super::halt::Halt;
use super::layout::Layout;
use super::secrets;
use crate::folder::Folder;
use buildyard_buildspec::Buildspec;
use buildyard_model::{ArtifactKind, ArtifactSpec, JobSpec};
use buildyard_runner::Plan;
use buildyard_runner::plan::ArtifactOrder;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The plan of a build.
pub(super) fn plan(
    job: &JobSpec,
    buildspec: Buildspec,
    environment: BTreeMap<String, String>,
    source_directory: PathBuf,
    layout: &Layout,
    secret: bool,
) -> Plan {
    Plan {
        artifacts: orders(job),
        buildspec,
        environment,
        secrets_file: secret.then(|| layout.secrets.join(secrets::FILE)),
        source_directory,
        workspace: layout.output.clone(),
        state_directory: layout.state.clone(),
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

/// Writes it for the runner.
pub(super) fn write(plan: &Plan, folder: &Folder) -> Result<(), Halt> {
    let bytes = serde_json::to_vec(plan).unwrap_or_default();
    std::fs::write(folder.plan(), bytes).map_err(|error| Halt::disk("write the build's plan", &error))
}
