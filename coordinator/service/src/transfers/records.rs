//! Records of uploads under way, as objects in the system bucket: which were begun (so that they can be dropped), which
//! are finished (so that they can be committed), and that a commit was begun (so that it is ended).

use super::{AT_ONCE, FinishedUpload};
use crate::{Error, Kind, Service};
use buildyard_model::{AgentId, LeaseToken};
use futures::{TryStreamExt, stream};
use uuid::Uuid;

/// Below this lie all records, those of a lease in a folder with its slug.
pub(crate) const RECORDS: &str = "uploads/";

fn prefix(token: &LeaseToken) -> String {
    format!("{RECORDS}{}/", token.slug())
}

fn finished_key(token: &LeaseToken, batch: u32) -> String {
    format!("{}finished/{batch:08}", prefix(token))
}

fn commit_key(token: &LeaseToken) -> String {
    format!("{}commit", prefix(token))
}

impl Service {
    pub(super) async fn record_begun(&self, token: &LeaseToken, uploads: Vec<FinishedUpload>) -> Result<(), Error> {
        self.put_record(&format!("{}begun/{}", prefix(token), Uuid::new_v4()), &uploads).await
    }

    /// Notes that the parts of a batch are stored. Repeatable.
    pub async fn finish_uploads(
        &self,
        agent: &AgentId,
        token: &LeaseToken,
        batch: u32,
        uploads: Vec<FinishedUpload>,
    ) -> Result<(), Error> {
        let job = self.leased(agent, token).await?.spec;
        if uploads.iter().any(|upload| !super::may_write(&job, &upload.bucket, &upload.key)) {
            return Err(Error::new(Kind::Denied, format!("build {} may not write there", job.id)));
        }
        self.put_record(&finished_key(token, batch), &uploads).await
    }

    /// Makes the finished uploads of a lease visible. Repeatable.
    pub async fn commit_uploads(&self, agent: &AgentId, token: &LeaseToken, batches: u32) -> Result<(), Error> {
        self.leased(agent, token).await?;
        // From here on the artifacts are promised: whoever comes next ends what was begun.
        self.put_record(&commit_key(token), &batches).await?;
        self.complete_all(token, batches).await
    }

    async fn complete_all(&self, token: &LeaseToken, batches: u32) -> Result<(), Error> {
        for batch in 0..batches {
            let uploads: Vec<FinishedUpload> = self.get_record(&finished_key(token, batch)).await?;
            stream::iter(uploads.iter().map(Ok::<_, Error>))
                .try_for_each_concurrent(AT_ONCE, |upload| self.complete(upload))
                .await?;
        }
        Ok(())
    }

    async fn complete(&self, upload: &FinishedUpload) -> Result<(), Error> {
        let transfers = &self.inner.parts.transfers;
        let completed = transfers.complete_upload(&upload.bucket, &upload.key, &upload.upload_id, &upload.etags).await;
        match completed {
            // An earlier try got so far.
            Err(buildyard_blobs::Error::NotFound(_)) => {
                self.inner.parts.objects.head(&upload.bucket, &upload.key).await?;
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// Ends what an attempt left: completes a commit that was begun, drops every other upload, forgets the records.
    pub(crate) async fn drop_uploads(&self, token: &LeaseToken) -> Result<(), Error> {
        match self.get_record::<u32>(&commit_key(token)).await {
            Ok(batches) => self.complete_all(token, batches).await?,
            Err(error) if error.kind == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.forget_uploads(token).await
    }

    /// Drops every upload of a lease that is not completed, and forgets the records.
    pub(crate) async fn forget_uploads(&self, token: &LeaseToken) -> Result<(), Error> {
        let bucket = &self.settings().system_bucket;
        let objects = &self.inner.parts.objects;
        loop {
            let page = objects.list(bucket, &prefix(token), "").await?;
            for record in &page.objects {
                if record.key.contains("/begun/") {
                    self.abort_begun(&record.key).await?;
                }
            }
            // The commit's own record goes last: until then a repetition finds it.
            let (commit, others): (Vec<_>, Vec<_>) =
                page.objects.iter().partition(|record| record.key == commit_key(token));
            stream::iter(others.iter().map(Ok::<_, Error>))
                .try_for_each_concurrent(AT_ONCE, async |record| Ok(objects.delete(bucket, &record.key).await?))
                .await?;
            if !page.more {
                for record in commit {
                    objects.delete(bucket, &record.key).await?;
                }
                return Ok(());
            }
        }
    }

    async fn abort_begun(&self, record: &str) -> Result<(), Error> {
        let uploads: Vec<FinishedUpload> = self.get_record(record).await?;
        let transfers = &self.inner.parts.transfers;
        for upload in uploads {
            transfers.abort_upload(&upload.bucket, &upload.key, &upload.upload_id).await?;
        }
        Ok(())
    }

    #[cfg(test)]
    pub(crate) async fn put_commit_record_for_test(&self, token: &LeaseToken, batches: u32) {
        self.put_record(&commit_key(token), &batches).await.unwrap();
    }

    async fn put_record<T: serde::Serialize + Sync>(&self, key: &str, record: &T) -> Result<(), Error> {
        let body = serde_json::to_vec(record).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        Ok(self.inner.parts.objects.put(&self.settings().system_bucket, key, body.into()).await?)
    }

    async fn get_record<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, Error> {
        let body = self.inner.parts.objects.get(&self.settings().system_bucket, key).await?;
        serde_json::from_slice(&body)
            .map_err(|error| Error::new(Kind::Internal, format!("record {key} is damaged: {error}")))
    }
}
