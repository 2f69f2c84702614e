//! Agents: enrolment and the session stream.

use crate::identity;
use crate::session::{self, Heard, Outgoing};
use crate::status::{malformed, status};
use buildyard_model::AgentId;
use buildyard_proto::v1;
use buildyard_service::Service;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// Messages to an agent that may wait for the network.
const OUTGOING: usize = 64;
/// How long an agent may take to say who it is.
const FIRST_WORD: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Fleet {
    service: Service,
    shutdown: CancellationToken,
}

impl Fleet {
    pub(crate) fn new(service: Service, shutdown: CancellationToken) -> Self {
        Self { service, shutdown }
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl v1::fleet_server::Fleet for Fleet {
    type SessionStream = Answers<v1::CoordinatorMessage>;

    async fn enroll(&self, request: Request<v1::EnrollRequest>) -> Result<Response<v1::EnrollReply>, Status> {
        let request = request.into_inner();
        let name: AgentId = request.name.parse().map_err(malformed)?;
        let credential = self.service.enroll(&name, &request.join_token, &request.credential).await.map_err(status)?;
        Ok(Response::new(v1::EnrollReply { credential }))
    }

    async fn session(
        &self,
        request: Request<Streaming<v1::AgentMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let agent = identity::agent(&self.service, request.metadata()).await?;
        let (answers, stream) = mpsc::channel(OUTGOING);
        let session = Session { service: self.service.clone(), agent, answers };
        let shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            let failed = session.answers.clone();
            let ended = tokio::select! {
                () = shutdown.cancelled() => Err(Status::unavailable("the coordinator is shutting down")),
                ended = session.run(request.into_inner()) => ended,
            };
            if let Err(status) = ended {
                // The agent may be gone already.
                let _ = failed.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

struct Session {
    service: Service,
    agent: AgentId,
    answers: mpsc::Sender<Result<v1::CoordinatorMessage, Status>>,
}

impl Session {
    async fn run(&self, mut messages: Streaming<v1::AgentMessage>) -> Result<(), Status> {
        let first = tokio::time::timeout(FIRST_WORD, messages.next())
            .await
            .map_err(|_| Status::deadline_exceeded("no Hello came"))?
            .ok_or_else(|| Status::invalid_argument("the stream ended before Hello"))??;
        let hello = session::hello(first).map_err(malformed)?;
        let (_end, mut to_agent) = self.service.connect(&self.agent, hello).await.map_err(status)?;
        self.say(Outgoing::welcome(&self.service.settings().timings)).await?;
        let mut outgoing = Outgoing::default();
        loop {
            tokio::select! {
                // What the agent must do goes first: a stop is not kept waiting by reports.
                biased;
                message = to_agent.recv() => match message {
                    Some(message) => self.say(outgoing.message(message)).await?,
                    None => return Err(Status::aborted("a newer session of this agent began")),
                },
                message = messages.next() => match message {
                    Some(message) => self.hear(message?).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn hear(&self, message: v1::AgentMessage) -> Result<(), Status> {
        let number = message.number;
        match session::heard(message).map_err(malformed)? {
            Heard::About { token, event } => self.service.heard(&self.agent, &token, event).await.map_err(status)?,
            Heard::Heartbeat(heartbeat) => self.service.heartbeat(&self.agent, heartbeat),
            Heard::Draining => self.service.agent_draining(&self.agent),
            Heard::Nothing => {}
        }
        if number == 0 { Ok(()) } else { self.say(Outgoing::ack(number)).await }
    }

    async fn say(&self, message: v1::CoordinatorMessage) -> Result<(), Status> {
        self.answers.send(Ok(message)).await.map_err(|_| Status::cancelled("the agent is gone"))
    }
}
