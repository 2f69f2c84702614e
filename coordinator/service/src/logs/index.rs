//! What is stored of one log: ranges and their objects, with the newest bytes kept for those who read along.

use super::cache::Chunks;
use super::chunk::{self, Chunk, LogId};
use crate::{Error, Service};
use buildyard_model::BuildId;
use buildyard_model::Timestamp;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{OnceCell, watch};

/// Bytes kept in memory for readers near the end, per log that is written or read.
const RECENT_BYTES: usize = 4 * 1024 * 1024;
/// Indexes that stay in memory though nobody uses them now: whoever polls a log comes back.
const KEPT_INDEXES: usize = 64;

#[derive(Debug, Default)]
struct State {
    /// Start → end. Ranges may overlap where a stream was cut and began again: their bytes are the same.
    ranges: BTreeMap<u64, u64>,
    /// By their starts.
    recent: BTreeMap<u64, Arc<Chunk>>,
    recent_bytes: usize,
    /// The newest time that a mark of the log carries.
    newest: Option<Timestamp>,
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

/// A stretch of log, the stored chunk that counts for it, and where that is.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) range: Range<u64>,
    /// Where the chunk begins.
    pub(crate) start: u64,
    pub(crate) key: String,
    pub(crate) recent: Option<Arc<Chunk>>,
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

    /// Takes note of a stored range, with the chunk if it is at hand.
    pub(crate) fn stored(&self, start: u64, end: u64, chunk: Option<Chunk>) {
        let mut state = self.state();
        let longest = state.ranges.entry(start).or_insert(end);
        *longest = end.max(*longest);
        if let Some(chunk) = chunk {
            state.recent_bytes += chunk.bytes.len();
            if let Some(earlier) = state.recent.insert(start, Arc::new(chunk)) {
                state.recent_bytes -= earlier.bytes.len();
            }
            while state.recent_bytes > RECENT_BYTES {
                let Some((_, oldest)) = state.recent.pop_first() else { break };
                state.recent_bytes -= oldest.bytes.len();
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
        let recent = state.recent.range(..=offset).next_back();
        if let Some((start, chunk)) = recent.filter(|(start, chunk)| offset < *start + chunk.bytes.len() as u64) {
            return Some(Place::Recent(chunk.bytes.slice(usize::try_from(offset - start).unwrap_or(0)..)));
        }
        let (&start, &end) = state.ranges.range(..=offset).rev().find(|(_, end)| **end > offset)?;
        Some(Place::Stored { key: self.id.key(start, end), start })
    }

    /// The pieces that make up `wanted` as far as they are stored, in order, without a gap. For a byte that several
    /// chunks hold, the one that begins last counts, wherever `wanted` begins.
    pub(crate) fn pieces(&self, wanted: Range<u64>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let end = wanted.end.min(self.committed());
        let state = self.state();
        let mut offset = wanted.start;
        while offset < end {
            let holder = state.ranges.range(..=offset).rev().find(|(_, end)| **end > offset);
            let Some((&start, &chunk_end)) = holder else { break };
            let next = state.ranges.range(offset + 1..).next().map_or(chunk_end, |(next, _)| chunk_end.min(*next));
            let recent = state.recent.get(&start).filter(|chunk| chunk.bytes.len() as u64 == chunk_end - start);
            let key = self.id.key(start, chunk_end);
            pieces.push(Piece { range: offset..next.min(end), start, key, recent: recent.cloned() });
            offset = next;
        }
        pieces
    }

    /// Where the stored chunks begin, in order.
    pub(crate) fn starts(&self) -> Vec<u64> {
        self.state().ranges.keys().copied().collect()
    }

    /// A time for a mark: `time`, but never earlier than a mark before it.
    pub(crate) fn steady(&self, time: Timestamp) -> Timestamp {
        let mut state = self.state();
        let steady = state.newest.map_or(time, |newest| newest.max(time));
        state.newest = Some(steady);
        steady
    }

    /// Whether a mark's time is known.
    pub(crate) fn timed(&self) -> bool {
        self.state().newest.is_some()
    }

    /// Nobody writes it any more: readers fetch from storage.
    pub(crate) fn forget_recent(&self) {
        let mut state = self.state();
        state.recent.clear();
        state.recent_bytes = 0;
    }
}

/// The logs that somebody writes or reads, now or a moment ago.
#[derive(Debug, Default)]
pub(crate) struct LiveLogs {
    shared: Mutex<HashMap<LogId, Weak<LiveLog>>>,
    /// Those used last, the newest behind.
    kept: Mutex<VecDeque<Arc<LiveLog>>>,
    /// Of all logs together.
    pub(super) chunks: Chunks,
}

impl LiveLogs {
    fn share(&self, id: &LogId) -> Arc<LiveLog> {
        let mut logs = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
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

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<LiveLog>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the index for those who come back.
    pub(super) fn keep(&self, log: &Arc<LiveLog>) {
        let mut kept = self.kept();
        if kept.back().is_some_and(|last| Arc::ptr_eq(last, log)) {
            return;
        }
        kept.retain(|other| !Arc::ptr_eq(other, log));
        kept.push_back(log.clone());
        if kept.len() > KEPT_INDEXES {
            kept.pop_front();
        }
    }

    /// What the index says is not true any more: the next reader makes a new one.
    pub(super) fn forget(&self, log: &LiveLog) {
        self.kept().retain(|other| !std::ptr::eq(&raw const **other, log));
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).remove(&log.id);
    }

    /// The build's logs were removed from storage.
    pub(crate) fn forget_build(&self, build: &BuildId) {
        self.kept().retain(|log| log.id.build != *build);
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| id.build != *build);
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
