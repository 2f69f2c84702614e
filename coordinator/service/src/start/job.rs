//! A job of a project, its overrides applied. Pure. What any submission is checked for is checked here too.

use super::{artifacts, environment, source};
use crate::{Error, Settings, submission};
use buildyard_model::project::ProjectSource;
use buildyard_model::{BuildId, BuildspecOrigin, JobSpec, Project, SecondarySource, Submission, Timestamp};

/// CodeBuild's defaults (reference 12.4).
const TIMEOUT_MINUTES: u32 = 60;
const QUEUED_TIMEOUT_MINUTES: u32 = 480;

/// What a build has that its project has not.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: BuildId,
    pub(super) initiator: String,
    pub(super) debug_session: bool,
    pub(super) now: Timestamp,
}

/// Makes a job, or says what cannot be built here.
pub(super) fn job(project: Project, order: Order, settings: &Settings) -> Result<JobSpec, Error> {
    let submission = Submission {
        source: source::source(&project.source, project.source_version.as_deref())?,
        secondary_sources: secondary_sources(&project)?,
        buildspec: BuildspecOrigin::from_text(project.source.buildspec.as_deref().unwrap_or_default()),
        environment: environment::environment(&project.environment, &settings.builds.images)?,
        artifacts: Some(artifacts::spec(&project.artifacts)?),
        secondary_artifacts: project.secondary_artifacts.iter().map(artifacts::spec).collect::<Result<_, _>>()?,
        timeout_seconds: Some(60 * u64::from(project.timeout_in_minutes.unwrap_or(TIMEOUT_MINUTES))),
        queued_timeout_seconds: Some(
            60 * u64::from(project.queued_timeout_in_minutes.unwrap_or(QUEUED_TIMEOUT_MINUTES)),
        ),
        labels: std::collections::BTreeMap::new(),
        priority: 0,
        debug_session: order.debug_session,
        initiator: Some(order.initiator),
    };
    let spec = submission::job(submission, order.id, settings, order.now)?;
    Ok(JobSpec { project: Some(Box::new(project)), ..spec })
}

fn secondary_sources(project: &Project) -> Result<Vec<SecondarySource>, Error> {
    let version = |identifier: &str| {
        let mut versions = project.secondary_source_versions.iter();
        versions.find(|version| version.source_identifier == identifier).map(|version| version.source_version.as_str())
    };
    let secondary = |source: &ProjectSource| {
        let source_identifier = source.source_identifier.clone().unwrap_or_default();
        Ok(SecondarySource { source: source::source(source, version(&source_identifier))?, source_identifier })
    };
    project.secondary_sources.iter().map(secondary).collect()
}
