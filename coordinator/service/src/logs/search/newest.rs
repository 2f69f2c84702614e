//! The same search from the newest event to the oldest: a place is the event to go on with, by where it ends.

use super::{Found, FoundEvent, LOOK_AT, PAGE_BYTES, Place, STREAMS, Search, passed_over};
use crate::logs::{BuildLog, EventLimits, LogEvent};
use crate::{Error, Service};
use buildyard_model::Timestamp;
use std::collections::{BinaryHeap, VecDeque};

const AHEAD: EventLimits = EventLimits { events: 2000, bytes: 128 * 1024, look_at: 4 * 1024 * 1024 };

/// One stream, from its next event back.
struct Source {
    name: String,
    log: BuildLog,
    /// In their order; the last one is next.
    ahead: Vec<LogEvent>,
    before_ahead: u64,
}

impl Source {
    async fn open(name: String, log: BuildLog, search: &Search<'_>) -> Result<Self, Error> {
        let until = search.times.1;
        let before_ahead = match &search.from {
            Some(Place { stream, epoch, offset, .. }) if *stream == name && *epoch == log.epoch => *offset,
            // Of the same time, events of streams behind it by name were given already.
            Some(place) if name > place.stream => log.place_at(Timestamp(place.time)).await?,
            Some(place) => log.place_at(Timestamp(place.time.min(until).saturating_add(1))).await?,
            None if until == i64::MAX => log.length(),
            None => log.place_at(Timestamp(until.saturating_add(1))).await?,
        };
        let mut source = Self { name, log, ahead: Vec::new(), before_ahead };
        source.read(search.times).await?;
        Ok(source)
    }

    async fn advance(&mut self, times: (i64, i64)) -> Result<(), Error> {
        self.ahead.pop();
        self.read(times).await
    }

    async fn read(&mut self, (since, until): (i64, i64)) -> Result<(), Error> {
        while self.ahead.is_empty() {
            let page = self.log.backward(self.before_ahead, &(since..until.saturating_add(1)), AHEAD).await?;
            let stuck = page.begin == self.before_ahead;
            self.before_ahead = page.begin;
            self.ahead = page.events;
            if stuck {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The streams of a search: waiting by the time of their last event, open ones by their next event.
#[derive(Default)]
struct Merge {
    waiting: VecDeque<(i64, String)>,
    sources: Vec<Source>,
    heads: BinaryHeap<(i64, String, usize)>,
}

impl Merge {
    fn add(&mut self, source: Source) {
        if let Some(event) = source.ahead.last() {
            self.heads.push((event.timestamp.0, source.name.clone(), self.sources.len()));
            self.sources.push(source);
        }
    }

    fn first(&self) -> Option<(&Source, &LogEvent)> {
        let source = self.sources.get(self.heads.peek()?.2)?;
        Some((source, source.ahead.last()?))
    }

    /// Goes on behind the next event.
    async fn advance(&mut self, times: (i64, i64)) -> Result<(), Error> {
        let Some((_, name, at)) = self.heads.pop() else { return Ok(()) };
        let Some(source) = self.sources.get_mut(at) else { return Ok(()) };
        if let Err(error) = source.advance(times).await {
            source.ahead = Vec::new();
            return passed_over(&name, error);
        }
        match source.ahead.last() {
            Some(event) => self.heads.push((event.timestamp.0, name, at)),
            None => source.ahead = Vec::new(),
        }
        Ok(())
    }
}

impl Service {
    /// Searches a group from its newest event on.
    pub(super) async fn search_newest(&self, search: &Search<'_>) -> Result<Found, Error> {
        let (since, until) = search.times;
        let until = search.from.as_ref().map_or(until, |place| place.time.min(until));
        let (streams, horizon) =
            self.newest_streams_between(search.group, (since, until), STREAMS, search.streams).await?;
        let mut merge = Merge { waiting: streams.into(), ..Merge::default() };
        let mut found = Found::default();
        let (mut page, mut looked_at) = (0, 0);
        loop {
            self.open_newest(&mut merge, search).await?;
            let Some((source, event)) = merge.first() else { break };
            if horizon.is_some_and(|horizon| event.timestamp.0 <= horizon) {
                break;
            }
            let size = event.message.len() + 26;
            let matches = (search.matches)(&event.message);
            let full = matches && (found.events.len() >= search.limit || (page + size > PAGE_BYTES && page > 0));
            let (stream, epoch) = (source.name.clone(), source.log.epoch);
            if full || looked_at > LOOK_AT {
                found.next = Some(Place { time: event.timestamp.0, stream, epoch, offset: event.next });
                return Ok(found);
            }
            looked_at += size;
            if matches {
                page += size;
                let build = source.log.build.clone();
                found.events.push(FoundEvent { stream, build, epoch, event: event.clone() });
            }
            merge.advance(search.times).await?;
        }
        // Behind every stream by name, so that nothing of that time counts as given.
        found.next = horizon.map(|time| Place { time, stream: char::MAX.to_string(), epoch: 0, offset: 0 });
        Ok(found)
    }

    /// Opens the streams that may hold the next event.
    async fn open_newest(&self, merge: &mut Merge, search: &Search<'_>) -> Result<(), Error> {
        while let Some((last, _)) = merge.waiting.front() {
            if merge.heads.peek().is_some_and(|(head, _, _)| last < head) {
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
