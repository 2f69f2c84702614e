//! The two streams of a followed build, each resumed after a loss until the coordinator was away for too long.

use crate::failure::Failure;
use crate::fleet::{Document, Fleet, Refusal};
use crate::log::cursor::Cursor;
use crate::retry;
use buildyard_model::BuildView;
use futures::StreamExt;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;
use tokio_util::bytes::Bytes;

/// What a stream brings.
#[derive(Debug)]
pub(super) enum Event {
    View(Box<Document<BuildView>>),
    Log {
        offset: u64,
        bytes: Bytes,
    },
    LogEnded,
    /// The connection is gone and is being made again; said once for each loss.
    Lost(String),
    Failed(Failure),
}

/// Why one connection's part of a stream ended.
enum End {
    /// All was sent.
    Whole,
    /// Nobody listens any more.
    Unheard,
    Refused(Refusal),
}

/// Sends the build's views until it is complete.
pub(super) async fn views(fleet: Fleet, id: String, events: Sender<Event>) {
    let mut contact = Contact::new(&events);
    loop {
        match views_once(&fleet, &id, &events, &mut contact).await {
            End::Whole | End::Unheard => return,
            End::Refused(refusal) => {
                if !contact.lost(refusal).await {
                    return;
                }
            }
        }
    }
}

async fn views_once(fleet: &Fleet, id: &str, events: &Sender<Event>, contact: &mut Contact<'_>) -> End {
    let mut stream = match fleet.watch(id).await {
        Ok(stream) => stream,
        Err(refusal) => return End::Refused(refusal),
    };
    while let Some(reply) = stream.next().await {
        let read = reply.map_err(|status| fleet.refusal(&status));
        let document = read.and_then(|reply| Document::read("build", &reply.build).map_err(Refusal::Final));
        let document: Document<BuildView> = match document {
            Ok(document) => document,
            Err(refusal) => return End::Refused(refusal),
        };
        contact.made();
        let complete = document.view.build_complete;
        if events.send(Event::View(Box::new(document))).await.is_err() {
            return End::Unheard;
        }
        if complete {
            return End::Whole;
        }
    }
    End::Refused(Refusal::Lost("the coordinator ended the connection".to_owned()))
}

/// Sends the log's bytes until it is whole.
pub(super) async fn log(fleet: Fleet, id: String, events: Sender<Event>) {
    let mut contact = Contact::new(&events);
    let mut cursor = Cursor::default();
    loop {
        match log_once(&fleet, &id, &mut cursor, &events, &mut contact).await {
            End::Whole => {
                let _ = events.send(Event::LogEnded).await;
                return;
            }
            End::Unheard => return,
            End::Refused(refusal) => {
                if !contact.lost(refusal).await {
                    return;
                }
            }
        }
    }
}

async fn log_once(
    fleet: &Fleet,
    id: &str,
    cursor: &mut Cursor,
    events: &Sender<Event>,
    contact: &mut Contact<'_>,
) -> End {
    let mut stream = match fleet.read_log(id, cursor.next(), true).await {
        Ok(stream) => stream,
        Err(refusal) => return End::Refused(refusal),
    };
    while let Some(piece) = stream.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(status) => return End::Refused(fleet.refusal(&status)),
        };
        contact.made();
        // Only to know where to go on; the listener's own cursor decides what is new.
        cursor.take(piece.offset, &piece.data);
        if events.send(Event::Log { offset: piece.offset, bytes: piece.data }).await.is_err() {
            return End::Unheard;
        }
    }
    End::Whole
}

/// When the coordinator was last heard, and how often it was called since.
struct Contact<'a> {
    events: &'a Sender<Event>,
    lost_since: Option<Instant>,
    tries: u32,
}

impl<'a> Contact<'a> {
    fn new(events: &'a Sender<Event>) -> Self {
        Self { events, lost_since: None, tries: 0 }
    }

    fn made(&mut self) {
        (self.lost_since, self.tries) = (None, 0);
    }

    /// Waits until it is time to call again; false when it is not worth it.
    async fn lost(&mut self, refusal: Refusal) -> bool {
        let text = match refusal {
            Refusal::Lost(text) => text,
            Refusal::Final(failure) => {
                let _ = self.events.send(Event::Failed(failure)).await;
                return false;
            }
        };
        let lost_for = self.lost_since.map_or(Duration::ZERO, |since| since.elapsed());
        if self.lost_since.is_none() {
            self.lost_since = Some(Instant::now());
            if self.events.send(Event::Lost(text.clone())).await.is_err() {
                return false;
            }
        }
        let Some(wait) = retry::wait(self.tries, lost_for) else {
            let _ = self
                .events
                .send(Event::Failed(Failure::Service(format!("{text}; gave up after {} s", lost_for.as_secs()))))
                .await;
            return false;
        };
        self.tries += 1;
        tokio::time::sleep(wait).await;
        true
    }
}
