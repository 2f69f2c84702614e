//! The bytes of an object being read: from behind its record, or from the files of its blob.
//!
//! A chunk is read on a blocking thread while the one before is being sent; so memory is two chunks per reader.
//! Invariant: what was opened stays readable and unchanged, whatever happens to the object meanwhile.

use super::blob::{Blobs, Pin};
use super::entry::Entry;
use super::record::Opened;
use bytes::Bytes;
use futures::Stream;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinHandle;

const CHUNK_BYTES: u64 = 512 * 1024;

/// Bytes to be read.
#[derive(Debug)]
pub(crate) struct Source {
    pieces: VecDeque<Piece>,
    /// Held for as long as pieces may be opened.
    _pin: Option<Pin>,
}

#[derive(Debug)]
struct Piece {
    at: Place,
    start: u64,
    length: u64,
}

#[derive(Debug)]
enum Place {
    Open(File),
    Path(PathBuf),
}

impl Source {
    /// Opens all of an object whose record is open. `None` when its blob went away since: then there is a newer record.
    pub(crate) fn open(blobs: &Arc<Blobs>, opened: Opened<Entry>) -> io::Result<Option<(Entry, Self)>> {
        let entry = opened.description;
        let Some(blob) = &entry.blob else {
            let piece = Piece { at: Place::Open(opened.file), start: opened.offset, length: entry.size };
            return Ok(Some((entry, Self { pieces: [piece].into(), _pin: None })));
        };
        let Some(pin) = blobs.pin(&blob.id) else { return Ok(None) };
        let directory = blobs.directory(&blob.id);
        let piece = |path: PathBuf, length| Piece { at: Place::Path(path), start: 0, length };
        let mut pieces: VecDeque<_> =
            blob.files.iter().map(|file| piece(directory.join(&file.name), file.size)).collect();
        match pieces.front_mut().map(Piece::file) {
            Some(Ok(_)) => Ok(Some((entry, Self { pieces, _pin: Some(pin) }))),
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            Some(Err(error)) => Err(error),
            None => Err(io::Error::new(ErrorKind::InvalidData, format!("blob {} has no files", blob.id))),
        }
    }

    /// Narrows to a range of it.
    pub(crate) fn slice(mut self, range: &Range<u64>) -> Self {
        let (mut skip, mut take) = (range.start, range.end.saturating_sub(range.start));
        self.pieces.retain_mut(|piece| {
            let skipped = skip.min(piece.length);
            skip -= skipped;
            piece.start += skipped;
            piece.length = (piece.length - skipped).min(take);
            take -= piece.length;
            piece.length > 0
        });
        self
    }

    /// The next bytes, `None` at the end. Blocks.
    pub(crate) fn read(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(piece) = self.pieces.front_mut() {
            if piece.length == 0 {
                self.pieces.pop_front();
                continue;
            }
            let length = piece.length.min(CHUNK_BYTES);
            let mut chunk = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            let start = piece.start;
            piece.file()?.read_exact_at(&mut chunk, start)?;
            piece.start += length;
            piece.length -= length;
            return Ok(Some(chunk.into()));
        }
        Ok(None)
    }

    /// Everything. Blocks; the caller knows that it is small.
    pub(crate) fn read_all(mut self) -> io::Result<Bytes> {
        let Some(first) = self.read()? else { return Ok(Bytes::new()) };
        if self.pieces.iter().all(|piece| piece.length == 0) {
            return Ok(first);
        }
        let mut all = first.to_vec();
        while let Some(chunk) = self.read()? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }

    /// The bytes, one chunk ahead of who takes them.
    pub(crate) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + Unpin + 'static {
        Box::pin(futures::stream::try_unfold(ahead(self), |reading| async move {
            let (source, chunk) = reading.await.map_err(io::Error::other)?;
            Ok(chunk?.map(|chunk| (chunk, ahead(source))))
        }))
    }
}

fn ahead(mut source: Source) -> JoinHandle<(Source, io::Result<Option<Bytes>>)> {
    tokio::task::spawn_blocking(move || {
        let chunk = source.read();
        (source, chunk)
    })
}

impl Piece {
    fn file(&mut self) -> io::Result<&File> {
        if let Place::Path(path) = &self.at {
            self.at = Place::Open(File::open(path)?);
        }
        match &self.at {
            Place::Open(file) => Ok(file),
            Place::Path(path) => Err(io::Error::other(format!("{} is not open", path.display()))),
        }
    }
}
