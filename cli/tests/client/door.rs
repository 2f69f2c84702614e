//! A coordinator's gRPC door that plays a script: the views and the log of one build, losing the connection and
//! waiting for a stop where the script says so. It keeps what it was asked.

use buildyard_model::{BuildStatus, BuildView, Phase, PhaseStatus, Submission};
use buildyard_proto::convert::document;
use buildyard_proto::v1::agents_server::{Agents, AgentsServer};
use buildyard_proto::v1::builds_server::{Builds, BuildsServer};
use buildyard_proto::v1::list_artifacts_reply::Object;
use buildyard_proto::v1::*;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use crate::views;

pub(crate) const TOKEN: &str = "letmein";

/// What the door does.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Sent by `Watch` one after the other.
    pub(crate) views: Vec<BuildView>,
    /// After `views`, wait for `Stop` and then send a stopped build.
    pub(crate) until_stopped: bool,
    /// The whole log, sent in pieces of 7 bytes.
    pub(crate) log: Vec<u8>,
    /// The first readers of the log lose the connection behind this many bytes, one each.
    pub(crate) log_cuts: Vec<usize>,
    /// A source upload goes here.
    pub(crate) upload_url: String,
    pub(crate) objects: Vec<Object>,
}

/// What the door was asked.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) submitted: Vec<(String, Submission)>,
    pub(crate) stops: usize,
    pub(crate) drains: Vec<DrainAgentRequest>,
    pub(crate) log_offsets: Vec<u64>,
    pub(crate) pages: Vec<u32>,
}

/// A running door.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) endpoint: String,
    script: Arc<Script>,
    asked: Arc<Mutex<Asked>>,
    stopped: watch::Sender<bool>,
    /// Rises with each view that was sent.
    pub(crate) watched: watch::Sender<usize>,
    cuts: Arc<Mutex<std::vec::IntoIter<usize>>>,
}

impl Door {
    /// Opens on a port of its own.
    pub(crate) async fn open(script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = Self {
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
            cuts: Arc::new(Mutex::new(script.log_cuts.clone().into_iter())),
            script: Arc::new(script),
            asked: Arc::default(),
            stopped: watch::Sender::new(false),
            watched: watch::Sender::new(0),
        };
        let server = tonic::transport::Server::builder()
            .add_service(BuildsServer::with_interceptor(door.clone(), let_in))
            .add_service(AgentsServer::with_interceptor(door.clone(), let_in))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server.map(drop));
        door
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked.lock().unwrap()
    }

    /// Waits until `Watch` has sent this many views.
    pub(crate) async fn has_sent(&self, views: usize) {
        self.watched.subscribe().wait_for(|sent| *sent >= views).await.unwrap();
    }

    fn stopped_view() -> BuildView {
        views::finished(BuildStatus::Stopped, PhaseStatus::Stopped)
    }
}

fn let_in(request: Request<()>) -> Result<Request<()>, Status> {
    let given = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
    if given == Some(&format!("Bearer {TOKEN}")) { Ok(request) } else { Err(Status::unauthenticated("no such token")) }
}

fn reply(view: &BuildView) -> BuildReply {
    BuildReply { build: document(view).into() }
}

#[tonic::async_trait]
impl Builds for Door {
    type WatchStream = BoxStream<'static, Result<BuildReply, Status>>;
    type ReadLogStream = BoxStream<'static, Result<LogData, Status>>;

    async fn submit(&self, request: Request<SubmitRequest>) -> Result<Response<BuildReply>, Status> {
        let request = request.into_inner();
        let submission = serde_json::from_slice(&request.submission).unwrap();
        self.asked().submitted.push((request.project, submission));
        Ok(Response::new(reply(&views::running(Phase::Queued))))
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<BuildReply>, Status> {
        let id = request.into_inner().build_id;
        if !views::ID.contains(&id) {
            return Err(Status::not_found(format!("no build {id:?}")));
        }
        Ok(Response::new(reply(self.script.views.last().unwrap())))
    }

    async fn why(&self, request: Request<GetRequest>) -> Result<Response<WhyReply>, Status> {
        let view = self.get(request).await.map(|_| views::why())?;
        Ok(Response::new(WhyReply { why: document(&view).into() }))
    }

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListReply>, Status> {
        let request = request.into_inner();
        self.asked().pages.push(request.limit);
        let builds = (0..request.limit.min(3)).map(|_| document(&views::running(Phase::Build)).into()).collect();
        Ok(Response::new(ListReply { builds, next: "more".into() }))
    }

    async fn stop(&self, _: Request<StopRequest>) -> Result<Response<BuildReply>, Status> {
        self.asked().stops += 1;
        self.stopped.send_replace(true);
        Ok(Response::new(reply(&views::running(Phase::Build))))
    }

    async fn watch(&self, _: Request<GetRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let sent = self.watched.clone();
        let views = stream::iter(self.script.views.clone()).map(move |view| {
            sent.send_modify(|count| *count += 1);
            Ok(reply(&view))
        });
        let mut stopped = self.stopped.subscribe();
        let rest = self.script.until_stopped.then(|| {
            stream::once(async move {
                stopped.wait_for(|stopped| *stopped).await.unwrap();
                Ok(reply(&Self::stopped_view()))
            })
        });
        Ok(Response::new(views.chain(stream::iter(rest).flatten()).boxed()))
    }

    async fn read_log(&self, request: Request<ReadLogRequest>) -> Result<Response<Self::ReadLogStream>, Status> {
        let offset = request.into_inner().offset;
        self.asked().log_offsets.push(offset);
        let cut = self.cuts.lock().unwrap().next();
        let end = cut.unwrap_or(self.script.log.len());
        let from = usize::try_from(offset).unwrap().min(end);
        let pieces: Vec<_> = (from..end)
            .step_by(7)
            .map(|at| {
                let data = self.script.log[at..end.min(at + 7)].to_vec();
                Ok(LogData { offset: at as u64, data: data.into() })
            })
            .chain(cut.map(|_| Err(Status::unavailable("the coordinator restarts"))))
            .collect();
        let mut stopped = self.stopped.subscribe();
        let waits = self.script.until_stopped;
        let end = stream::once(async move {
            if waits {
                stopped.wait_for(|stopped| *stopped).await.unwrap();
            }
        });
        Ok(Response::new(stream::iter(pieces).chain(end.filter_map(|()| async { None })).boxed()))
    }

    async fn list_artifacts(&self, _: Request<ListArtifactsRequest>) -> Result<Response<ListArtifactsReply>, Status> {
        Ok(Response::new(ListArtifactsReply { objects: self.script.objects.clone(), next: String::new() }))
    }

    async fn prepare_source_upload(
        &self,
        _: Request<PrepareSourceUploadRequest>,
    ) -> Result<Response<PrepareSourceUploadReply>, Status> {
        let url = self.script.upload_url.clone();
        Ok(Response::new(PrepareSourceUploadReply { url, location: "sources/1.zip".into() }))
    }
}

#[tonic::async_trait]
impl Agents for Door {
    async fn list_agents(&self, _: Request<ListAgentsRequest>) -> Result<Response<ListAgentsReply>, Status> {
        let agents = ["host-1", "host-2"].map(|name| document(&views::agent(name, "ONLINE")).into());
        Ok(Response::new(ListAgentsReply { agents: agents.into() }))
    }

    async fn drain_agent(&self, request: Request<DrainAgentRequest>) -> Result<Response<DrainAgentReply>, Status> {
        let request = request.into_inner();
        let status = match (request.drain, request.cordon) {
            (false, _) => "ONLINE",
            (true, false) => "DRAINING",
            (true, true) => "CORDONED",
        };
        let agent = document(&views::agent(&request.name, status)).into();
        self.asked().drains.push(request);
        Ok(Response::new(DrainAgentReply { agent }))
    }

    async fn remove_agent(&self, request: Request<RemoveAgentRequest>) -> Result<Response<RemoveAgentReply>, Status> {
        let request = request.into_inner();
        if !request.force {
            return Err(Status::already_exists("it has builds"));
        }
        Ok(Response::new(RemoveAgentReply { agent: document(&views::agent(&request.name, "OFFLINE")).into() }))
    }
}
