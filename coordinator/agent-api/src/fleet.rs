//! Agents: enrolment and the session stream.
//!
//! A session acts on what it hears about different builds side by side (`inbox`), so that a commit's way to the disk
//! holds up neither other builds nor what the agent is to be told. Limits, each with a test: a first word within 10 s
//! and of at most 256 KiB; 64 messages about builds, or a megabyte of them, in hand; a message that the agent does not
//! take within 30 s ends its session (`voice`); heartbeats are read at one a second (`pace`).

use crate::identity;
use crate::inbox::{Inbox, Said};
use crate::pace::Paced;
use crate::session::{self, Heard, Outgoing};
use crate::status::{malformed, status};
use crate::voice::Voice;
use buildyard_model::{AgentId, LeaseToken};
use buildyard_proto::{convert, v1};
use buildyard_scheduler::Event;
use buildyard_service::{Messages, Service};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt as _};
use std::pin::Pin;
use std::time::Duration;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// How long an agent may take to say who it is.
const FIRST_WORD: Duration = Duration::from_secs(10);
/// Bytes of what it says first. What is in there is kept as long as it is connected, and looked at for each build.
const LARGEST_HELLO: usize = 256 * 1024;

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
        let (voice, stream) = Voice::to(agent.clone());
        let session = Session { service: self.service.clone(), agent, voice };
        let shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            let failed = session.voice.clone();
            let ended = tokio::select! {
                () = shutdown.cancelled() => Err(Status::unavailable("the coordinator is shutting down")),
                ended = session.run(request.into_inner()) => ended,
            };
            if let Err(status) = ended {
                failed.last_word(status).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream).map(|answer| *answer))))
    }
}

struct Session {
    service: Service,
    agent: AgentId,
    voice: Voice,
}

type About = (LeaseToken, Event);

/// A message about a build, acted on.
struct Acted {
    said: Said<()>,
    result: Result<(), buildyard_service::Error>,
}

/// What one session is acting on.
#[derive(Default)]
struct Work {
    inbox: Inbox<About>,
    acting: FuturesUnordered<BoxFuture<'static, Acted>>,
}

impl Session {
    async fn run(&self, mut messages: Streaming<v1::AgentMessage>) -> Result<(), Status> {
        let first = tokio::time::timeout(FIRST_WORD, messages.next())
            .await
            .map_err(|_| Status::deadline_exceeded("no Hello came"))?
            .ok_or_else(|| Status::invalid_argument("the stream ended before Hello"))??;
        let bytes = convert::wire_bytes(&first);
        if bytes > LARGEST_HELLO {
            return Err(Status::resource_exhausted(format!(
                "the Hello of agent {} has {bytes} bytes; at most {LARGEST_HELLO} are taken: give it fewer labels",
                self.agent
            )));
        }
        let hello = session::hello(first).map_err(malformed)?;
        // Kept until all that was begun is done.
        let (_end, to_agent) = self.service.connect(&self.agent, hello).await.map_err(status)?;
        self.voice.say(Outgoing::welcome(&self.service.settings().timings)).await?;
        let mut work = Work::default();
        let ended = self.converse(Paced::new(messages), to_agent, &mut work).await;
        // What was begun is done whole: between a commit and its effects there is no end.
        while work.acting.next().await.is_some() {}
        ended
    }

    async fn converse(
        &self,
        mut messages: Paced<Streaming<v1::AgentMessage>>,
        mut to_agent: Messages,
        work: &mut Work,
    ) -> Result<(), Status> {
        let mut outgoing = Outgoing::default();
        loop {
            tokio::select! {
                // What the agent must do goes first: a stop is not kept waiting by reports.
                biased;
                message = to_agent.recv() => match message {
                    Some(message) => self.voice.say(outgoing.message(message)).await?,
                    None => return Err(Status::aborted("a newer session of this agent began")),
                },
                Some(acted) = work.acting.next(), if !work.acting.is_empty() => self.acted(acted, work).await?,
                message = messages.next(), if work.inbox.has_room() => match message {
                    Some(message) => self.hear(message?, work).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn hear(&self, message: v1::AgentMessage, work: &mut Work) -> Result<(), Status> {
        let (number, bytes) = (message.number, convert::wire_bytes(&message));
        match session::heard(message).map_err(malformed)? {
            Heard::About { token, event } => {
                let said = Said { number, bytes, build: token.build.clone(), what: (token, event) };
                if let Some(said) = work.inbox.take(said) {
                    work.acting.push(self.act(said));
                }
                return Ok(());
            }
            Heard::Heartbeat(heartbeat) => self.service.heartbeat(&self.agent, heartbeat),
            Heard::Draining => self.service.agent_draining(&self.agent),
            Heard::Nothing => {}
        }
        self.voice.acknowledge(work.inbox.pass(number)).await
    }

    fn act(&self, said: Said<About>) -> BoxFuture<'static, Acted> {
        let (service, agent) = (self.service.clone(), self.agent.clone());
        async move {
            let Said { number, bytes, build, what: (token, event) } = said;
            let result = service.heard(&agent, &token, event).await;
            Acted { said: Said { number, bytes, build, what: () }, result }
        }
        .boxed()
    }

    /// Goes on with what is next about the build, and acknowledges once for all that is done by now: writes that shared
    /// their way to the disk are done together.
    async fn acted(&self, acted: Acted, work: &mut Work) -> Result<(), Status> {
        let mut last = self.follow(acted, work)?;
        while let Some(Some(acted)) = work.acting.next().now_or_never() {
            last = self.follow(acted, work)?.or(last);
        }
        self.voice.acknowledge(last).await
    }

    /// What could not be dealt with ends the session: the agent comes again with it.
    fn follow(&self, acted: Acted, work: &mut Work) -> Result<Option<u64>, Status> {
        acted.result.map_err(status)?;
        let Said { number, bytes, build, .. } = acted.said;
        let (next, number) = work.inbox.acted(&build, number, bytes);
        work.acting.extend(next.map(|said| self.act(said)));
        Ok(number)
    }
}
