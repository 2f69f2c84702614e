//! What a build asks the coordinator for, in the name of its lease: URLs for uploads and downloads, and the values of
//! secrets. Each call has its deadline; those that nobody else repeats are repeated here.

use crate::retry;
use crate::run::environment::SecretVariable;
use crate::uplink::Uplink;
use async_trait::async_trait;
use backon::Retryable;
use buildyard_artifacts::transfer::upload::{FinishedUpload, TicketError, UploadFile, UploadTicket, UploadTickets};
use buildyard_model::{LeaseToken, Secret, VariableKind};
use buildyard_proto::v1;
use buildyard_source::{ListError, ObjectLocation, ObjectUrls, Page, RemoteObject};
use std::time::Duration;
use tonic::{Request, Status};

/// One call's time. Listing and presigning take milliseconds; committing many uploads may take long.
const CALL: Duration = Duration::from_secs(30);
const COMMIT: Duration = Duration::from_secs(300);

/// The coordinator's transfer service for one lease.
#[derive(Debug, Clone)]
pub(crate) struct Transfers {
    uplink: Uplink,
    lease: LeaseToken,
}

impl Transfers {
    pub(crate) fn new(uplink: Uplink, lease: LeaseToken) -> Self {
        Self { uplink, lease }
    }

    fn lease(&self) -> Option<v1::Lease> {
        Some((&self.lease).into())
    }

    /// The values of secret variables, in their order.
    ///
    /// # Errors
    /// The coordinator's answer; `NOT_FOUND` names a secret that does not exist.
    pub(crate) async fn secrets(&self, variables: &[SecretVariable]) -> Result<Vec<Secret>, Status> {
        let references: Vec<_> = variables.iter().map(reference).collect();
        let ask = || async {
            let request = v1::ResolveSecretsRequest { lease: self.lease(), references: references.clone() };
            self.uplink.transfers().resolve_secrets(within(CALL, request)).await
        };
        let reply = ask.retry(retry::of_calls()).when(retry::is_passing).await?.into_inner();
        if reply.values.len() != variables.len() {
            return Err(Status::internal("the coordinator gave another number of secrets than it was asked for"));
        }
        Ok(reply.values.into_iter().map(Secret::new).collect())
    }
}

#[async_trait]
impl ObjectUrls for Transfers {
    async fn page(&self, location: &ObjectLocation, after: Option<&str>) -> Result<Page, ListError> {
        let ask = || async {
            let request = v1::PresignDownloadRequest {
                lease: self.lease(),
                bucket: location.bucket.clone(),
                key: location.key.clone(),
                version_id: location.version_id.clone().unwrap_or_default(),
                after: after.unwrap_or_default().to_owned(),
            };
            self.uplink.transfers().presign_download(within(CALL, request)).await
        };
        let reply = ask.retry(retry::of_calls()).when(retry::is_passing).await;
        let reply = reply.map_err(|status| ListError(status.message().to_owned()))?.into_inner();
        let object = |object: v1::presign_download_reply::Object| RemoteObject {
            key: object.key,
            url: object.url,
            size_bytes: object.size_bytes,
        };
        let next = Some(reply.next).filter(|next| !next.is_empty());
        Ok(Page { objects: reply.objects.into_iter().map(object).collect(), next })
    }
}

fn reference(variable: &SecretVariable) -> v1::resolve_secrets_request::Reference {
    let kind = match variable.kind {
        VariableKind::Plaintext => "PLAINTEXT",
        VariableKind::ParameterStore => "PARAMETER_STORE",
        VariableKind::SecretsManager => "SECRETS_MANAGER",
    };
    v1::resolve_secrets_request::Reference { kind: kind.to_owned(), reference: variable.reference.clone() }
}

fn within<T>(time: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time);
    request
}

#[async_trait]
impl UploadTickets for Transfers {
    async fn begin(&self, files: &[UploadFile]) -> Result<Vec<UploadTicket>, TicketError> {
        let files = files.iter().map(|file| v1::begin_uploads_request::File {
            bucket: file.bucket.clone(),
            key: file.key.clone(),
            size_bytes: file.size_bytes,
        });
        let request = v1::BeginUploadsRequest { lease: self.lease(), files: files.collect() };
        let reply = self.uplink.transfers().begin_uploads(within(CALL, request)).await.map_err(|s| refusal(&s))?;
        let ticket = |upload: v1::begin_uploads_reply::Upload| UploadTicket {
            upload_id: upload.upload_id,
            part_size_bytes: upload.part_size_bytes,
            part_urls: upload.part_urls,
        };
        Ok(reply.into_inner().uploads.into_iter().map(ticket).collect())
    }

    async fn finish(&self, batch: u32, done: &[FinishedUpload]) -> Result<(), TicketError> {
        let uploads = done.iter().map(|upload| v1::finish_uploads_request::Upload {
            bucket: upload.bucket.clone(),
            key: upload.key.clone(),
            upload_id: upload.upload_id.clone(),
            etags: upload.etags.clone(),
        });
        let request = v1::FinishUploadsRequest { lease: self.lease(), batch, uploads: uploads.collect() };
        self.uplink.transfers().finish_uploads(within(CALL, request)).await.map_err(|s| refusal(&s))?;
        Ok(())
    }

    async fn commit(&self, batches: u32) -> Result<(), TicketError> {
        let request = v1::CommitUploadsRequest { lease: self.lease(), batches };
        self.uplink.transfers().commit_uploads(within(COMMIT, request)).await.map_err(|s| refusal(&s))?;
        Ok(())
    }
}

fn refusal(status: &Status) -> TicketError {
    let text = status.message().to_owned();
    if retry::is_passing(status) { TicketError::Unavailable(text) } else { TicketError::Refused(text) }
}
