//! A file being downloaded: its passing name, what of it is written, and how it goes on after a broken connection.

use crate::beneath::Root;
use crate::transfer::{Error, blocking};
use bytes::{Bytes, BytesMut};
use reqwest::StatusCode;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Chunks from the network are gathered to this before a thread writes them.
const WRITE_BYTES: usize = 256 << 10;

/// What an answer means for the bytes that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The rest follows.
    Append,
    /// The whole object follows.
    FromStart,
    /// It is another object by now: ask for all of it.
    Forget,
    /// Nothing follows.
    Refused,
}

/// Judges an answer to a request that asked for the bytes from `written` on.
pub(super) fn next(status: StatusCode, content_range: Option<&str>, written: u64) -> Next {
    match status {
        StatusCode::OK => Next::FromStart,
        StatusCode::PARTIAL_CONTENT if range_start(content_range) == Some(written) => Next::Append,
        StatusCode::PARTIAL_CONTENT | StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => {
            Next::Forget
        }
        _ => Next::Refused,
    }
}

/// `bytes 5-9/10` begins at 5.
fn range_start(content_range: Option<&str>) -> Option<u64> {
    content_range?.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// The file, removed when it is dropped before it was published.
#[derive(Debug)]
pub(super) struct Partial {
    root: Arc<Root>,
    path: PathBuf,
    passing: PathBuf,
    file: Arc<File>,
    gathered: BytesMut,
    /// Bytes written or gathered.
    written: u64,
    etag: Option<String>,
    published: bool,
}

impl Partial {
    pub(super) async fn new(root: &Arc<Root>, path: &Path) -> io::Result<Self> {
        let (root, path) = (Arc::clone(root), path.to_owned());
        blocking(move || {
            let parent = path.parent().unwrap_or(Path::new(""));
            root.create_directories(parent)?;
            let passing = parent.join(format!(".{:016x}.part", rand::random::<u64>()));
            let file = Arc::new(root.create(&passing)?);
            let gathered = BytesMut::new();
            Ok(Self { root, path, passing, file, gathered, written: 0, etag: None, published: false })
        })
        .await
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Keeps what names this version of the object. A weak tag does not promise the same bytes.
    pub(super) fn remember(&mut self, etag: Option<String>) {
        self.etag = etag.filter(|etag| !etag.starts_with("W/"));
    }

    pub(super) fn error(&self, source: io::Error) -> Error {
        Error::File { path: self.path.clone(), source }
    }

    /// Throws away what is there.
    pub(super) async fn restart(&mut self) -> io::Result<()> {
        self.gathered.clear();
        self.written = 0;
        let file = Arc::clone(&self.file);
        blocking(move || {
            file.set_len(0)?;
            io::Seek::rewind(&mut &*file)
        })
        .await
    }

    pub(super) async fn write(&mut self, chunk: Bytes) -> io::Result<()> {
        self.written += chunk.len() as u64;
        self.gathered.extend_from_slice(&chunk);
        if self.gathered.len() >= WRITE_BYTES { self.flush().await } else { Ok(()) }
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let (file, bytes) = (Arc::clone(&self.file), self.gathered.split());
        blocking(move || (&*file).write_all(&bytes)).await
    }

    /// Gives the file its name.
    pub(super) async fn publish(mut self) -> io::Result<()> {
        let (root, passing, path) = (Arc::clone(&self.root), self.passing.clone(), self.path.clone());
        blocking(move || root.rename(&passing, &path)).await?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.published
            && let Err(error) = self.root.remove(&self.passing)
        {
            tracing::warn!(path = %self.passing.display(), %error, "cannot remove a half downloaded file");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_goes_on_only_where_it_stopped() {
        let partial = StatusCode::PARTIAL_CONTENT;
        assert_eq!(next(partial, Some("bytes 5-9/10"), 5), Next::Append);
        assert_eq!(next(partial, Some("bytes 0-9/10"), 5), Next::Forget);
        assert_eq!(next(partial, None, 5), Next::Forget);
        assert_eq!(next(StatusCode::OK, None, 5), Next::FromStart);
        assert_eq!(next(StatusCode::PRECONDITION_FAILED, None, 5), Next::Forget);
        assert_eq!(next(StatusCode::NOT_FOUND, None, 0), Next::Refused);
    }
}
