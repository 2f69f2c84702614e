//! Chunks that were read lately, of all logs together: whoever pages through a log in small steps reads each chunk
//! once. Never more than a fixed number of bytes.

use super::chunk::{self, Chunk};
use super::index::{LiveLog, Piece};
use crate::{Error, Kind, Service};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of logs kept, and what each chunk is held to take beside them.
const KEPT_BYTES: usize = 32 * 1024 * 1024;
const CHUNK_OVERHEAD: usize = 512;

#[derive(Debug, Default)]
struct Kept {
    chunks: HashMap<String, Arc<Chunk>>,
    /// The oldest in front.
    order: VecDeque<String>,
    bytes: usize,
}

/// The cache.
#[derive(Debug, Default)]
pub(crate) struct Chunks(Mutex<Kept>);

impl Chunks {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: &str) -> Option<Arc<Chunk>> {
        self.kept().chunks.get(key).cloned()
    }

    fn put(&self, key: &str, chunk: &Arc<Chunk>) {
        let mut kept = self.kept();
        if kept.chunks.insert(key.to_owned(), chunk.clone()).is_some() {
            return;
        }
        kept.order.push_back(key.to_owned());
        kept.bytes += cost(chunk);
        while kept.bytes > KEPT_BYTES {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some(chunk) = kept.chunks.remove(&oldest) {
                kept.bytes -= cost(&chunk);
            }
        }
    }
}

fn cost(chunk: &Chunk) -> usize {
    chunk.bytes.len() + chunk.marks.len() * size_of::<chunk::Mark>() + CHUNK_OVERHEAD
}

impl Service {
    /// The chunk of a piece, from memory or from storage.
    pub(super) async fn chunk(&self, log: &LiveLog, piece: &Piece) -> Result<Arc<Chunk>, Error> {
        if let Some(chunk) = piece.recent.clone().or_else(|| self.inner.logs.chunks.get(&piece.key)) {
            return Ok(chunk);
        }
        let stored = match self.inner.parts.objects.get(&self.settings().system_bucket, &piece.key).await {
            Ok(stored) => stored,
            Err(buildyard_blobs::Error::NotFound(_)) => {
                self.inner.logs.forget(log);
                return Err(Error::new(Kind::Unavailable, format!("log chunk {} was removed; try again", piece.key)));
            }
            Err(error) => return Err(error.into()),
        };
        let chunk = tokio::task::spawn_blocking(move || chunk::open(&stored))
            .await
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))??;
        let chunk = Arc::new(chunk);
        self.inner.logs.chunks.put(&piece.key, &chunk);
        Ok(chunk)
    }
}
