//! Passwords of a job's sources: sealed in the records, opened for the agent that is offered the job and for nobody else.
//! They are bound to the project, so a build that repeats another can take them over as they lie.

use crate::{Error, Service};
use buildyard_model::{GitCredentials, JobSpec, SourceKind};

fn place(job: &JobSpec) -> String {
    format!("git-credentials/{}", job.id.project())
}

/// The credentials of all sources.
fn credentials(job: &mut JobSpec) -> impl Iterator<Item = &mut GitCredentials> {
    let secondary = job.secondary_sources.iter_mut().map(|secondary| &mut secondary.source);
    std::iter::once(&mut job.source).chain(secondary).filter_map(|source| match &mut source.kind {
        SourceKind::Git { credentials, .. } => credentials.as_mut(),
        SourceKind::None | SourceKind::S3 { .. } | SourceKind::Local { .. } => None,
    })
}

impl Service {
    /// Seals what is not sealed yet.
    pub(crate) fn seal_credentials(&self, job: &mut JobSpec) -> Result<(), Error> {
        let place = place(job);
        for one in credentials(job) {
            if self.unseal(&place, one.password.expose()).is_err() {
                one.password = buildyard_model::Secret::new(self.seal(&place, &one.password)?);
            }
        }
        Ok(())
    }

    /// The job as its agent needs it. What cannot be opened stays sealed: the git server refuses it, and the build says so.
    pub(crate) fn with_open_credentials(&self, job: &JobSpec) -> JobSpec {
        let mut job = job.clone();
        let place = place(&job);
        for one in credentials(&mut job) {
            match self.unseal(&place, one.password.expose()) {
                Ok(password) => one.password = password,
                Err(error) => tracing::error!(%error, "the password of a source cannot be opened"),
            }
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use crate::ToAgent;
    use crate::testing::Rig;
    use buildyard_model::SourceKind;

    const SUBMISSION: &str = r#"{"source":{"type":"GIT","location":"https://git.example/app.git",
        "credentials":{"username":"me","password":"hunter2"}},"environment":{"image":"x"}}"#;

    fn password(kind: &SourceKind) -> String {
        match kind {
            SourceKind::Git { credentials: Some(found), .. } => found.password.expose().to_owned(),
            _ => panic!("no credentials"),
        }
    }

    #[tokio::test]
    async fn a_password_is_sealed_in_the_records_and_open_for_the_agent() {
        let rig = Rig::start().await;
        let mut agent = rig.connect("a1", 1, vec![]).await;
        let submission = serde_json::from_str(SUBMISSION).unwrap();
        let build = rig.service.submit(&"app".parse().unwrap(), submission, None).await.unwrap();
        let stored = rig.service.load(&build.id).await.unwrap();
        assert!(!serde_json::to_string(&stored).unwrap().contains("hunter2"));
        let ToAgent::Offer { job: offered, .. } = agent.message().await else { panic!("an offer comes first") };
        assert_eq!(password(&offered.source.kind), "hunter2");
        // Sealing again changes nothing.
        let mut again = stored.spec.clone();
        rig.service.seal_credentials(&mut again).unwrap();
        assert_eq!(again, stored.spec);
    }
}
