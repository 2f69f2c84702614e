//! Reads the logs of a group together, in the order of time, stream and place, and gives what matches.
//!
//! A stream is opened when the search reaches its first event, so that memory holds the logs that overlap and no more.
//! A search may end early: then it says where to go on.

mod newest;
mod source;
#[cfg(test)]
mod tests;

use super::LogEvent;
use crate::{Error, Kind, Service};
use buildyard_model::BuildId;
use serde::{Deserialize, Serialize};
use source::Source;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Streams looked at beyond those that overlap with the beginning.
const STREAMS: usize = 500;
/// Bytes of messages that one search compares.
const LOOK_AT: usize = 8 * 1024 * 1024;
/// Bytes of messages in a page, with 26 for each event (CloudWatch Logs, "FilterLogEvents").
const PAGE_BYTES: usize = 1024 * 1024;

/// A place in a group: everything before it was searched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub time: i64,
    pub stream: String,
    pub epoch: u64,
    pub offset: u64,
}

/// What to look for.
pub struct Search<'a> {
    pub group: &'a str,
    /// Which streams, by name.
    pub streams: &'a (dyn Fn(&str) -> bool + Send + Sync),
    /// Which messages.
    pub matches: &'a (dyn Fn(&str) -> bool + Send + Sync),
    /// Milliseconds since the Unix epoch, both included.
    pub times: (i64, i64),
    pub from: Option<Place>,
    /// From the newest event to the oldest. Places of one direction mean nothing in the other.
    pub newest_first: bool,
    /// Events.
    pub limit: usize,
}

/// An event and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEvent {
    pub stream: String,
    pub build: BuildId,
    pub epoch: u64,
    pub event: LogEvent,
}

/// What was found, in order, and where to go on if there may be more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub events: Vec<FoundEvent>,
    pub next: Option<Place>,
}

/// The streams of a search: waiting by the time of their first event, open ones by their next event.
struct Merge {
    waiting: VecDeque<(i64, String)>,
    sources: Vec<Source>,
    heads: BinaryHeap<Reverse<(i64, String, usize)>>,
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("group", &self.group).field("from", &self.from).finish_non_exhaustive()
    }
}

impl Service {
    /// Searches a group.
    ///
    /// # Errors
    /// When the store or storage cannot be read.
    pub async fn search_logs(&self, search: &Search<'_>) -> Result<Found, Error> {
        if search.newest_first {
            return self.search_newest(search).await;
        }
        let since = search.from.as_ref().map_or(search.times.0, |place| place.time.max(search.times.0));
        let (streams, horizon) =
            self.streams_between(search.group, (since, search.times.1), STREAMS, search.streams).await?;
        let mut merge = Merge { waiting: streams.into(), sources: Vec::new(), heads: BinaryHeap::new() };
        let mut found = Found::default();
        let (mut page, mut looked_at) = (0, 0);
        loop {
            self.open_due(&mut merge, search).await?;
            let Some(head) = merge.head() else { break };
            if horizon.is_some_and(|horizon| head.time >= horizon) {
                break;
            }
            let Some(event) = merge.sources.get(head.source).and_then(|source| source.head()) else { break };
            let size = event.message.len() + 26;
            let matches = (search.matches)(&event.message);
            let full = matches && (found.events.len() >= search.limit || (page + size > PAGE_BYTES && page > 0));
            if full || looked_at > LOOK_AT {
                found.next = merge.place();
                return Ok(found);
            }
            looked_at += size;
            if matches {
                page += size;
                found.events.extend(merge.found());
            }
            merge.advance(search.times).await?;
        }
        found.next = horizon.map(|time| Place { time, stream: String::new(), epoch: 0, offset: 0 });
        Ok(found)
    }

    /// Opens the streams that may hold the next event.
    async fn open_due(&self, merge: &mut Merge, search: &Search<'_>) -> Result<(), Error> {
        while let Some((first, _)) = merge.waiting.front() {
            if merge.heads.peek().is_some_and(|Reverse((head, _, _))| first > head) {
                return Ok(());
            }
            let Some((_, name)) = merge.waiting.pop_front() else { return Ok(()) };
            if let Some(log) = self.open_log(search.group, &name).await? {
                match Source::open(name, log, search).await {
                    Ok(source) => merge.add(source),
                    Err(error) => passed_over(search.group, error)?,
                }
            }
        }
        Ok(())
    }
}

/// The next event's key and source.
struct Head {
    time: i64,
    source: usize,
}

impl Merge {
    fn add(&mut self, source: Source) {
        if let Some(event) = source.head() {
            self.heads.push(Reverse((event.timestamp.0, source.name.clone(), self.sources.len())));
            self.sources.push(source);
        }
    }

    fn head(&self) -> Option<Head> {
        self.heads.peek().map(|Reverse((time, _, source))| Head { time: *time, source: *source })
    }

    fn first(&self) -> Option<(&Source, &LogEvent)> {
        let source = self.sources.get(self.head()?.source)?;
        Some((source, source.head()?))
    }

    fn place(&self) -> Option<Place> {
        let (source, event) = self.first()?;
        let (time, offset) = (event.timestamp.0, event.offset);
        Some(Place { time, stream: source.name.clone(), epoch: source.log.epoch, offset })
    }

    fn found(&self) -> Option<FoundEvent> {
        let (source, event) = self.first()?;
        let (build, epoch) = (source.log.build.clone(), source.log.epoch);
        Some(FoundEvent { stream: source.name.clone(), build, epoch, event: event.clone() })
    }

    /// Goes on behind the next event.
    async fn advance(&mut self, times: (i64, i64)) -> Result<(), Error> {
        let Some(Reverse((_, name, at))) = self.heads.pop() else { return Ok(()) };
        let Some(source) = self.sources.get_mut(at) else { return Ok(()) };
        if let Err(error) = source.advance(times).await {
            source.close();
            return passed_over(&name, error);
        }
        match source.head() {
            Some(event) => self.heads.push(Reverse((event.timestamp.0, name, at))),
            None => source.close(),
        }
        Ok(())
    }
}

/// A log that is damaged does not hide the others; storage that is away does.
fn passed_over(place: &str, error: Error) -> Result<(), Error> {
    if error.kind != Kind::Internal {
        return Err(error);
    }
    tracing::error!(place, %error, "a search passes over a log that cannot be read");
    Ok(())
}
