//! A coordinator in memory: takes what an agent says, stores logs and uploads, and lets the test see it all.

use buildyard_model::{JobSpec, LeaseToken, PhaseRecord};
use buildyard_proto::v1::agent_message::Body as Said;
use buildyard_proto::v1::coordinator_message::Body as Command;
use buildyard_proto::v1::fleet_server::{Fleet, FleetServer};
use buildyard_proto::v1::logs_server::{Logs, LogsServer};
use buildyard_proto::v1::transfers_server::{Transfers, TransfersServer};
use buildyard_proto::{convert, v1};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream, UnboundedReceiverStream};
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What is known of one lease.
#[derive(Debug, Default, Clone)]
pub(crate) struct Known {
    pub(crate) accepted: u32,
    pub(crate) declined: Option<String>,
    pub(crate) phases: Vec<PhaseRecord>,
    pub(crate) commands_started: bool,
    pub(crate) finished: Vec<v1::Finished>,
    pub(crate) log: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    leases: BTreeMap<LeaseToken, Known>,
    sessions: u32,
    hellos: Vec<v1::Hello>,
    unhealthy: String,
    to_agent: Option<mpsc::UnboundedSender<Result<v1::CoordinatorMessage, Status>>>,
    last_sent: u64,
    last_number: u64,
    secrets: BTreeMap<String, String>,
    uploads: Vec<(String, String)>,
    uploads_begun: u32,
    strangers: u32,
    /// Every session is refused with this.
    refusal: Option<String>,
    storage: String,
    /// Log streams end after so many bytes, once each.
    cut_logs_after: Option<u64>,
}

/// The server. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coordinator {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

impl Coordinator {
    /// Serves on a port of its own until the test ends.
    pub(crate) async fn serve() -> (Self, SocketAddr) {
        let this = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        this.serve_on(listener);
        (this, address)
    }

    fn serve_on(&self, listener: tokio::net::TcpListener) {
        let server = tonic::transport::Server::builder()
            .add_service(FleetServer::new(self.clone()))
            .add_service(LogsServer::new(self.clone()))
            .add_service(TransfersServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.state.lock().unwrap());
        self.changed.notify_waiters();
        result
    }

    /// Waits until the state gives something.
    pub(crate) async fn wait<T>(&self, what: &str, mut find: impl FnMut(&Self) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = find(self) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for {what}; {:#?}", self.state.lock().unwrap().leases))
    }

    pub(crate) async fn connected(&self, sessions: u32) {
        self.wait("a session", |this| this.with_quietly(|state| (state.sessions >= sessions).then_some(()))).await;
    }

    pub(crate) async fn finished(&self, lease: &LeaseToken) -> v1::Finished {
        self.wait("a result", |this| this.known(lease).finished.first().cloned()).await
    }

    pub(crate) fn known(&self, lease: &LeaseToken) -> Known {
        self.with_quietly(|state| state.leases.get(lease).cloned().unwrap_or_default())
    }

    pub(crate) fn hellos(&self) -> Vec<v1::Hello> {
        self.with_quietly(|state| state.hellos.clone())
    }

    pub(crate) fn uploads(&self) -> Vec<(String, String)> {
        self.with_quietly(|state| state.uploads.clone())
    }

    /// Log streams that were opened without the agent's credential.
    pub(crate) fn strangers(&self) -> u32 {
        self.with_quietly(|state| state.strangers)
    }

    /// Waits until an agent has asked where to upload to.
    pub(crate) async fn uploading(&self) {
        self.wait("an upload", |this| this.with_quietly(|state| (state.uploads_begun > 0).then_some(()))).await;
    }

    fn with_quietly<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    pub(crate) fn give_secret(&self, reference: &str, value: &str) {
        self.with(|state| state.secrets.insert(reference.to_owned(), value.to_owned()));
    }

    pub(crate) fn cut_logs_after(&self, bytes: u64) {
        self.with(|state| state.cut_logs_after = Some(bytes));
    }

    pub(crate) fn set_storage(&self, url: &str) {
        self.with(|state| state.storage = url.to_owned());
    }

    pub(crate) fn offer(&self, lease: &LeaseToken, job: &JobSpec) {
        self.with(|state| {
            state.leases.entry(lease.clone()).or_default();
        });
        self.order(Command::Offer(v1::Offer { lease: Some(lease.into()), job: convert::document(job).into() }));
    }

    pub(crate) fn stop(&self, lease: &LeaseToken) {
        self.order(Command::Stop(v1::Stop { lease: Some(lease.into()), grace_ms: 2000 }));
    }

    pub(crate) fn revoke(&self, lease: &LeaseToken) {
        self.order(Command::Revoke(v1::Revoke { lease: Some(lease.into()), reason: "lost".to_owned() }));
    }

    /// Wants the agent no more, from now on.
    pub(crate) fn refuse(&self, reason: &str) {
        self.with(|state| {
            state.refusal = Some(reason.to_owned());
            state.to_agent = None;
        });
    }

    /// Says whether builds come.
    pub(crate) fn drain(&self, draining: bool) {
        self.order(Command::Drain(v1::Drain { draining }));
    }

    /// Ends the session as a lost connection would.
    pub(crate) fn cut_session(&self) {
        self.with(|state| state.to_agent = None);
    }

    fn order(&self, command: Command) {
        self.with(|state| {
            state.last_sent += 1;
            let message = v1::CoordinatorMessage { number: state.last_sent, body: Some(command) };
            if let Some(to_agent) = &state.to_agent {
                let _ = to_agent.send(Ok(message));
            }
        });
    }

    fn hear(&self, message: v1::AgentMessage) {
        let number = message.number;
        self.with(|state| {
            let body = message.body.unwrap();
            if let Said::Heartbeat(beat) = &body {
                state.unhealthy.clone_from(&beat.unhealthy);
            }
            if number > state.last_number {
                state.last_number = number;
                state.act(body);
            }
            let acknowledged = state.last_number;
            if let (Some(to_agent), true) = (&state.to_agent, number != 0) {
                let ack = Command::Ack(v1::Ack { number: acknowledged });
                let _ = to_agent.send(Ok(v1::CoordinatorMessage { number: 0, body: Some(ack) }));
            }
        });
    }

    fn begin_session(&self, hello: v1::Hello) -> UnboundedReceiverStream<Result<v1::CoordinatorMessage, Status>> {
        let (to_agent, stream) = mpsc::unbounded_channel();
        self.with(|state| {
            state.hellos.push(hello);
            state.last_sent = 0;
            let welcome =
                v1::Welcome { heartbeat_every_ms: 1000, offline_limit_ms: 600_000, last_number: state.last_number };
            let _ = to_agent.send(Ok(v1::CoordinatorMessage { number: 0, body: Some(Command::Welcome(welcome)) }));
            state.to_agent = Some(to_agent);
            state.sessions += 1;
        });
        UnboundedReceiverStream::new(stream)
    }
}

impl State {
    fn act(&mut self, body: Said) {
        match body {
            Said::Accept(accept) => self.of(&accept.lease).accepted += 1,
            Said::Decline(decline) => self.of(&decline.lease).declined = Some(decline.reason),
            Said::Progress(progress) => {
                let known = self.of(&progress.lease);
                known.phases = progress.phases.iter().map(|p| convert::from_document("phase", p).unwrap()).collect();
                known.commands_started |= progress.commands_started;
            }
            Said::Finished(finished) => {
                let known = self.of(&finished.lease);
                known.phases = finished.phases.iter().map(|p| convert::from_document("phase", p).unwrap()).collect();
                known.finished.push(finished);
            }
            Said::Hello(_) | Said::Heartbeat(_) | Said::Ack(_) | Said::Draining(_) => {}
        }
    }

    fn of(&mut self, lease: &Option<v1::Lease>) -> &mut Known {
        self.leases.get_mut(&convert::lease(lease.as_ref()).unwrap()).unwrap()
    }
}

fn authorised<T>(request: &Request<T>) -> Result<(), Status> {
    let given = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
    if given == Some("Bearer credential-1") { Ok(()) } else { Err(Status::unauthenticated("who are you")) }
}

#[tonic::async_trait]
impl Fleet for Coordinator {
    type SessionStream = Answers<v1::CoordinatorMessage>;

    async fn enroll(&self, request: Request<v1::EnrollRequest>) -> Result<Response<v1::EnrollReply>, Status> {
        if request.into_inner().join_token != "join" {
            return Err(Status::permission_denied("the join token is not valid"));
        }
        Ok(Response::new(v1::EnrollReply { credential: "credential-1".to_owned() }))
    }

    async fn session(
        &self,
        request: Request<Streaming<v1::AgentMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        authorised(&request)?;
        if let Some(reason) = self.with_quietly(|state| state.refusal.clone()) {
            return Err(Status::permission_denied(reason));
        }
        let mut messages = request.into_inner();
        let first = messages.next().await.unwrap()?;
        let Some(Said::Hello(hello)) = first.body else { panic!("no hello") };
        let stream = self.begin_session(hello);
        let this = self.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                this.hear(message);
            }
        });
        Ok(Response::new(Box::pin(stream)))
    }
}

#[tonic::async_trait]
impl Logs for Coordinator {
    type UploadLogStream = Answers<v1::LogAck>;

    async fn upload_log(
        &self,
        request: Request<Streaming<v1::LogChunk>>,
    ) -> Result<Response<Self::UploadLogStream>, Status> {
        authorised(&request).inspect_err(|_| self.with(|state| state.strangers += 1))?;
        let mut chunks = request.into_inner();
        let first = chunks.next().await.unwrap()?;
        let lease = convert::lease(first.lease.as_ref()).unwrap();
        let (acks, stream) = mpsc::channel(64);
        let this = self.clone();
        tokio::spawn(async move {
            let held = |this: &Self| this.known(&lease).log.len() as u64;
            let _ = acks.send(Ok(v1::LogAck { committed: held(&this) })).await;
            while let Some(Ok(chunk)) = chunks.next().await {
                assert!(chunk.data.len() <= 1 << 20);
                let cut = this.with(|state| {
                    let log = &mut state.leases.entry(lease.clone()).or_default().log;
                    assert!(chunk.offset <= log.len() as u64, "a gap in the log");
                    let overlap = log.len() - usize::try_from(chunk.offset).unwrap();
                    log.extend_from_slice(chunk.data.get(overlap..).unwrap_or_default());
                    let length = log.len() as u64;
                    state.cut_logs_after.take_if(|after| length >= *after).is_some()
                });
                if cut {
                    return;
                }
                if chunk.flush {
                    let _ = acks.send(Ok(v1::LogAck { committed: held(&this) })).await;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

#[tonic::async_trait]
impl Transfers for Coordinator {
    async fn presign_download(
        &self,
        _: Request<v1::PresignDownloadRequest>,
    ) -> Result<Response<v1::PresignDownloadReply>, Status> {
        Err(Status::not_found("there is no such object"))
    }

    async fn begin_uploads(
        &self,
        request: Request<v1::BeginUploadsRequest>,
    ) -> Result<Response<v1::BeginUploadsReply>, Status> {
        let storage = self.with(|state| {
            state.uploads_begun += 1;
            state.storage.clone()
        });
        let upload = |file: v1::begin_uploads_request::File| v1::begin_uploads_reply::Upload {
            upload_id: file.key.clone(),
            part_size_bytes: 8 << 20,
            part_urls: vec![format!("{storage}/{}/{}", file.bucket, file.key)],
        };
        let uploads = request.into_inner().files.into_iter().map(upload).collect();
        Ok(Response::new(v1::BeginUploadsReply { uploads }))
    }

    async fn finish_uploads(
        &self,
        request: Request<v1::FinishUploadsRequest>,
    ) -> Result<Response<v1::FinishUploadsReply>, Status> {
        for upload in request.into_inner().uploads {
            self.with(|state| state.uploads.push((upload.bucket, upload.key)));
        }
        Ok(Response::new(v1::FinishUploadsReply {}))
    }

    async fn commit_uploads(
        &self,
        _: Request<v1::CommitUploadsRequest>,
    ) -> Result<Response<v1::CommitUploadsReply>, Status> {
        Ok(Response::new(v1::CommitUploadsReply {}))
    }

    async fn resolve_secrets(
        &self,
        request: Request<v1::ResolveSecretsRequest>,
    ) -> Result<Response<v1::ResolveSecretsReply>, Status> {
        let find = |reference: &v1::resolve_secrets_request::Reference| {
            let value = self.with_quietly(|state| state.secrets.get(&reference.reference).cloned());
            value.ok_or_else(|| Status::not_found(format!("parameter does not exist: {}", reference.reference)))
        };
        let values = request.into_inner().references.iter().map(find).collect::<Result<_, _>>()?;
        Ok(Response::new(v1::ResolveSecretsReply { values }))
    }
}
