//! What is stored of one log: ranges and their objects, with the newest bytes kept for those who read along.

use super::chunk::{self, LogId};
use crate::{Error, Service};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{OnceCell, watch};

/// Bytes kept in memory for readers near the end, per log that is written or read.
const RECENT_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug, Default)]
struct State {
    /// Start → end. Ranges may overlap where a stream was cut and began again: their bytes are the same.
    ranges: BTreeMap<u64, u64>,
    recent: VecDeque<(u64, Bytes)>,
    recent_bytes: usize,
}

/// The shared index of one log.
#[derive(Debug)]
pub(crate) struct LiveLog {
    id: LogId,
    state: Mutex<State>,
    /// Every byte before this offset is stored.
    committed: watch::Sender<u64>,
    loaded: OnceCell<()>,
}

/// Where bytes at an offset are.
pub(crate) enum Place {
    /// Here.
    Recent(Bytes),
    /// In this object, which begins at this offset.
    Stored { key: String, start: u64 },
}

impl LiveLog {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn committed(&self) -> u64 {
        *self.committed.borrow()
    }

    /// Told each time more is stored.
    pub(crate) fn follow(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }

    /// Takes note of a stored range, with its bytes if they are at hand.
    pub(crate) fn stored(&self, start: u64, end: u64, bytes: Option<Bytes>) {
        let mut state = self.state();
        let longest = state.ranges.entry(start).or_insert(end);
        *longest = end.max(*longest);
        if let Some(bytes) = bytes {
            state.recent_bytes += bytes.len();
            state.recent.push_back((start, bytes));
            while state.recent_bytes > RECENT_BYTES {
                let Some((_, oldest)) = state.recent.pop_front() else { break };
                state.recent_bytes -= oldest.len();
            }
        }
        let mut committed = self.committed();
        for (&start, &end) in &state.ranges {
            if start > committed {
                break;
            }
            committed = committed.max(end);
        }
        drop(state);
        self.committed.send_if_modified(|current| {
            let more = committed > *current;
            *current = committed.max(*current);
            more
        });
    }

    /// Where the bytes from `offset` on are, if they are stored.
    pub(crate) fn locate(&self, offset: u64) -> Option<Place> {
        if offset >= self.committed() {
            return None;
        }
        let state = self.state();
        let recent =
            state.recent.iter().rev().find(|(start, bytes)| *start <= offset && offset < start + bytes.len() as u64);
        if let Some((start, bytes)) = recent {
            return Some(Place::Recent(bytes.slice(usize::try_from(offset - start).unwrap_or(0)..)));
        }
        let (&start, &end) = state.ranges.range(..=offset).rev().find(|(_, end)| **end > offset)?;
        Some(Place::Stored { key: self.id.key(start, end), start })
    }
}

/// The logs that somebody writes or reads now.
#[derive(Debug, Default)]
pub(crate) struct LiveLogs(Mutex<HashMap<LogId, Weak<LiveLog>>>);

impl LiveLogs {
    fn share(&self, id: &LogId) -> Arc<LiveLog> {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(id).and_then(Weak::upgrade) {
            return log;
        }
        logs.retain(|_, log| log.strong_count() > 0);
        let log = Arc::new(LiveLog {
            id: id.clone(),
            state: Mutex::default(),
            committed: watch::Sender::new(0),
            loaded: OnceCell::new(),
        });
        logs.insert(id.clone(), Arc::downgrade(&log));
        log
    }
}

impl Service {
    /// The index of a log, complete.
    pub(crate) async fn live_log(&self, id: &LogId) -> Result<Arc<LiveLog>, Error> {
        let log = self.inner.logs.share(id);
        log.loaded.get_or_try_init(|| self.load_index(&log)).await?;
        Ok(log)
    }

    async fn load_index(&self, log: &LiveLog) -> Result<(), Error> {
        let (bucket, prefix) = (&self.settings().system_bucket, log.id.prefix());
        let mut after = String::new();
        loop {
            let page = self.inner.parts.objects.list(bucket, &prefix, &after).await?;
            for object in &page.objects {
                if let Some((start, end)) = chunk::range(&object.key) {
                    log.stored(start, end, None);
                }
            }
            match page.objects.last() {
                Some(last) if page.more => after.clone_from(&last.key),
                _ => return Ok(()),
            }
        }
    }
}
