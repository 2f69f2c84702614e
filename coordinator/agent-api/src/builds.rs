//! Builds, for people and scripts.

use crate::identity;
use crate::status::{malformed, status};
use buildyard_model::{BuildView, ProjectName, Submission};
use buildyard_proto::{convert, v1};
use buildyard_service::Service;
use buildyard_store::ListQuery;
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

/// Bytes of log in one message.
const LOG_MESSAGE: usize = 256 * 1024;
/// Builds in a list when none is asked for, and at most.
const LISTED: (u32, u32) = (50, 1000);

#[derive(Debug)]
pub(crate) struct Builds {
    service: Service,
}

impl Builds {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    fn admit<T>(&self, request: Request<T>) -> Result<T, Status> {
        identity::client(&self.service, request.metadata())?;
        Ok(request.into_inner())
    }
}

fn reply(build: &BuildView) -> v1::BuildReply {
    v1::BuildReply { build: convert::document(build).into() }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl v1::builds_server::Builds for Builds {
    type WatchStream = Answers<v1::BuildReply>;
    type ReadLogStream = Answers<v1::LogData>;

    async fn submit(&self, request: Request<v1::SubmitRequest>) -> Result<Response<v1::BuildReply>, Status> {
        let request = self.admit(request)?;
        let project: ProjectName = request.project.parse().map_err(malformed)?;
        let submission: Submission = convert::from_document("submission", &request.submission).map_err(malformed)?;
        let token = Some(request.idempotency_token.as_str());
        let build = self.service.submit(&project, submission, token).await.map_err(status)?;
        Ok(Response::new(reply(&build)))
    }

    async fn get(&self, request: Request<v1::GetRequest>) -> Result<Response<v1::BuildReply>, Status> {
        let request = self.admit(request)?;
        let id = self.service.resolve(&request.build_id).await.map_err(status)?;
        Ok(Response::new(reply(&self.service.build(&id).await.map_err(status)?)))
    }

    async fn why(&self, request: Request<v1::GetRequest>) -> Result<Response<v1::WhyReply>, Status> {
        let request = self.admit(request)?;
        let id = self.service.resolve(&request.build_id).await.map_err(status)?;
        let why = self.service.why(&id).await.map_err(status)?;
        Ok(Response::new(v1::WhyReply { why: convert::document(&why).into() }))
    }

    async fn list(&self, request: Request<v1::ListRequest>) -> Result<Response<v1::ListReply>, Status> {
        let request = self.admit(request)?;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let limit = if request.limit == 0 { LISTED.0 } else { request.limit.min(LISTED.1) };
        let query = ListQuery {
            project: some(&request.project).map(|project| project.parse()).transpose().map_err(malformed)?,
            limit,
            after: some(&request.after).map(|after| after.parse()).transpose().map_err(malformed)?,
        };
        let builds = self.service.builds(&query).await.map_err(status)?;
        let full = builds.len() == limit as usize;
        let next = builds.last().filter(|_| full).map(|last| last.id.to_string()).unwrap_or_default();
        Ok(Response::new(v1::ListReply {
            builds: builds.iter().map(|build| convert::document(build).into()).collect(),
            next,
        }))
    }

    async fn stop(&self, request: Request<v1::StopRequest>) -> Result<Response<v1::BuildReply>, Status> {
        let request = self.admit(request)?;
        let id = self.service.resolve(&request.build_id).await.map_err(status)?;
        Ok(Response::new(reply(&self.service.stop(&id).await.map_err(status)?)))
    }

    async fn watch(&self, request: Request<v1::GetRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let request = self.admit(request)?;
        let id = self.service.resolve(&request.build_id).await.map_err(status)?;
        let watch = self.service.watch(&id);
        let views = futures::stream::try_unfold(watch, async |mut watch| {
            let view = watch.next().await.map_err(status)?;
            Ok(view.map(|view| (reply(&view), watch)))
        });
        Ok(Response::new(Box::pin(views)))
    }

    async fn read_log(&self, request: Request<v1::ReadLogRequest>) -> Result<Response<Self::ReadLogStream>, Status> {
        let request = self.admit(request)?;
        let id = self.service.resolve(&request.build_id).await.map_err(status)?;
        let reader = self.service.read_log(&id, request.offset, request.follow);
        let pieces = futures::stream::try_unfold((reader, None), async |(mut reader, rest)| {
            let piece = match rest {
                Some(piece) => Some(piece),
                None => reader.next().await.map_err(status)?,
            };
            let Some((offset, mut data)) = piece else { return Ok(None) };
            let rest = (data.len() > LOG_MESSAGE).then(|| (offset + LOG_MESSAGE as u64, data.split_off(LOG_MESSAGE)));
            Ok(Some((v1::LogData { offset, data }, (reader, rest))))
        });
        Ok(Response::new(Box::pin(pieces)))
    }

    async fn list_artifacts(
        &self,
        request: Request<v1::ListArtifactsRequest>,
    ) -> Result<Response<v1::ListArtifactsReply>, Status> {
        let request = self.admit(request)?;
        let id = self.service.resolve(&request.build_id).await.map_err(status)?;
        let page = self.service.artifact_objects(&id, &request.after).await.map_err(status)?;
        let objects = page.objects.into_iter().map(|object| v1::list_artifacts_reply::Object {
            path: object.path,
            bucket: object.bucket,
            key: object.key,
            size_bytes: object.size_bytes,
            url: object.url,
        });
        Ok(Response::new(v1::ListArtifactsReply { objects: objects.collect(), next: page.next }))
    }

    async fn prepare_source_upload(
        &self,
        request: Request<v1::PrepareSourceUploadRequest>,
    ) -> Result<Response<v1::PrepareSourceUploadReply>, Status> {
        self.admit(request)?;
        let (url, location) = self.service.prepare_source().await.map_err(status)?;
        Ok(Response::new(v1::PrepareSourceUploadReply { url, location }))
    }
}
