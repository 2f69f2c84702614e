//! Bytes between agents, clients and storage by presigned URLs. Uploads of a lease become visible together, by
//! `commit_uploads`: parts lie unseen in multipart uploads until then, and a commit that was begun is always ended,
//! by the agent's repetition or by the outbox.

mod records;
mod sources;
#[cfg(test)]
mod tests;

pub(crate) use records::RECORDS;
pub(crate) use sources::{SOURCES, prepared_at};

use crate::{Error, Service};
use buildyard_model::{
    AgentId, ArtifactKind, ArtifactSpec, BuildId, BuildspecOrigin, JobSpec, LeaseToken, Namespace, Packaging,
    SourceKind,
};
use futures::{StreamExt, TryStreamExt, stream};

/// Smallest part of a multipart upload but the last, in bytes: above S3's own minimum of 5 MiB.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Parts of one upload; larger files get larger parts. S3 takes 10,000; fewer keep the answer small.
const MOST_PARTS: u64 = 1000;
/// Requests to storage at once for one caller: what is made durable at the same time costs little more than one.
const AT_ONCE: usize = 32;

/// A file that an agent wants to upload.
#[derive(Debug, Clone)]
pub struct UploadRequest {
    pub bucket: String,
    pub key: String,
    pub size_bytes: u64,
}

/// Where its parts go.
#[derive(Debug, Clone)]
pub struct OpenedUpload {
    pub upload_id: String,
    pub part_size_bytes: u64,
    pub part_urls: Vec<String>,
}

/// A file whose parts are stored.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct FinishedUpload {
    pub bucket: String,
    pub key: String,
    pub upload_id: String,
    pub etags: Vec<String>,
}

/// An object and a URL to read it.
#[derive(Debug, Clone)]
pub struct StoredObject {
    /// Relative to the artifact's folder, or the object's own name.
    pub path: String,
    pub bucket: String,
    pub key: String,
    pub size_bytes: u64,
    pub url: String,
}

/// A page of objects; `next` is empty at the end.
#[derive(Debug, Clone, Default)]
pub struct DownloadPage {
    pub objects: Vec<StoredObject>,
    pub next: String,
}

impl Service {
    /// Opens uploads for the files of a build's artifacts.
    pub async fn begin_uploads(
        &self,
        agent: &AgentId,
        token: &LeaseToken,
        files: &[UploadRequest],
    ) -> Result<Vec<OpenedUpload>, Error> {
        let job = self.leased(agent, token).await?.spec;
        if let Some(foreign) = files.iter().find(|file| !may_write(&job, &file.bucket, &file.key)) {
            return Err(Error::new(
                crate::Kind::Denied,
                format!(
                    "build {} may not write {}/{}: its artifacts go elsewhere",
                    job.id, foreign.bucket, foreign.key
                ),
            ));
        }
        let bounds = self.bounds(&job).await?;
        for file in files {
            bounds.check("s3:PutObject", &object_arn(&file.bucket, &file.key))?;
        }
        let arn = job.arn();
        let opened: Vec<OpenedUpload> = stream::iter(files.to_vec())
            .map(|file| {
                let (service, arn) = (self.clone(), arn.clone());
                async move { service.open_upload(&arn, &file).await }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let begun = files.iter().zip(&opened).map(|(file, upload)| FinishedUpload {
            bucket: file.bucket.clone(),
            key: file.key.clone(),
            upload_id: upload.upload_id.clone(),
            etags: Vec::new(),
        });
        self.record_begun(token, begun.collect()).await?;
        Ok(opened)
    }

    async fn open_upload(&self, build_arn: &str, file: &UploadRequest) -> Result<OpenedUpload, Error> {
        let transfers = &self.inner.parts.transfers;
        let metadata = [("codebuild-buildarn".to_owned(), build_arn.to_owned())];
        let upload_id = transfers.begin_upload(&file.bucket, &file.key, &metadata).await?;
        let part_size_bytes = PART_BYTES.max(file.size_bytes.div_ceil(MOST_PARTS));
        let parts = u32::try_from(file.size_bytes.div_ceil(part_size_bytes).max(1)).unwrap_or(u32::MAX);
        let valid = self.settings().timings.presigned;
        let part_urls = transfers.presign_parts(&file.bucket, &file.key, &upload_id, parts, valid).await?;
        Ok(OpenedUpload { upload_id, part_size_bytes, part_urls })
    }

    /// The objects below a source's place, for the agent that builds it.
    pub async fn presign_download(
        &self,
        agent: &AgentId,
        token: &LeaseToken,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        after: &str,
    ) -> Result<DownloadPage, Error> {
        let job = self.leased(agent, token).await?.spec;
        if !may_read(&job, bucket, key) {
            return Err(Error::new(crate::Kind::Denied, format!("build {} names no source {bucket}/{key}", job.id)));
        }
        let bounds = self.bounds(&job).await?;
        if key.ends_with('/') || key.is_empty() {
            bounds.check("s3:ListBucket", &format!("arn:aws:s3:::{bucket}"))?;
            let page = self.page(bucket, key, after).await?;
            let read = |object: &StoredObject| bounds.check("s3:GetObject", &object_arn(bucket, &object.key));
            page.objects.iter().try_for_each(read)?;
            return Ok(page);
        }
        bounds.check("s3:GetObject", &object_arn(bucket, key))?;
        let info = self.inner.parts.objects.head(bucket, key).await.map_err(|error| self.unread(error, bucket, key))?;
        let valid = self.settings().timings.presigned;
        let url = self.inner.parts.transfers.presign_get(bucket, key, version, valid).await?;
        let object = StoredObject {
            path: key.to_owned(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            size_bytes: info.size_bytes,
            url,
        };
        Ok(DownloadPage { objects: vec![object], next: String::new() })
    }

    /// A source that cannot be read, and what to do about it.
    fn unread(&self, error: buildyard_blobs::Error, bucket: &str, key: &str) -> Error {
        if !matches!(error, buildyard_blobs::Error::NotFound(_)) {
            return error.into();
        }
        let next = if bucket == self.settings().system_bucket {
            "what was uploaded for a build is kept for some time only ([retention] sources): start a new build from the \
             folder"
                .to_owned()
        } else {
            format!("upload it (`aws s3 cp FILE s3://{bucket}/{key}`), or name another location in the project")
        };
        Error::not_found(format!("there is no object {key} in bucket {bucket}: {next}"))
    }

    async fn page(&self, bucket: &str, prefix: &str, after: &str) -> Result<DownloadPage, Error> {
        let page = self.inner.parts.objects.list(bucket, prefix, after).await?;
        let next = if page.more {
            page.objects.last().map(|object| object.key.clone()).unwrap_or_default()
        } else {
            String::new()
        };
        let valid = self.settings().timings.presigned;
        let mut objects = Vec::with_capacity(page.objects.len());
        for object in page.objects {
            let url = self.inner.parts.transfers.presign_get(bucket, &object.key, None, valid).await?;
            let path = object.key.strip_prefix(prefix).unwrap_or(&object.key).to_owned();
            objects.push(StoredObject {
                path,
                bucket: bucket.to_owned(),
                key: object.key,
                size_bytes: object.size_bytes,
                url,
            });
        }
        Ok(DownloadPage { objects, next })
    }

    /// A page of the objects of a build's artifacts. `after` is what the page before gave as `next`.
    pub async fn artifact_objects(&self, build: &BuildId, after: &str) -> Result<DownloadPage, Error> {
        let artifacts = self.load(build).await?.artifacts;
        let (which, after) = match after.split_once('|') {
            Some((which, after)) => {
                (which.parse().map_err(|_| Error::invalid(format!("{after:?} is not a page of artifacts")))?, after)
            }
            None => (0_usize, ""),
        };
        let Some(artifact) = artifacts.get(which) else { return Ok(DownloadPage::default()) };
        let mut page = match artifact.packaging {
            Packaging::Zip => self.single(&artifact.bucket, &artifact.key).await?,
            Packaging::None if artifact.key.is_empty() => self.page(&artifact.bucket, "", after).await?,
            Packaging::None => self.page(&artifact.bucket, &format!("{}/", artifact.key), after).await?,
        };
        page.next = if page.next.is_empty() {
            if which + 1 < artifacts.len() { format!("{}|", which + 1) } else { String::new() }
        } else {
            format!("{which}|{}", page.next)
        };
        if let Some(identifier) = &artifact.artifact_identifier {
            for object in &mut page.objects {
                object.path = format!("{identifier}/{}", object.path);
            }
        }
        Ok(page)
    }

    async fn single(&self, bucket: &str, key: &str) -> Result<DownloadPage, Error> {
        let info = self.inner.parts.objects.head(bucket, key).await?;
        let url = self.inner.parts.transfers.presign_get(bucket, key, None, self.settings().timings.presigned).await?;
        let path = key.rsplit('/').next().unwrap_or(key).to_owned();
        let object =
            StoredObject { path, bucket: bucket.to_owned(), key: key.to_owned(), size_bytes: info.size_bytes, url };
        Ok(DownloadPage { objects: vec![object], next: String::new() })
    }
}

fn object_arn(bucket: &str, key: &str) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}

/// Whether a build's artifacts may go there.
fn may_write(job: &JobSpec, bucket: &str, key: &str) -> bool {
    let uuid = job.id.uuid().to_string();
    let plain = !key.is_empty() && key.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    let fits = |spec: &ArtifactSpec| {
        let path = spec.path.trim_matches('/');
        spec.kind == ArtifactKind::S3
            && spec.location == bucket
            && match spec.namespace_type {
                Namespace::BuildId => key.split('/').any(|part| part == uuid),
                Namespace::None => path.is_empty() || key.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')),
            }
    };
    plain && (fits(&job.artifacts) || job.secondary_artifacts.iter().any(fits))
}

/// Whether a build's job names the object, or a folder that holds it.
fn may_read(job: &JobSpec, bucket: &str, key: &str) -> bool {
    let wanted = format!("{bucket}/{key}");
    let source = |kind: &SourceKind| matches!(kind, SourceKind::S3 { location } if *location == wanted);
    let buildspec = matches!(&job.buildspec, BuildspecOrigin::S3(location) if *location == wanted);
    buildspec
        || source(&job.source.kind)
        || job.secondary_sources.iter().any(|secondary| source(&secondary.source.kind))
}
