//! Uploads many files: URLs are asked for in batches, parts go up in parallel, and one commit at the end makes all of
//! it visible, or nothing.
//!
//! Memory does not grow with files or sizes: one batch is being sent while the next is prepared, and each connection
//! holds one small buffer.

mod batch;
mod part;
mod source;
mod tickets;

use super::error::repeating;
use super::{Error, OnProgress, Progress};
use crate::beneath::Root;
use futures::{Stream, StreamExt, TryStreamExt};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use tickets::{FinishedUpload, TicketError, UploadFile, UploadTicket, UploadTickets};

/// Batches under way: while one waits for the coordinator, the other keeps the connections busy.
const BATCHES_AT_ONCE: usize = 2;

/// A file on its way to storage.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub bucket: String,
    pub key: String,
    /// Where the file is opened, without following a link.
    pub root: Arc<Root>,
    /// Relative to the root.
    pub path: PathBuf,
    /// As it was when it was packed; another size is an error.
    pub size_bytes: u64,
}

/// How to upload.
#[derive(Clone)]
pub struct Options {
    /// Made by [`super::http_client`].
    pub client: reqwest::Client,
    /// Requests at one time, over all files. Four fill most links.
    pub connections: usize,
    /// Nothing is tried behind it.
    pub deadline: Instant,
    /// Told after each part and file.
    pub on_progress: Option<OnProgress>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("connections", &self.connections).field("deadline", &self.deadline).finish()
    }
}

/// Uploads and commits `files`. All artifacts of a build go into one call, since the commit is for all of them.
/// Dropping the future stops it; what was sent stays invisible and is cleared away by the coordinator.
///
/// # Errors
/// See [`Error`]; nothing is visible then, unless the commit's answer was lost.
pub async fn upload<T, S>(tickets: &T, files: S, options: &Options) -> Result<Progress, Error>
where
    T: UploadTickets + ?Sized,
    S: Stream<Item = Result<Outgoing, Error>> + Send,
{
    let sender = Sender {
        tickets,
        options,
        connections: Semaphore::new(options.connections.max(1)),
        files: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    };
    let batches = batch::batches(files)
        .enumerate()
        .map(|(number, batch)| sender.send_batch(number, batch))
        .buffer_unordered(BATCHES_AT_ONCE)
        .try_fold(0_u32, |count, ()| async move { Ok(count + 1) })
        .await?;
    sender.repeat(|| async { tickets.commit(batches).await.map_err(Error::from) }).await?;
    Ok(sender.progress())
}

/// One upload under way.
struct Sender<'a, T: ?Sized> {
    tickets: &'a T,
    options: &'a Options,
    connections: Semaphore,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl<T: UploadTickets + ?Sized> Sender<'_, T> {
    async fn send_batch(&self, number: usize, batch: Result<Vec<Outgoing>, Error>) -> Result<(), Error> {
        let batch = batch?;
        let number = u32::try_from(number).map_err(|_| Error::List("too many files".to_owned()))?;
        let wanted: Vec<UploadFile> = batch.iter().map(Outgoing::announced).collect();
        let tickets = self.repeat(|| async { self.tickets.begin(&wanted).await.map_err(Error::from) }).await?;
        if tickets.len() != batch.len() {
            let reason = format!("{} tickets for {} files", tickets.len(), batch.len());
            return Err(TicketError::Refused(reason).into());
        }
        let finished: Vec<FinishedUpload> = futures::stream::iter(batch.into_iter().zip(tickets))
            .map(|(file, ticket)| self.send_file(file, ticket))
            .buffered(self.options.connections.max(1))
            .try_collect()
            .await?;
        self.repeat(|| async { self.tickets.finish(number, &finished).await.map_err(Error::from) }).await
    }

    async fn send_file(&self, file: Outgoing, ticket: UploadTicket) -> Result<FinishedUpload, Error> {
        let source = Arc::new(source::FileSource::open(&file).await?);
        let parts = part::plan(&file, &ticket)?;
        let etags: Vec<String> = futures::stream::iter(parts)
            .map(|part| self.send_part(&source, part))
            .buffered(self.options.connections.max(1))
            .try_collect()
            .await?;
        source.check_unchanged().await?;
        self.files.fetch_add(1, Ordering::Relaxed);
        self.tell();
        let Outgoing { bucket, key, .. } = file;
        Ok(FinishedUpload { bucket, key, upload_id: ticket.upload_id, etags })
    }

    async fn send_part(&self, source: &Arc<source::FileSource>, part: part::Part) -> Result<String, Error> {
        // Waiting for a connection ends only when the whole upload is dropped: the semaphore is never closed.
        let _connection = self.connections.acquire().await.map_err(|_| Error::Client("shut down".to_owned()))?;
        let sealed = part::Sealed::read(source, &part).await?;
        let etag = self.repeat(|| sealed.put(&self.options.client)).await?;
        self.bytes.fetch_add(part.length, Ordering::Relaxed);
        self.tell();
        Ok(etag)
    }

    /// Repeats what failed for a passing reason, until the deadline, which also ends an attempt under way.
    async fn repeat<R, F>(&self, attempt: impl FnMut() -> F) -> Result<R, Error>
    where
        F: Future<Output = Result<R, Error>>,
    {
        repeating(attempt, self.options.deadline).await
    }

    fn progress(&self) -> Progress {
        Progress { files: self.files.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    fn tell(&self) {
        if let Some(on_progress) = &self.options.on_progress {
            on_progress(self.progress());
        }
    }
}

impl Outgoing {
    fn announced(&self) -> UploadFile {
        UploadFile { bucket: self.bucket.clone(), key: self.key.clone(), size_bytes: self.size_bytes }
    }
}

#[cfg(test)]
mod tests;
