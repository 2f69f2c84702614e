//! The streams of a group, in pages.

use super::index::Group;
use super::{Closed, StreamRecord};
use crate::{Error, Service};
use buildyard_model::{BuildId, Timestamp};
use std::ops::Bound;

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamOrder {
    #[default]
    Name,
    /// By the time of the last event, of the creation where there is none; then by name.
    LastEvent,
}

/// Which streams of a group to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamQuery {
    pub prefix: String,
    pub order: StreamOrder,
    pub descending: bool,
    /// Those behind this one, as [`LogStream::place`] gave it.
    pub after: Option<(i64, String)>,
    pub limit: usize,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    pub name: String,
    pub build: BuildId,
    pub created: Timestamp,
    /// The times of the first and the last event, if there are events.
    pub span: Option<(Timestamp, Timestamp)>,
    pub bytes: u64,
}

impl LogStream {
    /// Its place in the order by last event.
    pub fn place(&self) -> (i64, String) {
        (self.span.map_or(self.created, |(_, last)| last).0, self.name.clone())
    }
}

type Listed = (String, StreamRecord);

/// Behind `after` in either direction, as bounds for a walk upwards or downwards.
fn bounds<T>(after: Option<T>, descending: bool) -> (Bound<T>, Bound<T>) {
    match after {
        None => (Bound::Unbounded, Bound::Unbounded),
        Some(after) if descending => (Bound::Unbounded, Bound::Excluded(after)),
        Some(after) => (Bound::Excluded(after), Bound::Unbounded),
    }
}

fn walk<'a, T: 'a>(
    items: impl DoubleEndedIterator<Item = T> + 'a,
    descending: bool,
) -> Box<dyn Iterator<Item = T> + 'a> {
    if descending { Box::new(items.rev()) } else { Box::new(items) }
}

impl Group {
    fn by_name(&self, query: &StreamQuery) -> Vec<Listed> {
        let after = query.after.as_ref().map(|(_, name)| name.clone());
        let (mut low, mut high) = bounds(after, query.descending);
        let prefix = &query.prefix;
        if let (Bound::Unbounded, false) = (&low, prefix.is_empty()) {
            low = Bound::Included(prefix.clone());
        }
        if let (Bound::Unbounded, false) = (&high, prefix.is_empty()) {
            // Behind every name that begins with it.
            high = Bound::Excluded(format!("{prefix}{}", char::MAX));
        }
        if let (Bound::Included(low), Bound::Excluded(high)) = (&low, &high)
            && low >= high
        {
            return Vec::new();
        }
        walk(self.streams.range((low, high)), query.descending)
            .filter(|(name, _)| name.starts_with(prefix))
            .take(query.limit)
            .map(|(name, record)| (name.clone(), record.clone()))
            .collect()
    }

    /// The finished ones of a page, and every open one.
    fn by_last(&self, query: &StreamQuery) -> Vec<Listed> {
        let finished = walk(self.by_last.range(bounds(query.after.clone(), query.descending)), query.descending);
        let names = finished.take(query.limit).map(|(_, name)| name).chain(&self.open);
        names.filter_map(|name| Some((name.clone(), self.streams.get(name)?.clone()))).collect()
    }

    /// Streams that may hold events of these times, by the time of their first event (`i64::MIN` while they are open):
    /// all that begin with the times or earlier, and `most` more. Then, where the others begin.
    fn between(
        &self,
        (since, until): (i64, i64),
        most: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> (Vec<(i64, String)>, Option<i64>) {
        let first = |record: &StreamRecord| {
            record.closed.as_ref().and_then(|closed| closed.span).map_or(i64::MIN, |(first, _)| first.0)
        };
        let finished = self.by_last.range((since, String::new())..).map(|(_, name)| name);
        let mut by_first: Vec<(i64, &String)> = finished
            .chain(&self.open)
            .filter(|name| wanted(name))
            .filter_map(|name| Some((first(self.streams.get(name)?), name)))
            .filter(|(first, _)| *first <= until)
            .collect();
        by_first.sort_unstable();
        let taken = by_first.partition_point(|(first, _)| *first <= since) + most;
        let horizon = by_first.get(taken).map(|(first, _)| *first);
        (by_first.into_iter().take(taken).map(|(first, name)| (first, name.clone())).collect(), horizon)
    }
}

impl Group {
    /// As [`Group::between`], from the other end: by the time of their last event (`i64::MAX` while they are open),
    /// descending; all that end with the times or later, and `most` more. Then, where the others end.
    fn between_from_the_end(
        &self,
        (since, until): (i64, i64),
        most: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> (Vec<(i64, String)>, Option<i64>) {
        let begins = |name: &String| {
            let closed = self.streams.get(name).and_then(|record| record.closed.as_ref());
            closed.and_then(|closed| closed.span).map_or(i64::MIN, |(first, _)| first.0)
        };
        let finished = self.by_last.range((since, String::new())..).map(|(last, name)| (*last, name));
        let open = self.open.iter().map(|name| (i64::MAX, name));
        let wanted = |(_, name): &(i64, &String)| wanted(name) && begins(name) <= until;
        let mut by_last: Vec<(i64, &String)> = finished.chain(open).filter(wanted).collect();
        by_last.sort_unstable_by(|one, other| other.cmp(one));
        let taken = by_last.partition_point(|(last, _)| *last >= until) + most;
        let horizon = by_last.get(taken).map(|(last, _)| *last);
        (by_last.into_iter().take(taken).map(|(last, name)| (last, name.clone())).collect(), horizon)
    }
}

impl Service {
    /// A page of the streams of a group.
    ///
    /// # Errors
    /// When the store or storage cannot be read.
    pub async fn log_streams(&self, group: &str, query: &StreamQuery) -> Result<Vec<LogStream>, Error> {
        let mut streams = loop {
            let listed = {
                let mut directory = self.inner.directory.lock().await;
                let held = self.load_group(&mut directory, group).await?;
                match query.order {
                    StreamOrder::Name => held.by_name(query),
                    StreamOrder::LastEvent => held.by_last(query),
                }
            };
            let (mut streams, mut gone) = (Vec::with_capacity(listed.len()), false);
            for (name, record) in listed {
                match self.described(group, name, record).await? {
                    Some(stream) => streams.push(stream),
                    None => gone = true,
                }
            }
            // What was gone is forgotten now, and leaves room for others.
            if !gone {
                break streams;
            }
        };
        if query.order == StreamOrder::LastEvent {
            let behind = |stream: &LogStream| match &query.after {
                Some(after) if query.descending => stream.place() < *after,
                Some(after) => stream.place() > *after,
                None => true,
            };
            streams.retain(behind);
            streams.sort_by_key(LogStream::place);
            if query.descending {
                streams.reverse();
            }
        }
        streams.truncate(query.limit);
        Ok(streams)
    }

    /// A stream as it is now; none if its build is gone.
    async fn described(&self, group: &str, name: String, record: StreamRecord) -> Result<Option<LogStream>, Error> {
        let Some(build) = self.store().get(&record.build).await? else {
            self.forget_stream(group, &name).await?;
            return Ok(None);
        };
        let closed = match record.closed {
            Some(closed) => closed,
            None if build.outcome().is_some() => {
                let known = self.close_log(&build).await?.and_then(|record| record.closed);
                known.unwrap_or(Closed { span: None, bytes: 0 })
            }
            None => {
                let log = self.log_of(&build).await?;
                Closed { span: log.span().await?, bytes: log.length() }
            }
        };
        let StreamRecord { build, created, .. } = record;
        Ok(Some(LogStream { name, build, created, span: closed.span, bytes: closed.bytes }))
    }

    /// The streams that may hold events of these times, with the time of their first event where it is known; and the
    /// time from which on others are left out, if `most` are not enough.
    pub(in super::super) async fn streams_between(
        &self,
        group: &str,
        times: (i64, i64),
        most: usize,
        wanted: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<(Vec<(i64, String)>, Option<i64>), Error> {
        let mut directory = self.inner.directory.lock().await;
        Ok(self.load_group(&mut directory, group).await?.between(times, most, wanted))
    }

    /// The same from the newest on: with the time of their last event, and the time up to which others are left out.
    pub(in super::super) async fn newest_streams_between(
        &self,
        group: &str,
        times: (i64, i64),
        most: usize,
        wanted: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<(Vec<(i64, String)>, Option<i64>), Error> {
        let mut directory = self.inner.directory.lock().await;
        Ok(self.load_group(&mut directory, group).await?.between_from_the_end(times, most, wanted))
    }
}
