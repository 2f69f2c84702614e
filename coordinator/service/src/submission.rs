//! From what a client asks for to a job: validation and defaults, pure. Refused here means refused when submitted.

use crate::{Error, Settings};
use buildyard_model::{
    ArtifactKind, ArtifactSpec, BuildId, JobSpec, Namespace, Packaging, ProjectName, Source, SourceKind, Submission,
    Timestamp,
};
use std::collections::HashSet;

/// CodeBuild's default and range of `timeoutInMinutes` in seconds (reference 2.3). Buildyard takes shorter ones too.
const TIMEOUT_SECONDS: (u64, u64) = (3600, 2160 * 60);
/// CodeBuild's default and range of `queuedTimeoutInMinutes` in seconds (reference 2.3).
const QUEUED_TIMEOUT_SECONDS: (u64, u64) = (480 * 60, 480 * 60);
/// Secondary sources and artifacts (reference 4.1, 6.1).
const MOST_SECONDARY: usize = 12;
/// Largest inline buildspec in bytes.
const LARGEST_BUILDSPEC: usize = 1024 * 1024;

/// Makes a job of a submission, or says what is wrong with it. The build number is the store's to give.
pub(crate) fn job(submission: Submission, id: BuildId, settings: &Settings, now: Timestamp) -> Result<JobSpec, Error> {
    check(&submission)?;
    let artifacts = match submission.artifacts {
        None => default_artifacts(id.project(), settings),
        Some(spec) if spec.kind == ArtifactKind::S3 && spec.location.is_empty() => {
            ArtifactSpec { location: settings.artifact_bucket.clone(), ..spec }
        }
        Some(spec) => spec,
    };
    Ok(JobSpec {
        build_number: 0,
        initiator: submission.initiator.unwrap_or_else(|| "cli".to_owned()),
        submitted_at: now,
        source: submission.source,
        secondary_sources: submission.secondary_sources,
        buildspec: submission.buildspec,
        environment: submission.environment,
        artifacts,
        secondary_artifacts: submission
            .secondary_artifacts
            .into_iter()
            .map(|spec| placed_secondary(spec, id.project(), settings))
            .collect(),
        timeout_seconds: submission.timeout_seconds.unwrap_or(TIMEOUT_SECONDS.0),
        queued_timeout_seconds: submission.queued_timeout_seconds.unwrap_or(QUEUED_TIMEOUT_SECONDS.0),
        labels: submission.labels,
        priority: submission.priority,
        debug_session: submission.debug_session,
        retry_of: None,
        project: None,
        overflow: false,
        region: settings.region.clone(),
        account: settings.account.clone(),
        id,
    })
}

/// `<project>/<build uuid>/<file>` in the coordinator's own bucket.
fn default_artifacts(project: &ProjectName, settings: &Settings) -> ArtifactSpec {
    ArtifactSpec {
        kind: ArtifactKind::S3,
        location: settings.artifact_bucket.clone(),
        path: project.to_string(),
        namespace_type: Namespace::BuildId,
        name: "/".to_owned(),
        ..ArtifactSpec::default()
    }
}

/// Without a bucket, `<project>/<identifier>/<build uuid>/<file>` in the coordinator's own: never below the folder of
/// another artifact, whose list would hold its files too.
fn placed_secondary(spec: ArtifactSpec, project: &ProjectName, settings: &Settings) -> ArtifactSpec {
    if spec.kind != ArtifactKind::S3 || !spec.location.is_empty() {
        return spec;
    }
    let location = settings.artifact_bucket.clone();
    if !spec.path.is_empty() {
        return ArtifactSpec { location, ..spec };
    }
    let path = format!("{project}/{}", spec.artifact_identifier.as_deref().unwrap_or_default());
    let spec = ArtifactSpec { location, path, namespace_type: Namespace::BuildId, ..spec };
    match spec.packaging {
        Packaging::None => ArtifactSpec { name: "/".to_owned(), override_artifact_name: false, ..spec },
        Packaging::Zip => spec,
    }
}

fn check(submission: &Submission) -> Result<(), Error> {
    check_sources(submission)?;
    check_environment(submission)?;
    check_artifacts(submission)?;
    within("timeout", submission.timeout_seconds, TIMEOUT_SECONDS.1)?;
    within("queued timeout", submission.queued_timeout_seconds, QUEUED_TIMEOUT_SECONDS.1)?;
    if let buildyard_model::BuildspecOrigin::Inline(text) = &submission.buildspec
        && text.len() > LARGEST_BUILDSPEC
    {
        return Err(Error::invalid(format!(
            "the buildspec is {} bytes long; at most {LARGEST_BUILDSPEC} are taken",
            text.len()
        )));
    }
    Ok(())
}

fn within(what: &str, seconds: Option<u64>, most: u64) -> Result<(), Error> {
    match seconds {
        Some(0) => Err(Error::invalid(format!("the {what} is 0 seconds; give at least 1"))),
        Some(seconds) if seconds > most => {
            Err(Error::invalid(format!("the {what} of {seconds} seconds is longer than the longest, {most} seconds")))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_sources(submission: &Submission) -> Result<(), Error> {
    let refuse = |source: &Source| source.problem().map_or(Ok(()), |problem| Err(Error::invalid(problem)));
    refuse(&submission.source)?;
    if submission.secondary_sources.len() > MOST_SECONDARY {
        return Err(Error::invalid(format!("there are more than {MOST_SECONDARY} secondary sources")));
    }
    let mut seen = HashSet::new();
    for secondary in &submission.secondary_sources {
        check_identifier("source", &secondary.source_identifier, &mut seen)?;
        refuse(&secondary.source)?;
    }
    let needs_file = matches!(
        submission.buildspec,
        buildyard_model::BuildspecOrigin::Default | buildyard_model::BuildspecOrigin::Path(_)
    );
    if submission.source.kind == SourceKind::None && needs_file {
        return Err(Error::invalid("a build without a source needs its buildspec inline or in S3, not as a file"));
    }
    Ok(())
}

fn check_environment(submission: &Submission) -> Result<(), Error> {
    let environment = &submission.environment;
    let image = &environment.image;
    let bad_image = image.is_empty()
        || image.len() > 1024
        || image.starts_with('-')
        || image.contains(|c: char| c.is_whitespace() || c.is_control());
    if bad_image {
        return Err(Error::invalid(format!(
            "image {image:?} is not an image reference such as repo:tag or repo@sha256:…"
        )));
    }
    for variable in &environment.environment_variables {
        if let Some(problem) = variable.problem() {
            return Err(Error::invalid(problem));
        }
    }
    Ok(())
}

fn check_artifacts(submission: &Submission) -> Result<(), Error> {
    if submission.secondary_artifacts.len() > MOST_SECONDARY {
        return Err(Error::invalid(format!("there are more than {MOST_SECONDARY} secondary artifacts")));
    }
    let mut seen = HashSet::new();
    for artifact in &submission.secondary_artifacts {
        let identifier = artifact.artifact_identifier.as_deref().unwrap_or_default();
        check_identifier("artifact", identifier, &mut seen)?;
    }
    for artifact in submission.artifacts.iter().chain(&submission.secondary_artifacts) {
        if artifact.kind == ArtifactKind::S3 {
            // Without one, it goes to the coordinator's own bucket.
            if !artifact.location.is_empty() {
                check_bucket(&artifact.location)?;
            }
            for (what, text) in [("path", &artifact.path), ("name", &artifact.name)] {
                if text.split('/').any(|part| part == "..") || text.contains(char::is_control) {
                    return Err(Error::invalid(format!("artifact {what} {text:?} holds '..' or a control character")));
                }
            }
        }
    }
    Ok(())
}

fn check_bucket(bucket: &str) -> Result<(), Error> {
    let valid = (3..=63).contains(&bucket.len())
        && bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
        && bucket.starts_with(|c: char| c.is_ascii_alphanumeric());
    if valid { Ok(()) } else { Err(Error::invalid(format!("artifact location {bucket:?} is not a bucket name"))) }
}

fn check_identifier<'a>(what: &str, identifier: &'a str, seen: &mut HashSet<&'a str>) -> Result<(), Error> {
    let valid =
        (1..128).contains(&identifier.len()) && identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return Err(Error::invalid(format!(
            "{what} identifier {identifier:?} must be letters, digits and '_', shorter than 128 characters"
        )));
    }
    if seen.insert(identifier) {
        Ok(())
    } else {
        Err(Error::invalid(format!("{what} identifier {identifier} stands twice")))
    }
}
