//! Downloads objects to files: under a passing name first, continued where a connection broke, renamed when whole.
//!
//! A reader never sees half a file. What continues is checked to be the same object, by its ETag.

mod partial;

use super::error::{from_answer, repeating};
use super::stall::Pulse;
use super::{Error, ObjectName, OnProgress, Progress};
use crate::beneath::Root;
use futures::{Stream, StreamExt, TryStreamExt};
use partial::{Next, Partial};
use reqwest::header::{CONTENT_RANGE, ETAG, IF_MATCH, RANGE};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// An object that can be downloaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Remote {
    pub object: ObjectName,
    /// Presigned, for GET. Secret: it carries a signature.
    pub url: String,
    /// As listed; another size is an error.
    pub size_bytes: u64,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("object", &self.object).field("size_bytes", &self.size_bytes).finish()
    }
}

/// How to download.
#[derive(Clone)]
pub struct Options {
    /// Made by [`super::http_client`].
    pub client: reqwest::Client,
    /// Objects at one time.
    pub connections: usize,
    /// Nothing is tried behind it.
    pub deadline: Instant,
    /// Told after each file.
    pub on_progress: Option<OnProgress>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("connections", &self.connections).field("deadline", &self.deadline).finish()
    }
}

/// Downloads one object to `path` beneath `root`; directories on the way are made, a file there is replaced.
/// Dropping the future leaves nothing.
///
/// # Errors
/// See [`Error`]; no file is left.
pub async fn to_file(remote: &Remote, root: &Arc<Root>, path: &Path, options: &Options) -> Result<(), Error> {
    let partial = Partial::new(root, path).await.map_err(|source| Error::File { path: path.to_owned(), source })?;
    let partial = Mutex::new(partial);
    repeating(
        || async {
            let mut partial = partial.lock().await;
            attempt(remote, &mut partial, &options.client).await
        },
        options.deadline,
    )
    .await?;
    partial.into_inner().publish().await.map_err(|source| Error::File { path: path.to_owned(), source })
}

/// Downloads many objects, each to its path beneath `root`.
///
/// # Errors
/// The first error; files that were done stay.
pub async fn to_directory<S>(files: S, root: &Arc<Root>, options: &Options) -> Result<Progress, Error>
where
    S: Stream<Item = Result<(Remote, PathBuf), Error>> + Send,
{
    let (done, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let progress = || Progress { files: done.load(Ordering::Relaxed), bytes: bytes.load(Ordering::Relaxed) };
    files
        .map(|file| async {
            let (remote, path) = file?;
            to_file(&remote, root, &path, options).await?;
            done.fetch_add(1, Ordering::Relaxed);
            bytes.fetch_add(remote.size_bytes, Ordering::Relaxed);
            if let Some(on_progress) = &options.on_progress {
                on_progress(progress());
            }
            Ok::<(), Error>(())
        })
        .buffer_unordered(options.connections.max(1))
        .try_collect::<()>()
        .await?;
    Ok(progress())
}

/// One request: asks for what is missing and writes what comes.
async fn attempt(remote: &Remote, partial: &mut Partial, client: &reqwest::Client) -> Result<(), Error> {
    let object = &remote.object;
    let mut request = client.get(&remote.url);
    match partial.etag() {
        Some(etag) if partial.written() > 0 => {
            request = request.header(RANGE, format!("bytes={}-", partial.written())).header(IF_MATCH, etag);
        }
        _ => partial.restart().await.map_err(|source| partial.error(source))?,
    }
    let pulse = Pulse::default();
    pulse
        .watch(object, async {
            let answer = request.send().await.map_err(|error| Error::unreachable(object, error))?;
            pulse.beat();
            receive(remote, partial, answer, &pulse).await
        })
        .await
}

async fn receive(
    remote: &Remote,
    partial: &mut Partial,
    mut answer: reqwest::Response,
    pulse: &Pulse,
) -> Result<(), Error> {
    let object = &remote.object;
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    match partial::next(answer.status(), header(CONTENT_RANGE), partial.written()) {
        Next::Append => {}
        Next::FromStart => {
            let etag = header(ETAG).map(str::to_owned);
            partial.restart().await.map_err(|source| partial.error(source))?;
            partial.remember(etag);
        }
        Next::Forget => {
            partial.remember(None);
            let reason = "the object changed while it was downloaded".to_owned();
            return Err(Error::Unavailable { object: object.clone(), reason, retry_after: None });
        }
        Next::Refused => return Err(from_answer(object, answer).await),
    }
    while let Some(chunk) = answer.chunk().await.map_err(|error| Error::unreachable(object, error))? {
        pulse.beat();
        if partial.written() + chunk.len() as u64 > remote.size_bytes {
            let reason = format!("larger than the {} bytes listed", remote.size_bytes);
            return Err(Error::Unexpected { object: object.clone(), reason });
        }
        partial.write(chunk).await.map_err(|source| partial.error(source))?;
    }
    partial.flush().await.map_err(|source| partial.error(source))?;
    if partial.written() == remote.size_bytes {
        return Ok(());
    }
    let reason = format!("{} bytes came of the {} listed", partial.written(), remote.size_bytes);
    Err(Error::Unexpected { object: object.clone(), reason })
}

#[cfg(test)]
mod tests;
