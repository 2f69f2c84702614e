//! One part of a file: cut, hashed in a first pass (the second reads the page cache), and put.

use super::source::{FileSource, READ_BYTES};
use super::{Error, Outgoing, UploadTicket};
use crate::transfer::error::from_answer;
use crate::transfer::stall::Pulse;
use crate::transfer::{ObjectName, blocking};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use md5::{Digest, Md5};
use reqwest::header::{CONTENT_LENGTH, ETAG};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Where a part lies and where it goes.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) object: ObjectName,
    pub(super) start: u64,
    pub(super) length: u64,
    url: String,
}

/// Cuts a file as its ticket says.
///
/// # Errors
/// When the ticket's URLs do not add up to the file.
pub(super) fn plan(file: &Outgoing, ticket: &UploadTicket) -> Result<Vec<Part>, Error> {
    let object = ObjectName { bucket: file.bucket.clone(), key: file.key.clone() };
    let size = ticket.part_size_bytes.max(1);
    let count = file.size_bytes.div_ceil(size).max(1);
    if count != ticket.part_urls.len() as u64 {
        let reason = format!("{} upload URLs for {count} parts", ticket.part_urls.len());
        return Err(Error::Unexpected { object, reason });
    }
    let part = |(start, url): (u64, &String)| Part {
        object: object.clone(),
        start,
        length: size.min(file.size_bytes - start),
        url: url.clone(),
    };
    let starts = (0..count).map(|index| index * size);
    Ok(starts.zip(&ticket.part_urls).map(part).collect())
}

/// A part with its checksum, ready to be put as often as needed.
pub(super) struct Sealed {
    part: Part,
    content_md5: String,
    bytes: Contents,
}

/// Small parts stay in memory: one read, one hash, any number of attempts.
enum Contents {
    Held(Bytes),
    Streamed(Arc<FileSource>),
}

impl Sealed {
    pub(super) async fn read(source: &Arc<FileSource>, part: &Part) -> Result<Self, Error> {
        let part = part.clone();
        if part.length <= READ_BYTES {
            let bytes = source.read(part.start, part.length).await.map_err(|error| source.read_error(error))?;
            let content_md5 = BASE64.encode(Md5::digest(&bytes));
            return Ok(Self { part, content_md5, bytes: Contents::Held(bytes) });
        }
        let (file, start, length) = (source.file(), part.start, part.length);
        let hash = blocking(move || hash(&file, start, length)).await.map_err(|error| source.read_error(error))?;
        Ok(Self { part, content_md5: BASE64.encode(hash), bytes: Contents::Streamed(Arc::clone(source)) })
    }

    /// Puts the part once and returns its ETag.
    pub(super) async fn put(&self, client: &reqwest::Client) -> Result<String, Error> {
        let object = &self.part.object;
        let pulse = Pulse::default();
        let failure = Arc::new(Mutex::new(None));
        let request = client
            .put(&self.part.url)
            .header("content-md5", &self.content_md5)
            .header(CONTENT_LENGTH, self.part.length)
            .body(self.body(&pulse, &failure));
        let answer =
            pulse.watch(object, async { request.send().await.map_err(|error| Error::unreachable(object, error)) });
        let answer = answer.await.map_err(|error| {
            // The connection breaks when the file cannot be read; the file is then what to talk about.
            failure.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(error)
        })?;
        if !answer.status().is_success() {
            return Err(from_answer(object, answer).await);
        }
        let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        etag.ok_or_else(|| Error::Unexpected { object: object.clone(), reason: "storage answered no ETag".to_owned() })
    }

    fn body(&self, pulse: &Pulse, failure: &Arc<Mutex<Option<Error>>>) -> reqwest::Body {
        match &self.bytes {
            Contents::Held(bytes) => bytes.clone().into(),
            Contents::Streamed(source) => {
                let (source, pulse, failure) = (Arc::clone(source), pulse.clone(), Arc::clone(failure));
                let pieces = pieces(Arc::clone(&source), self.part.start, self.part.length);
                reqwest::Body::wrap_stream(pieces.map(move |piece| {
                    pulse.beat();
                    piece.inspect_err(|error| {
                        let error = source.read_error(io::Error::new(error.kind(), error.to_string()));
                        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    })
                }))
            }
        }
    }
}

/// The bytes of a part, a buffer at a time.
fn pieces(source: Arc<FileSource>, start: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures::stream::try_unfold((source, start, length), |(source, position, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let bytes = source.read(position, left).await?;
        let count = bytes.len() as u64;
        Ok(Some((bytes, (source, position + count, left - count))))
    })
}

fn hash(file: &std::fs::File, start: u64, length: u64) -> io::Result<[u8; 16]> {
    let mut buffer = vec![0; usize::try_from(READ_BYTES).unwrap_or_default()];
    let mut md5 = Md5::new();
    let (mut position, mut left) = (start, length);
    while left > 0 {
        let count = usize::try_from(left.min(READ_BYTES)).unwrap_or_default();
        let piece = buffer.get_mut(..count).unwrap_or_default();
        file.read_exact_at(piece, position)?;
        md5.update(&*piece);
        position += count as u64;
        left -= count as u64;
    }
    Ok(md5.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beneath::Root;

    fn cut(size_bytes: u64, part_size_bytes: u64, urls: usize) -> Result<Vec<(u64, u64)>, Error> {
        let root = Arc::new(Root::open(std::path::Path::new("/")).unwrap());
        let file = Outgoing { bucket: "b".into(), key: "k".into(), root, path: "x".into(), size_bytes };
        let part_urls = vec![String::new(); urls];
        let parts = plan(&file, &UploadTicket { upload_id: String::new(), part_size_bytes, part_urls })?;
        Ok(parts.iter().map(|part| (part.start, part.length)).collect())
    }

    #[test]
    fn parts_cover_the_file_and_an_empty_file_has_one() {
        assert_eq!(cut(0, 8, 1).unwrap(), [(0, 0)]);
        assert_eq!(cut(8, 8, 1).unwrap(), [(0, 8)]);
        assert_eq!(cut(20, 8, 3).unwrap(), [(0, 8), (8, 8), (16, 4)]);
        assert!(cut(20, 8, 2).is_err());
        assert!(cut(20, 8, 4).is_err());
    }
}
