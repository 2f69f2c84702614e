//! Presigned transfers and secrets, for agents.

use crate::identity;
use crate::status::{malformed, status};
use buildyard_proto::{convert, v1};
use buildyard_service::{FinishedUpload, SecretKind, Service, UploadRequest};
use tonic::{Request, Response, Status};

/// Files in one BeginUploads or FinishUploads.
const MOST_FILES: usize = 200;

#[derive(Debug)]
pub(crate) struct Transfers {
    service: Service,
}

impl Transfers {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl v1::transfers_server::Transfers for Transfers {
    async fn presign_download(
        &self,
        request: Request<v1::PresignDownloadRequest>,
    ) -> Result<Response<v1::PresignDownloadReply>, Status> {
        let agent = identity::agent(&self.service, request.metadata()).await?;
        let request = request.into_inner();
        let token = convert::lease(request.lease.as_ref()).map_err(malformed)?;
        let version = Some(request.version_id.as_str()).filter(|version| !version.is_empty());
        let page = self
            .service
            .presign_download(&agent, &token, &request.bucket, &request.key, version, &request.after)
            .await
            .map_err(status)?;
        let objects = page.objects.into_iter().map(|object| v1::presign_download_reply::Object {
            key: object.key,
            url: object.url,
            size_bytes: object.size_bytes,
        });
        Ok(Response::new(v1::PresignDownloadReply { objects: objects.collect(), next: page.next }))
    }

    async fn begin_uploads(
        &self,
        request: Request<v1::BeginUploadsRequest>,
    ) -> Result<Response<v1::BeginUploadsReply>, Status> {
        let agent = identity::agent(&self.service, request.metadata()).await?;
        let request = request.into_inner();
        let token = convert::lease(request.lease.as_ref()).map_err(malformed)?;
        few(request.files.len())?;
        let files: Vec<UploadRequest> = request
            .files
            .into_iter()
            .map(|file| UploadRequest { bucket: file.bucket, key: file.key, size_bytes: file.size_bytes })
            .collect();
        let opened = self.service.begin_uploads(&agent, &token, &files).await.map_err(status)?;
        let uploads = opened.into_iter().map(|upload| v1::begin_uploads_reply::Upload {
            upload_id: upload.upload_id,
            part_size_bytes: upload.part_size_bytes,
            part_urls: upload.part_urls,
        });
        Ok(Response::new(v1::BeginUploadsReply { uploads: uploads.collect() }))
    }

    async fn finish_uploads(
        &self,
        request: Request<v1::FinishUploadsRequest>,
    ) -> Result<Response<v1::FinishUploadsReply>, Status> {
        let agent = identity::agent(&self.service, request.metadata()).await?;
        let request = request.into_inner();
        let token = convert::lease(request.lease.as_ref()).map_err(malformed)?;
        few(request.uploads.len())?;
        let uploads = request.uploads.into_iter().map(|upload| FinishedUpload {
            bucket: upload.bucket,
            key: upload.key,
            upload_id: upload.upload_id,
            etags: upload.etags,
        });
        self.service.finish_uploads(&agent, &token, request.batch, uploads.collect()).await.map_err(status)?;
        Ok(Response::new(v1::FinishUploadsReply {}))
    }

    async fn commit_uploads(
        &self,
        request: Request<v1::CommitUploadsRequest>,
    ) -> Result<Response<v1::CommitUploadsReply>, Status> {
        let agent = identity::agent(&self.service, request.metadata()).await?;
        let request = request.into_inner();
        let token = convert::lease(request.lease.as_ref()).map_err(malformed)?;
        // Once begun it is ended, also when the agent does not wait for the answer.
        let service = self.service.clone();
        tokio::spawn(async move { service.commit_uploads(&agent, &token, request.batches).await })
            .await
            .map_err(|error| Status::internal(error.to_string()))?
            .map_err(status)?;
        Ok(Response::new(v1::CommitUploadsReply {}))
    }

    async fn resolve_secrets(
        &self,
        request: Request<v1::ResolveSecretsRequest>,
    ) -> Result<Response<v1::ResolveSecretsReply>, Status> {
        let agent = identity::agent(&self.service, request.metadata()).await?;
        let request = request.into_inner();
        let token = convert::lease(request.lease.as_ref()).map_err(malformed)?;
        few(request.references.len())?;
        let references = request.references.into_iter().map(|reference| match reference.kind.as_str() {
            "PARAMETER_STORE" => Ok((SecretKind::ParameterStore, reference.reference)),
            "SECRETS_MANAGER" => Ok((SecretKind::SecretsManager, reference.reference)),
            other => Err(malformed(format!("kind {other:?} is neither PARAMETER_STORE nor SECRETS_MANAGER"))),
        });
        let references = references.collect::<Result<Vec<_>, _>>()?;
        let values = self.service.resolve_secrets(&agent, &token, &references).await.map_err(status)?;
        let values = values.into_iter().map(|value| value.expose().to_owned()).collect();
        Ok(Response::new(v1::ResolveSecretsReply { values }))
    }
}

fn few(count: usize) -> Result<(), Status> {
    if count <= MOST_FILES {
        Ok(())
    } else {
        Err(malformed(format!("{count} entries came in one call; at most {MOST_FILES} are taken")))
    }
}
