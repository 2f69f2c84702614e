//! What a session tells its agent. Messages wait for an agent that reads slowly, and are few; who reads nothing is let go.
//! Waiting messages are what the connection does not take: HTTP/2 asks for no more while its window is full.

use crate::session::Outgoing;
use buildyard_model::AgentId;
use buildyard_proto::v1;
use std::time::Duration;
use tokio::sync::mpsc::{self, error::SendTimeoutError};
use tonic::Status;

/// Messages to an agent that may wait for the network.
const OUTGOING: usize = 64;
/// How long the reason of a session's end is offered.
const LAST_WORD: Duration = Duration::from_secs(5);
/// How long a message may wait for an agent that does not read.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// A message, or why there are no more. Boxed, since a channel keeps room for dozens of them from its beginning.
type Word = Box<Result<v1::CoordinatorMessage, Status>>;

/// What the connection takes from.
pub(crate) type Words = mpsc::Receiver<Word>;

/// One session's way to its agent.
#[derive(Debug, Clone)]
pub(crate) struct Voice {
    agent: AgentId,
    words: mpsc::Sender<Word>,
}

impl Voice {
    pub(crate) fn to(agent: AgentId) -> (Self, Words) {
        let (words, heard) = mpsc::channel(OUTGOING);
        (Self { agent, words }, heard)
    }

    pub(crate) async fn acknowledge(&self, number: Option<u64>) -> Result<(), Status> {
        match number {
            Some(number) => self.say(Outgoing::ack(number)).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn say(&self, message: v1::CoordinatorMessage) -> Result<(), Status> {
        match self.words.send_timeout(Box::new(Ok(message)), TAKEN_WITHIN).await {
            Ok(()) => Ok(()),
            Err(SendTimeoutError::Closed(_)) => Err(Status::cancelled("the agent is gone")),
            Err(SendTimeoutError::Timeout(_)) => {
                tracing::warn!(agent.id = %self.agent, "the agent does not read; its session is ended");
                Err(Status::deadline_exceeded("the agent does not read what it is told"))
            }
        }
    }

    /// Why the session ends. The agent may be gone already, or not read.
    pub(crate) async fn last_word(&self, status: Status) {
        let _ = self.words.send_timeout(Box::new(Err(status)), LAST_WORD).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;
    use tonic::Code;

    fn stop(number: u64) -> v1::CoordinatorMessage {
        let body = v1::coordinator_message::Body::Stop(v1::Stop::default());
        v1::CoordinatorMessage { number, body: Some(body) }
    }

    async fn fill(voice: &Voice) {
        for number in 1..=OUTGOING as u64 {
            voice.say(stop(number)).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_never_reads_is_let_go_after_half_a_minute() {
        let (voice, _unread) = Voice::to("silent".parse().unwrap());
        fill(&voice).await;
        let began = Instant::now();
        let ended = voice.say(stop(65)).await.unwrap_err();
        assert_eq!((ended.code(), began.elapsed()), (Code::DeadlineExceeded, Duration::from_secs(30)));
        // Its reason is nothing to wait for, either.
        voice.last_word(ended).await;
        assert_eq!(began.elapsed(), Duration::from_secs(35));
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_reads_now_and_then_is_kept() {
        let (voice, mut heard) = Voice::to("slow".parse().unwrap());
        fill(&voice).await;
        let reading = tokio::spawn(async move {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(29)).await;
                (*heard.recv().await.unwrap()).unwrap();
            }
            heard
        });
        for number in 65..75 {
            voice.say(stop(number)).await.unwrap();
        }
        drop(reading.await.unwrap());
        assert_eq!(voice.say(stop(75)).await.unwrap_err().code(), Code::Cancelled, "now it is gone");
    }
}
