//! Streams of the session: dials, enrols where needed, and passes messages between the stream and the supervisor.
//! Decides nothing about builds.

use crate::enrolment::{EnrolError, Enrolment};
use crate::retry::Redial;
use crate::uplink::Uplink;
use buildyard_proto::v1;
use rand::Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

/// Messages that wait for the connection: state messages are few and heartbeats slow, so a full queue is a dead peer.
const OUTGOING: usize = 1024;
/// How long the coordinator may take to answer the call; the session itself waits for its Welcome.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What happens to the connection.
#[derive(Debug)]
pub(crate) enum Event {
    /// A stream is being opened; messages go here.
    Opened(mpsc::Sender<v1::AgentMessage>),
    Received(v1::CoordinatorMessage),
    Closed(String),
    /// The coordinator does not take this agent now; dialling goes on all the same.
    Refused(String),
    /// The coordinator wants this agent no more, and nothing that the agent could do by itself changes that.
    Unwanted(String),
}

/// One agent's dialler.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) uplink: Uplink,
    pub(crate) enrolment: Enrolment,
    pub(crate) events: mpsc::Sender<Event>,
    /// Ends the stream that is open.
    pub(crate) close: Arc<Notify>,
}

impl Transport {
    /// Dials for ever; ends when nobody listens to the events.
    pub(crate) async fn run(self) {
        let mut redial = Redial::default();
        loop {
            let began = Instant::now();
            let event = match self.stream().await {
                Ok(()) => Event::Closed("the coordinator closed the session".to_owned()),
                Err(Ended::Refused(reason)) => Event::Refused(reason),
                Err(Ended::Unwanted(reason)) => Event::Unwanted(reason),
                Err(Ended::Broken(reason)) => Event::Closed(reason),
            };
            if self.events.send(event).await.is_err() {
                return;
            }
            let chance = rand::rng().random::<f64>();
            tokio::time::sleep(redial.wait(began.elapsed(), chance)).await;
        }
    }

    async fn stream(&self) -> Result<(), Ended> {
        self.enrolment.ensure(&self.uplink).await?;
        let (messages, outgoing) = mpsc::channel(OUTGOING);
        // The supervisor puts Hello into the channel: the coordinator may want to see it before it answers the call.
        self.tell(Event::Opened(messages)).await?;
        let mut fleet = self.uplink.fleet();
        let answer = timeout(ANSWER_WITHIN, fleet.session(ReceiverStream::new(outgoing))).await;
        let answer = answer.map_err(|_| Ended::Broken("the coordinator did not answer in time".to_owned()))?;
        let mut incoming = match answer {
            Ok(incoming) => incoming.into_inner(),
            Err(status) => return Err(self.status(status).await),
        };
        loop {
            let message = tokio::select! {
                message = incoming.message() => message,
                () = self.close.notified() => return Err(Ended::Broken("closed by this agent".to_owned())),
            };
            match message {
                Ok(Some(message)) => self.tell(Event::Received(message)).await?,
                Ok(None) => return Ok(()),
                Err(status) => return Err(self.status(status).await),
            }
        }
    }

    /// A credential that is not accepted is renewed, so that the next dial has a good one.
    async fn status(&self, status: Status) -> Ended {
        match status.code() {
            Code::Unauthenticated => match self.enrolment.renew(&self.uplink).await {
                Ok(()) => Ended::Broken("enrolled again".to_owned()),
                // The first refusal says what is the matter with this agent, the second why it cannot be helped.
                Err(error) => Ended::from(error).after(status.message()),
            },
            Code::PermissionDenied => Ended::Unwanted(status.message().to_owned()),
            Code::AlreadyExists => Ended::Refused(status.message().to_owned()),
            _ => Ended::Broken(status.message().to_owned()),
        }
    }

    async fn tell(&self, event: Event) -> Result<(), Ended> {
        self.events.send(event).await.map_err(|_| Ended::Broken("the agent ends".to_owned()))
    }
}

/// Why a stream ended.
#[derive(Debug)]
enum Ended {
    Refused(String),
    Unwanted(String),
    Broken(String),
}

impl Ended {
    /// The same, with what was said before it.
    fn after(self, said: &str) -> Self {
        let both = |reason: String| if reason.contains(said) { reason } else { format!("{said}; {reason}") };
        match self {
            Self::Refused(reason) => Self::Refused(both(reason)),
            Self::Unwanted(reason) => Self::Unwanted(both(reason)),
            Self::Broken(reason) => Self::Broken(reason),
        }
    }
}

impl From<EnrolError> for Ended {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Refused(reason) => Self::Refused(reason),
            EnrolError::Unwanted(reason) => Self::Unwanted(reason),
            EnrolError::Passing(reason) => Self::Broken(reason),
        }
    }
}
