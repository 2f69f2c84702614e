//! A project's artifacts as a job names them (reference 6.1). Pure.

use crate::Error;
use buildyard_model::project::ProjectArtifacts;
use buildyard_model::{ArtifactKind, ArtifactSpec, Namespace, Packaging};

/// What an S3 artifact has when it does not say so (reference 12.4).
pub(super) fn with_defaults(given: ProjectArtifacts, project: &str) -> ProjectArtifacts {
    if given.kind != "S3" {
        return given;
    }
    ProjectArtifacts {
        name: given.name.or_else(|| Some(project.to_owned())),
        namespace_type: given.namespace_type.or_else(|| Some("NONE".to_owned())),
        packaging: given.packaging.or_else(|| Some("NONE".to_owned())),
        encryption_disabled: given.encryption_disabled.or(Some(false)),
        ..given
    }
}

/// Where a build's artifacts go.
pub(super) fn spec(artifacts: &ProjectArtifacts) -> Result<ArtifactSpec, Error> {
    let identifier = artifacts.artifact_identifier.clone();
    if artifacts.encryption_disabled == Some(true) && artifacts.kind != "S3" {
        return Err(Error::invalid("Invalid artifacts: encryptionDisabled is only for artifacts of type S3"));
    }
    match artifacts.kind.as_str() {
        "NO_ARTIFACTS" => Ok(ArtifactSpec { artifact_identifier: identifier, ..ArtifactSpec::default() }),
        "S3" => {
            let location = artifacts.location.as_deref().unwrap_or_default();
            let bucket = location.split_once(":s3:::").map_or(location, |(_, bucket)| bucket);
            if bucket.is_empty() {
                return Err(Error::invalid("Invalid artifacts: artifacts of type S3 need a location, their bucket"));
            }
            Ok(ArtifactSpec {
                kind: ArtifactKind::S3,
                location: bucket.to_owned(),
                path: artifacts.path.clone().unwrap_or_default(),
                namespace_type: match artifacts.namespace_type.as_deref() {
                    Some("BUILD_ID") => Namespace::BuildId,
                    _ => Namespace::None,
                },
                name: artifacts.name.clone().unwrap_or_default(),
                packaging: match artifacts.packaging.as_deref() {
                    Some("ZIP") => Packaging::Zip,
                    _ => Packaging::None,
                },
                override_artifact_name: artifacts.override_artifact_name.unwrap_or(false),
                artifact_identifier: identifier,
            })
        }
        "CODEPIPELINE" => Err(Error::invalid(
            "Invalid artifacts: artifacts of type CODEPIPELINE are only for builds that a pipeline starts, which are \
             not served yet: use S3 or NO_ARTIFACTS",
        )),
        other => Err(Error::invalid(format!("Invalid type provided: Artifact type {other}"))),
    }
}
