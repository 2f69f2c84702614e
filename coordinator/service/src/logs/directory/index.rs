//! Groups in memory: streams by name, and the finished ones by the time of their last event.

use super::StreamRecord;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Streams held, of all groups together; above it, groups other than the one asked for are dropped.
const HELD_STREAMS: usize = 300_000;

/// A group's streams.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(super) streams: BTreeMap<String, StreamRecord>,
    /// Finished ones with the time of their last event; of their creation if they have none.
    pub(super) by_last: BTreeSet<(i64, String)>,
    /// Those whose end is not known yet.
    pub(super) open: BTreeSet<String>,
}

/// The time by which a finished stream is ordered; none while it is open.
pub(super) fn last(record: &StreamRecord) -> Option<i64> {
    let closed = record.closed.as_ref()?;
    Some(closed.span.map_or(record.created, |(_, last)| last).0)
}

impl Group {
    pub(super) fn put(&mut self, name: &str, record: StreamRecord) {
        self.remove(name);
        match last(&record) {
            Some(last) => _ = self.by_last.insert((last, name.to_owned())),
            None => _ = self.open.insert(name.to_owned()),
        }
        self.streams.insert(name.to_owned(), record);
    }

    fn remove(&mut self, name: &str) {
        if let Some(record) = self.streams.remove(name) {
            match last(&record) {
                Some(last) => _ = self.by_last.remove(&(last, name.to_owned())),
                None => _ = self.open.remove(name),
            }
        }
    }
}

/// The groups that somebody asked for.
#[derive(Debug, Default)]
pub(crate) struct Directory(HashMap<String, Group>);

impl Directory {
    pub(super) fn holds(&self, group: &str) -> bool {
        self.0.contains_key(group)
    }

    pub(super) fn group(&self, name: &str) -> Option<&Group> {
        self.0.get(name)
    }

    pub(super) fn hold(&mut self, name: &str, group: Group) {
        let held: usize = self.0.values().map(|group| group.streams.len()).sum();
        if held + group.streams.len() > HELD_STREAMS {
            self.0.clear();
        }
        self.0.insert(name.to_owned(), group);
    }

    /// Takes note of a stream, if its group is held.
    pub(super) fn put(&mut self, group: &str, stream: &str, record: StreamRecord) {
        if let Some(group) = self.0.get_mut(group) {
            group.put(stream, record);
        }
    }

    pub(super) fn remove(&mut self, group: &str, stream: &str) {
        if let Some(group) = self.0.get_mut(group) {
            group.remove(stream);
        }
    }
}
