//! Starts builds of stored projects: a new one with its overrides, or an old one once more.
//!
//! `overrides` makes the project as the build uses it, `job` makes a job of that; both are pure. A project's
//! `concurrentBuildLimit` is the store's to hold, in the transaction that makes the build.

mod artifacts;
mod credentials;
mod environment;
mod fleet;
mod job;
mod overrides;
mod source;
#[cfg(test)]
mod tests;

pub use overrides::Overrides;

use crate::{BuildDetail, Error, Kind, Service, credential};
use buildyard_model::project::ProjectSource;
use buildyard_model::{BuildId, JobSpec, Project, ProjectName};
use buildyard_store::Draft;
use serde::Serialize;
use uuid::Uuid;

/// A request's token and fingerprint, as the store compares them. Tokens of different operations are different ones,
/// and one of any length takes little room.
fn idempotency(
    operation: &str,
    token: Option<&str>,
    request: &impl Serialize,
) -> Result<Option<(String, String)>, Error> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    let request = serde_json::to_string(request).map_err(|error| Error::invalid(error.to_string()))?;
    Ok(Some((format!("{operation}/{}", credential::fingerprint(token)), credential::fingerprint(&request))))
}

/// How many builds of a project may be not over at once; -1 takes the limit away.
fn limit(project: &Project) -> Option<u64> {
    project.concurrent_build_limit.and_then(|limit| u64::try_from(limit).ok()).filter(|limit| *limit > 0)
}

impl Service {
    /// Starts a build of a project: when this answers, the build is on disk and queued. The same token with the same
    /// request gives the same build for 5 minutes.
    ///
    /// # Errors
    /// `NotFound` without the project, `LimitExceeded` at its limit, `Invalid` for what cannot be built here.
    pub async fn start_build(
        &self,
        name: &ProjectName,
        overrides: Overrides,
        initiator: &str,
        token: Option<&str>,
    ) -> Result<BuildDetail, Error> {
        let stored = self.project_to_build(name).await?;
        let idempotency = idempotency("StartBuild", token, &(name, &overrides))?;
        let debug_session = overrides.debug_session_enabled.unwrap_or(false);
        let project = overrides::apply(stored.clone(), overrides)?;
        let fleet = self.fleet_of(&project.environment).await?;
        let project = fleet::on_fleet(project, fleet.as_ref());
        let order = job::Order {
            id: BuildId::new(name.clone(), Uuid::new_v4()),
            initiator: initiator.to_owned(),
            debug_session,
            now: self.now(),
        };
        let mut spec = fleet::overflowing(job::job(project, order, self.settings())?, fleet.as_ref());
        self.give_credentials(&mut spec, |source| credentials::may_have(source, &stored)).await?;
        self.queue(Draft { spec, idempotency, outbox_entry: None, limit: limit(&stored) }).await
    }

    /// Starts a build with the same settings as an earlier one, its overrides among them (reference 2.4). Sources are
    /// asked for with the credentials of today.
    ///
    /// # Errors
    /// `NotFound` without the build or its project, `LimitExceeded` at the project's limit.
    pub async fn retry_build(&self, of: &BuildId, initiator: &str, token: Option<&str>) -> Result<BuildDetail, Error> {
        let earlier = self.load(of).await?.spec;
        let stored = match &earlier.project {
            Some(_) => Some(self.project_to_build(of.project()).await?),
            None => None,
        };
        if let Some(project) = &earlier.project {
            self.fleet_of(&project.environment).await?;
        }
        let had = credentials::holders(&earlier);
        let mut spec = JobSpec {
            id: BuildId::new(of.project().clone(), Uuid::new_v4()),
            initiator: initiator.to_owned(),
            submitted_at: self.now(),
            retry_of: None,
            ..earlier
        };
        let may_have = |source: &ProjectSource| {
            had.contains(&source.source_identifier)
                || stored.as_ref().is_some_and(|stored| credentials::may_have(source, stored))
        };
        self.give_credentials(&mut spec, may_have).await?;
        let idempotency = idempotency("RetryBuild", token, of)?;
        self.queue(Draft { spec, idempotency, outbox_entry: None, limit: stored.as_ref().and_then(limit) }).await
    }

    async fn queue(&self, draft: Draft) -> Result<BuildDetail, Error> {
        Ok(BuildDetail::of(&self.enqueue(draft).await?))
    }

    async fn project_to_build(&self, name: &ProjectName) -> Result<Project, Error> {
        let found = self.project(name).await?;
        found.ok_or_else(|| {
            let settings = self.settings();
            let arn = format!("arn:aws:codebuild:{}:{}:project/{name}", settings.region, settings.account);
            Error::new(Kind::NotFound, format!("Project cannot be found: {arn}"))
        })
    }
}
