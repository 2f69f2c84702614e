//! Puts a finished build's log into S3, gzipped, where its project wants that (reference 14.3). Done from the outbox: a
//! crash repeats it, and the key makes the repetition write the same object. A large log goes up in parts as it is read,
//! so memory holds one part. What can never succeed is logged and given up; the build's result is not touched.

#[cfg(test)]
mod tests;

use super::BuildLog;
use crate::{Error, Kind, Service};
use buildyard_blobs::Error as BlobError;
use buildyard_model::{BuildId, S3LogObject};
use buildyard_scheduler::{Build, State};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::time::Duration;

/// Compressed bytes of a part: above S3's minimum of 5 MiB.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of log read at once.
const STEP: u64 = 1024 * 1024;
/// Storage that is away for so long after the build's end gets no log any more.
const GIVE_UP_AFTER: Duration = Duration::from_hours(24);

impl Service {
    /// Puts the log of a build where its project says.
    ///
    /// # Errors
    /// When it is to be tried again.
    pub(crate) async fn export_log(&self, id: &BuildId) -> Result<(), Error> {
        let Some(build) = self.store().get(id).await? else { return Ok(()) };
        let Some(object) = S3LogObject::of(&build.spec) else { return Ok(()) };
        match self.put_log(&build, &object).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind == Kind::Unavailable && !self.is_too_late(&build) => Err(error),
            Err(error) => {
                let (bucket, key) = (&object.bucket, &object.key);
                tracing::warn!(build.id = %id, %bucket, %key, %error, "the build's log was not put in S3");
                Ok(())
            }
        }
    }

    fn is_too_late(&self, build: &Build) -> bool {
        matches!(build.state, State::Finished { at, .. } if self.now().since(at) >= GIVE_UP_AFTER)
    }

    async fn put_log(&self, build: &Build, object: &S3LogObject) -> Result<(), Error> {
        if object.bucket == self.settings().system_bucket {
            return Err(Error::new(Kind::Denied, "logs do not go into the coordinator's own bucket"));
        }
        self.drop_begun_export(build, object).await?;
        let log = self.log_of(build).await?;
        let mut upload = Upload { service: self, build: &build.spec.id, object, id: None, etags: Vec::new() };
        let written = upload.write(&log).await;
        if written.is_err() {
            // What this cannot drop, the repetition does.
            let _ = self.drop_begun_export(build, object).await;
        }
        written
    }

    /// Drops the upload that an earlier try began and did not end.
    async fn drop_begun_export(&self, build: &Build, object: &S3LogObject) -> Result<(), Error> {
        let (bucket, record) = (&self.settings().system_bucket, record(&build.spec.id));
        let upload = match self.inner.parts.objects.get(bucket, &record).await {
            Ok(upload) => upload,
            Err(BlobError::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let upload = String::from_utf8_lossy(&upload).into_owned();
        self.inner.parts.transfers.abort_upload(&object.bucket, &object.key, &upload).await?;
        Ok(self.inner.parts.objects.delete(bucket, &record).await?)
    }
}

/// Where it is noted that an upload was begun.
fn record(build: &BuildId) -> String {
    format!("exports/{}", build.uuid())
}

/// An object on its way.
struct Upload<'a> {
    service: &'a Service,
    build: &'a BuildId,
    object: &'a S3LogObject,
    /// Once there is more than fits into one request.
    id: Option<String>,
    etags: Vec<String>,
}

impl Upload<'_> {
    async fn write(&mut self, log: &BuildLog) -> Result<(), Error> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut at = 0;
        while at < log.length() {
            let bytes = log.bytes(at..at + STEP).await?;
            if bytes.is_empty() {
                break;
            }
            at += bytes.len() as u64;
            gzip = blocking(move || gzip.write_all(&bytes).map(|()| gzip)).await?;
            if gzip.get_ref().len() >= PART_BYTES {
                let part = std::mem::take(gzip.get_mut());
                self.part(part.into()).await?;
            }
        }
        let rest: Bytes = blocking(move || gzip.finish()).await?.into();
        let (objects, S3LogObject { bucket, key }) = (&self.service.inner.parts.objects, self.object);
        if self.id.is_none() {
            return Ok(objects.put(bucket, key, rest).await?);
        }
        self.part(rest).await?;
        let id = self.id.take().unwrap_or_default();
        self.service.inner.parts.transfers.complete_upload(bucket, key, &id, &self.etags).await?;
        Ok(objects.delete(&self.service.settings().system_bucket, &record(self.build)).await?)
    }

    async fn part(&mut self, body: Bytes) -> Result<(), Error> {
        let parts = &self.service.inner.parts;
        let S3LogObject { bucket, key } = self.object;
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                let id = parts.transfers.begin_upload(bucket, key, &[]).await?;
                let noted = parts
                    .objects
                    .put(&self.service.settings().system_bucket, &record(self.build), id.clone().into())
                    .await;
                if let Err(error) = noted {
                    parts.transfers.abort_upload(bucket, key, &id).await?;
                    return Err(error.into());
                }
                self.id.insert(id).clone()
            }
        };
        let number = u32::try_from(self.etags.len() + 1).unwrap_or(u32::MAX);
        self.etags.push(parts.transfers.put_part(bucket, key, &id, number, body).await?);
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, Error> {
    let done =
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    done.map_err(|error| Error::new(Kind::Internal, format!("the log could not be compressed: {error}")))
}
