//! Keeps builds out of the coordinator's own bucket, where logs and uploaded sources of everybody lie. Pure.

use crate::{Error, Settings};
use buildyard_model::{BuildspecOrigin, JobSpec, SourceKind};

/// Where clients put the folders that they upload; only builds that belong to no project are made of these.
const UPLOADED: &str = "sources/";

/// Refuses a job that reads or writes the coordinator's own bucket.
pub(crate) fn check(job: &JobSpec, settings: &Settings) -> Result<(), Error> {
    let own = settings.system_bucket.as_str();
    let refused = |what: &str| {
        Err(Error::invalid(format!("{what} is in bucket {own}, which is the coordinator's own: choose another bucket")))
    };
    let secondary = job.secondary_sources.iter().map(|secondary| &secondary.source);
    for source in std::iter::once(&job.source).chain(secondary) {
        if let SourceKind::S3 { location } = &source.kind
            && let (bucket, key) = location.split_once('/').unwrap_or((location, ""))
            && bucket == own
            && (job.project.is_some() || !key.starts_with(UPLOADED) || key.ends_with('/'))
        {
            return refused("the source");
        }
    }
    if let BuildspecOrigin::S3(object) = &job.buildspec
        && object.split('/').next() == Some(own)
    {
        return refused("the buildspec");
    }
    if std::iter::once(&job.artifacts).chain(&job.secondary_artifacts).any(|artifacts| artifacts.location == own) {
        return refused("an artifact");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::Rig;
    use serde_json::{Value, json};

    async fn submitted(changes: Value) -> Result<(), String> {
        let rig = Rig::start().await;
        let mut submission = json!({
            "source": {"type": "NO_SOURCE"},
            "buildspec": {"inline": "version: 0.2\nphases: {build: {commands: ['true']}}"},
            "environment": {"image": "x"},
        });
        submission.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let submission = serde_json::from_value(submission).unwrap();
        let done = rig.service.submit(&"app".parse().unwrap(), submission, None).await;
        done.map(|_| ()).map_err(|error| error.message)
    }

    #[tokio::test]
    async fn no_build_reads_or_writes_the_coordinators_own_bucket() {
        let source = |location: &str| json!({"type": "S3", "location": location});
        for refused in [
            json!({"source": source("system/logs/x/00000001/")}),
            json!({"source": source("system/sources/")}),
            json!({"secondarySources": [{"sourceIdentifier": "a", "type": "S3", "location": "system/logs/x"}]}),
            json!({"buildspec": {"s3": "system/sources/x"}}),
            json!({"artifacts": {"type": "S3", "location": "system", "path": "logs"}}),
            json!({"secondaryArtifacts": [{"type": "S3", "location": "system", "artifactIdentifier": "a"}]}),
        ] {
            let message = submitted(refused.clone()).await.expect_err(&refused.to_string());
            assert!(message.contains("which is the coordinator's own"), "{message}");
        }
        submitted(json!({"source": source("system/sources/1-x.zip")})).await.unwrap();
        submitted(json!({"source": source("systems/logs/")})).await.unwrap();
    }
}
