//! A file being uploaded: read by position from one open descriptor, and watched for changes.

use super::{Error, Outgoing};
use crate::transfer::blocking;
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// Bytes read at a time.
pub(super) const READ_BYTES: u64 = 256 << 10;

/// The open file.
#[derive(Debug)]
pub(super) struct FileSource {
    file: Arc<File>,
    pub(super) path: PathBuf,
    size_bytes: u64,
    modified: Option<SystemTime>,
}

impl FileSource {
    /// Opens it beneath its root. A size other than announced is [`Error::Changed`].
    pub(super) async fn open(outgoing: &Outgoing) -> Result<Self, Error> {
        let (root, path) = (Arc::clone(&outgoing.root), outgoing.path.clone());
        let opened = blocking(move || {
            let file = root.read(&path)?;
            let metadata = file.metadata()?;
            Ok((file, metadata.len(), metadata.modified().ok()))
        });
        let (file, length, modified) =
            opened.await.map_err(|source| Error::File { path: outgoing.path.clone(), source })?;
        if length != outgoing.size_bytes {
            return Err(Error::Changed { path: outgoing.path.clone() });
        }
        Ok(Self { file: Arc::new(file), path: outgoing.path.clone(), size_bytes: length, modified })
    }

    /// Reads exactly `length` bytes (no more than [`READ_BYTES`]) at a position.
    pub(super) async fn read(&self, position: u64, length: u64) -> io::Result<Bytes> {
        let file = Arc::clone(&self.file);
        let length = usize::try_from(length.min(READ_BYTES)).unwrap_or_default();
        blocking(move || {
            let mut buffer = vec![0; length];
            file.read_exact_at(&mut buffer, position)?;
            Ok(Bytes::from(buffer))
        })
        .await
    }

    /// A descriptor for reading in a blocking thread.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Reading past the end means that the file shrank; anything else is the disk's fault.
    pub(super) fn read_error(&self, source: io::Error) -> Error {
        if source.kind() == io::ErrorKind::UnexpectedEof {
            Error::Changed { path: self.path.clone() }
        } else {
            Error::File { path: self.path.clone(), source }
        }
    }

    /// Size and time are as they were when the file was opened.
    pub(super) async fn check_unchanged(&self) -> Result<(), Error> {
        let file = Arc::clone(&self.file);
        let metadata = blocking(move || file.metadata()).await.map_err(|error| self.read_error(error))?;
        if metadata.len() == self.size_bytes && metadata.modified().ok() == self.modified {
            Ok(())
        } else {
            Err(Error::Changed { path: self.path.clone() })
        }
    }
}
