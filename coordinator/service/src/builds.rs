//! What people do with builds: submit, look, list, stop.

use crate::commit::Applied;
use crate::{Error, Kind, Service, credential, own_bucket, submission};
use buildyard_model::{BuildId, BuildView, JobSpec, ProjectName, RetryOf, Submission};
use buildyard_scheduler::{Build, Event, Rejected, State};
use buildyard_store::{Draft, ListQuery};
use uuid::Uuid;

impl Service {
    /// Accepts a build: when this answers, the build is on disk and queued.
    pub async fn submit(
        &self,
        project: &ProjectName,
        submission: Submission,
        token: Option<&str>,
    ) -> Result<BuildView, Error> {
        let idempotency = match token.filter(|token| !token.is_empty()) {
            Some(token) if token.len() > 256 => {
                return Err(Error::invalid("the idempotency token is longer than 256 characters"));
            }
            Some(token) => {
                let request = serde_json::to_string(&submission).map_err(|error| Error::invalid(error.to_string()))?;
                Some((format!("{project}/{token}"), credential::fingerprint(&request)))
            }
            None => None,
        };
        let id = BuildId::new(project.clone(), Uuid::new_v4());
        let spec = submission::job(submission, id, self.settings(), self.now())?;
        let build = self.enqueue(Draft { spec, idempotency, outbox_entry: None, limit: None }).await?;
        Ok(build.view())
    }

    pub(crate) async fn enqueue(&self, mut draft: Draft) -> Result<Build, Error> {
        own_bucket::check(&draft.spec, self.settings())?;
        self.seal_credentials(&mut draft.spec)?;
        let created = self.store().create(draft).await?;
        self.note(&created.build);
        self.inner.match_bell.notify_one();
        self.inner.fleets.ring();
        self.estimate_soon(&created.build.spec.id);
        self.inner.changes.tell(&created.build.spec.id);
        Ok(created.build)
    }

    /// Queues a build that repeats `of`; the outbox entry that asked for it goes in the same transaction. The place it
    /// takes was kept for it when its project has a limit. When `of` was deleted meanwhile there is nothing to repeat.
    pub(crate) async fn repeat(&self, of: &BuildId, number: u32, outbox_entry: u64) -> Result<(), Error> {
        let Some(failed) = self.store().get(of).await? else { return Ok(self.store().done(outbox_entry).await?) };
        let spec = JobSpec {
            id: of.repetition(number),
            submitted_at: self.now(),
            retry_of: Some(RetryOf { previous: of.clone(), number }),
            ..failed.spec
        };
        self.enqueue(Draft { spec, idempotency: None, outbox_entry: Some(outbox_entry), limit: None }).await?;
        Ok(())
    }

    /// A build as people see it.
    pub async fn build(&self, id: &BuildId) -> Result<BuildView, Error> {
        let build = self.load(id).await?;
        Ok(self.seen(std::slice::from_ref(&build)).await?.pop().unwrap_or_else(|| build.view()))
    }

    /// The build that a whole or shortened id names: `project:uuid`, `uuid`, or the beginning of either's uuid.
    pub async fn resolve(&self, text: &str) -> Result<BuildId, Error> {
        let (project, prefix) = match text.rsplit_once(':') {
            Some((project, prefix)) => {
                (Some(project.parse::<ProjectName>().map_err(|error| Error::invalid(error.to_string()))?), prefix)
            }
            None => (None, text),
        };
        if prefix.is_empty() || !prefix.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
            return Err(Error::invalid(format!(
                "{text:?} is not a build id: expected <project>:<uuid> or the beginning of a uuid"
            )));
        }
        let mut found = self.store().find(project.as_ref(), &prefix.to_ascii_lowercase(), 2).await?;
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(Error::not_found(format!("no build has an id that begins with {text}"))),
            (Some(id), true) => Ok(id),
            (Some(_), false) => Err(Error::new(
                Kind::Invalid,
                format!("more than one build has an id that begins with {text}; give more of it"),
            )),
        }
    }

    /// Builds, newest first.
    pub async fn builds(&self, query: &ListQuery) -> Result<Vec<BuildView>, Error> {
        self.seen(&self.store().list(query).await?).await
    }

    /// Ends a build as STOPPED. Stopping again, or stopping a finished build, answers with the build as it is.
    pub async fn stop(&self, id: &BuildId) -> Result<BuildView, Error> {
        match self.apply(id, Event::Stop).await? {
            Applied::Done(build) => match &build.state {
                // Nobody is there to confirm it.
                State::Stopping { lease, .. } if self.inner.sessions.get(&lease.agent).is_none() => {
                    match self.apply(id, Event::StopExpired).await? {
                        Applied::Done(build) | Applied::Rejected(_, build) => Ok(build.view()),
                    }
                }
                _ => Ok(build.view()),
            },
            Applied::Rejected(Rejected::Finished | Rejected::Unchanged, build) => Ok(build.view()),
            Applied::Rejected(rejected, _) => Err(rejected.into()),
        }
    }
}
