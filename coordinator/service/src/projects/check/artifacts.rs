//! Artifacts (reference 6.1), and buckets wherever a project names one.

use super::{check_identifiers, given, refuse};
use crate::Error;
use buildyard_model::Project;
use buildyard_model::project::ProjectArtifacts;
use buildyard_model::source::is_bucket_name;

pub(super) fn check(project: &Project) -> Result<(), Error> {
    check_one(&project.artifacts)?;
    for artifacts in &project.secondary_artifacts {
        if artifacts.kind == "CODEPIPELINE" {
            return refuse("Invalid artifacts: secondary artifacts cannot be of type CODEPIPELINE");
        }
        check_one(artifacts)?;
    }
    check_identifiers(
        "artifactIdentifier",
        project.secondary_artifacts.iter().map(|artifacts| artifacts.artifact_identifier.as_deref()),
    )?;
    // Reference 4.1: both come from the pipeline, or neither.
    if (project.source.kind == "CODEPIPELINE") != (project.artifacts.kind == "CODEPIPELINE") {
        return refuse("source and artifacts must both be of type CODEPIPELINE, or neither");
    }
    Ok(())
}

fn check_one(artifacts: &ProjectArtifacts) -> Result<(), Error> {
    let location = given(artifacts.location.as_deref());
    if artifacts.kind != "S3" {
        if artifacts.encryption_disabled == Some(true) {
            return refuse("Invalid artifacts: encryptionDisabled is only for artifacts of type S3");
        }
        if artifacts.kind == "NO_ARTIFACTS" && location.is_some() {
            // CodeBuild's own words (reference 6.1).
            return refuse("Invalid artifacts: artifact type NO_ARTIFACTS should have null location");
        }
        return Ok(());
    }
    let Some(location) = location else {
        return refuse("Invalid artifacts: artifacts of type S3 need a location, the bucket's name");
    };
    let bucket = location.strip_prefix("arn:aws:s3:::").unwrap_or(location);
    if let Some(problem) = bucket_problem(bucket) {
        return refuse(format!("Invalid artifacts: {problem}"));
    }
    for (what, text) in [("path", &artifacts.path), ("name", &artifacts.name)] {
        let text = text.as_deref().unwrap_or_default();
        if text.len() > 1024 || text.split('/').any(|part| part == "..") || text.chars().any(char::is_control) {
            return refuse(format!("Invalid artifacts: {what} is too long or holds '..' or a control character"));
        }
    }
    Ok(())
}

/// What is wrong with a bucket's name.
pub(crate) fn bucket_problem(bucket: &str) -> Option<String> {
    (!is_bucket_name(bucket)).then(|| {
        format!(
            "bucket {bucket:?} is not valid: 3 to 63 lower-case letters, digits, '.' and '-', beginning and ending \
                 with a letter or digit"
        )
    })
}

/// What is wrong with `<bucket>[/<prefix>]` or the ARN of it.
pub(super) fn place_problem(place: &str) -> Option<String> {
    let place = place.strip_prefix("arn:aws:s3:::").unwrap_or(place);
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let plain =
        prefix.len() <= 1024 && !prefix.chars().any(char::is_control) && prefix.split('/').all(|part| part != "..");
    bucket_problem(bucket)
        .or_else(|| (!plain).then(|| "the prefix is too long or holds '..' or a control character".to_owned()))
}
