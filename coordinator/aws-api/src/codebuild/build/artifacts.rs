//! CodeBuild's `BuildArtifacts`: where they go from the start on, and what was stored in the end (reference 6.2, 6.3).

use buildyard_model::project::ProjectArtifacts;
use buildyard_model::{ArtifactKind, ArtifactRecord, ArtifactSpec, Project};
use buildyard_service::BuildDetail;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildArtifacts {
    /// An ARN; empty for NO_ARTIFACTS.
    location: String,
    sha256sum: String,
    md5sum: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_artifact_name: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_disabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_owner_access: Option<String>,
}

pub(super) fn primary(detail: &BuildDetail, project: &Project) -> BuildArtifacts {
    artifacts(detail, &detail.job.artifacts, None, Some(&project.artifacts))
}

pub(super) fn secondary(detail: &BuildDetail, project: &Project) -> Vec<BuildArtifacts> {
    let one = |spec: &ArtifactSpec| {
        let identifier = spec.artifact_identifier.as_deref();
        let given = project.secondary_artifacts.iter().find(|one| one.artifact_identifier.as_deref() == identifier);
        artifacts(detail, spec, identifier, given)
    };
    detail.job.secondary_artifacts.iter().map(one).collect()
}

fn artifacts(
    detail: &BuildDetail,
    spec: &ArtifactSpec,
    identifier: Option<&str>,
    given: Option<&ProjectArtifacts>,
) -> BuildArtifacts {
    let stored = detail.view.artifacts.iter().find(|record| record.artifact_identifier.as_deref() == identifier);
    let is_s3 = spec.kind == ArtifactKind::S3;
    let encryption_disabled = given.and_then(|given| given.encryption_disabled);
    BuildArtifacts {
        location: location(detail, spec, stored),
        sha256sum: stored.map(|record| record.sha256sum.clone()).unwrap_or_default(),
        md5sum: stored.map(|record| record.md5sum.clone()).unwrap_or_default(),
        override_artifact_name: is_s3.then_some(spec.override_artifact_name),
        encryption_disabled: encryption_disabled.or(is_s3.then_some(false)),
        artifact_identifier: identifier.map(str::to_owned),
        bucket_owner_access: given.and_then(|given| given.bucket_owner_access.clone()),
    }
}

fn location(detail: &BuildDetail, spec: &ArtifactSpec, stored: Option<&ArtifactRecord>) -> String {
    let (bucket, key) = match stored {
        Some(record) => (&record.bucket, record.key.clone()),
        None if spec.kind == ArtifactKind::NoArtifacts => return String::new(),
        None => {
            let name = if spec.name.is_empty() { detail.job.id.project().as_str() } else { &spec.name };
            (&spec.location, spec.key(&detail.job.id.uuid().to_string(), name, ""))
        }
    };
    if key.is_empty() { format!("arn:aws:s3:::{bucket}") } else { format!("arn:aws:s3:::{bucket}/{key}") }
}
