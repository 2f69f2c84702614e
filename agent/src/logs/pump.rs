//! One log stream after the other: asks where to go on, sends as far as the window allows, takes acknowledgements.

use super::ahead::{Ahead, Read};
use super::spool::{Mark, Parts, Piece};
use super::{Sealed, Standing};
use crate::bell::Bell;
use crate::uplink::Uplink;
use buildyard_model::{LeaseToken, LogOffset};
use buildyard_proto::v1;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

/// Bytes under way at most (reliability 4.6).
const WINDOW: u64 = 4 << 20;
/// The build was quiet so long: who reads along wants to see what there is.
const QUIET: Duration = Duration::from_millis(150);
/// Builds that are never quiet are flushed so often.
const AT_LEAST: Duration = Duration::from_secs(2);
/// How long the first answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Messages between this task and the connection; the connection's own window bounds what is on the way.
const MESSAGES: usize = 4;

/// Why a stream ended early.
#[derive(Debug)]
pub(super) enum Broken {
    /// This lease may not append.
    Stale(String),
    /// Another stream may do better.
    Passing(String),
}

/// Sends one log.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) uplink: Uplink,
    pub(super) lease: LeaseToken,
    pub(super) parts: Parts,
    pub(super) bell: Bell,
    pub(super) sealed: watch::Receiver<Sealed>,
    pub(super) tell: watch::Sender<Standing>,
    /// Where the bytes that are under way lie, oldest first.
    pub(super) marks: VecDeque<Mark>,
}

/// What is under way on one stream.
#[derive(Debug)]
struct Flow {
    messages: mpsc::Sender<v1::LogChunk>,
    sent: LogOffset,
    /// When the oldest and the newest byte that no flush covers were sent.
    unflushed: Option<(Instant, Instant)>,
    over: bool,
}

impl Pump {
    pub(super) fn stale(&self) {
        self.tell.send_modify(|standing| standing.stale = true);
    }

    pub(super) fn trouble(&self, reason: String) {
        tracing::warn!(lease = %self.lease, %reason, "a build's log could not be sent on; it is kept and sent again");
        self.tell.send_modify(|standing| standing.trouble = Some(reason));
    }

    /// Sends until storage holds the whole log.
    pub(super) async fn stream(&mut self) -> Result<(), Broken> {
        let (messages, outgoing) = mpsc::channel(MESSAGES);
        let first = v1::LogChunk { lease: Some((&self.lease).into()), ..v1::LogChunk::default() };
        // There is room: the channel is new.
        let _ = messages.try_send(first);
        let mut client = self.uplink.logs();
        let opened = async {
            let mut acks = client.upload_log(ReceiverStream::new(outgoing)).await?.into_inner();
            let start = next(&mut acks).await?;
            Ok::<_, Status>((acks, start))
        };
        let answer = timeout(ANSWER_WITHIN, opened).await;
        let (mut acks, start) = answer
            .map_err(|_| Broken::Passing("the log stream was not answered in time".to_owned()))?
            .map_err(|status| broken(&status))?;
        let mark = self.marks.iter().rev().find(|mark| mark.offset() <= start).copied().unwrap_or(Mark::START);
        self.marks.clear();
        self.acknowledged(start);
        let mut ahead = Ahead::start(self.parts.clone(), mark, start, &self.bell, self.sealed.clone());
        let mut flow = Flow { messages, sent: start, unflushed: None, over: false };
        self.flow(&mut flow, &mut acks, &mut ahead).await
    }

    async fn flow(
        &mut self,
        flow: &mut Flow,
        acks: &mut Streaming<v1::LogAck>,
        ahead: &mut Ahead,
    ) -> Result<(), Broken> {
        while !self.tell.borrow().is_whole() {
            let room = flow.sent.saturating_sub(self.tell.borrow().committed) < WINDOW;
            let flush_at = flow.flush_at(room);
            let sent = tokio::select! {
                ack = next(acks) => {
                    self.acknowledged(ack.map_err(|status| broken(&status))?);
                    Ok(())
                }
                () = sleep_until(flush_at.unwrap_or_else(Instant::now)), if flush_at.is_some() => flow.flush().await,
                read = ahead.next(), if room && !flow.over => match read {
                    Read::Piece(piece) => {
                        self.marks.push_back(piece.mark);
                        flow.send(piece).await
                    }
                    Read::End(total) => {
                        flow.over = true;
                        self.tell.send_modify(|standing| standing.total = Some(total));
                        Ok(())
                    }
                    Read::Failed(error) => return Err(Broken::Passing(format!("cannot read the log: {error}"))),
                }
            };
            if sent.is_err() {
                return Err(closed(acks).await);
            }
        }
        Ok(())
    }

    fn acknowledged(&mut self, committed: LogOffset) {
        while self.marks.get(1).is_some_and(|mark| mark.offset() <= committed) {
            self.marks.pop_front();
        }
        self.tell.send_modify(|standing| {
            standing.committed = committed;
            standing.trouble = None;
        });
    }
}

/// The connection takes no more messages.
#[derive(Debug)]
struct Closed;

impl Flow {
    async fn send(&mut self, piece: Piece) -> Result<(), Closed> {
        let now = Instant::now();
        self.sent = piece.offset + piece.bytes.len() as u64;
        self.unflushed = Some((self.unflushed.map_or(now, |(oldest, _)| oldest), now));
        self.message(v1::LogChunk {
            offset: piece.offset,
            time_ms: piece.time.0,
            data: piece.bytes.into(),
            ..v1::LogChunk::default()
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        self.unflushed = None;
        self.message(v1::LogChunk { offset: self.sent, flush: true, ..v1::LogChunk::default() }).await
    }

    async fn message(&self, message: v1::LogChunk) -> Result<(), Closed> {
        self.messages.send(message).await.map_err(|_| Closed)
    }

    /// When a flush is due: at once when nothing more will be sent before an acknowledgement.
    fn flush_at(&self, room: bool) -> Option<Instant> {
        let (oldest, newest) = self.unflushed?;
        Some(if self.over || !room { oldest } else { (newest + QUIET).min(oldest + AT_LEAST) })
    }
}

async fn next(acks: &mut Streaming<v1::LogAck>) -> Result<LogOffset, Status> {
    match acks.message().await? {
        Some(ack) => Ok(ack.committed),
        None => Err(Status::unavailable("the coordinator closed the log stream")),
    }
}

/// Why the connection takes no more messages: the other direction says it.
async fn closed(acks: &mut Streaming<v1::LogAck>) -> Broken {
    match timeout(ANSWER_WITHIN, async {
        loop {
            next(acks).await?;
        }
    })
    .await
    {
        Ok(Err::<(), _>(status)) => broken(&status),
        _ => Broken::Passing("the log stream was closed".to_owned()),
    }
}

fn broken(status: &Status) -> Broken {
    let reason = status.message().to_owned();
    match status.code() {
        Code::FailedPrecondition | Code::NotFound | Code::PermissionDenied => Broken::Stale(reason),
        _ => Broken::Passing(reason),
    }
}
