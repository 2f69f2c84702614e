//! A body becomes bytes on the disk: in memory while it fits into a record, else in a file of a blob.
//!
//! Bytes are hashed and written on a blocking thread, one batch at a time, while the next batch arrives; so memory is
//! two batches per upload, whatever its size. Invariant: what is returned is durable, is as long as the request said and
//! has the digests that it stated; otherwise nothing of it remains.

use super::blob::{Room, Stored};
use super::checksum::{Algorithm, Checksum, Digests};
use super::error::Error;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use s3s::TrailingHeaders;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use tokio::task::{JoinHandle, spawn_blocking};

/// Largest contents inside a record.
pub(crate) const INLINE_MAX_BYTES: usize = 256 * 1024;
const BATCH_BYTES: usize = 1024 * 1024;

/// What the request says of its body.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    pub(crate) length: Option<u64>,
    pub(crate) md5: Option<[u8; 16]>,
    /// The checksum to compute.
    pub(crate) algorithm: Option<Algorithm>,
    /// Its value, when it is known before the body.
    pub(crate) checksum: Option<String>,
    /// Where its value will be behind the body.
    pub(crate) trailer: Option<TrailingHeaders>,
}

/// A body that arrived.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) checksum: Option<Checksum>,
    pub(crate) contents: Contents,
}

/// Where it is.
#[derive(Debug)]
pub(crate) enum Contents {
    Inline(Vec<u8>),
    Stored(Stored),
}

/// Takes in a whole body.
pub(crate) async fn receive<S, E>(mut body: S, stated: &Stated, room: Room) -> Result<Received, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Display,
{
    let mut writer = Writer::Idle(Box::new(Sink::new(stated.algorithm, room)));
    let arrived = arrive(&mut body, stated, &mut writer).await;
    let sink = writer.idle().await;
    match (arrived, sink) {
        (Ok((batch, total)), Ok(mut sink)) => {
            let received = spawn_blocking(move || {
                sink.write(&batch)?;
                sink.finish(total)
            });
            let received = received.await.map_err(io::Error::other)??;
            stated.verify(&received)?;
            Ok(received)
        }
        // What a batch still under way wrote is gone before anybody is told.
        (Err(error), sink) => {
            spawn_blocking(move || drop(sink)).await.map_err(io::Error::other)?;
            Err(error)
        }
        (Ok(_), Err(error)) => Err(error.into()),
    }
}

/// Writes what arrives. Gives the last batch, not written yet, and the length of all.
async fn arrive<S, E>(body: &mut S, stated: &Stated, writer: &mut Writer) -> Result<(Vec<Bytes>, u64), Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Display,
{
    let (mut batch, mut batched, mut total) = (Vec::new(), 0, 0u64);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Error::Body(error.to_string()))?;
        batched += chunk.len();
        total += chunk.len() as u64;
        batch.push(chunk);
        if stated.length.is_some_and(|expected| total > expected) {
            return Err(Error::BadRequest("the body is longer than the request says".into()));
        }
        if batched >= BATCH_BYTES {
            writer.write(std::mem::take(&mut batch)).await?;
            batched = 0;
        }
    }
    match stated.length.filter(|expected| total < *expected) {
        Some(expected) => Err(Error::Incomplete { got: total, expected }),
        None => Ok((batch, total)),
    }
}

impl Stated {
    fn verify(&self, received: &Received) -> Result<(), Error> {
        if self.md5.is_some_and(|md5| md5 != received.md5) {
            return Err(Error::BadDigest("Content-MD5"));
        }
        let Some(algorithm) = self.algorithm else { return Ok(()) };
        let stated = match &self.trailer {
            Some(trailer) => Some(trailed(trailer, algorithm)?),
            None => self.checksum.clone(),
        };
        let computed = received.checksum.as_ref().map(|checksum| &checksum.value);
        if stated.is_some_and(|stated| computed != Some(&stated)) {
            return Err(Error::BadDigest(algorithm.name()));
        }
        Ok(())
    }
}

fn trailed(trailer: &TrailingHeaders, algorithm: Algorithm) -> Result<String, Error> {
    let value = trailer
        .read(|headers| headers.get(algorithm.header()).and_then(|value| value.to_str().ok().map(str::to_owned)));
    value
        .flatten()
        .ok_or_else(|| Error::BadRequest(format!("the trailer {} is announced but missing", algorithm.header())))
}

/// The sink, here or on a blocking thread.
enum Writer {
    Idle(Box<Sink>),
    Busy(JoinHandle<io::Result<Box<Sink>>>),
    /// A batch could not be written.
    Failed,
}

impl Writer {
    /// Takes the sink, once it is done with its batch.
    async fn idle(&mut self) -> io::Result<Box<Sink>> {
        match std::mem::replace(self, Self::Failed) {
            Self::Idle(sink) => Ok(sink),
            Self::Busy(writing) => writing.await.map_err(io::Error::other)?,
            Self::Failed => Err(io::Error::other("an earlier part of the body could not be written")),
        }
    }

    async fn write(&mut self, batch: Vec<Bytes>) -> io::Result<()> {
        let mut sink = self.idle().await?;
        *self = Self::Busy(spawn_blocking(move || {
            sink.write(&batch)?;
            Ok(sink)
        }));
        Ok(())
    }
}

struct Sink {
    digests: Digests,
    inline: Vec<u8>,
    /// Until the first byte too many.
    room: Option<Room>,
    file: Option<(File, Stored)>,
}

impl Sink {
    fn new(algorithm: Option<Algorithm>, room: Room) -> Self {
        Self { digests: Digests::new(algorithm), inline: Vec::new(), room: Some(room), file: None }
    }

    fn write(&mut self, batch: &[Bytes]) -> io::Result<()> {
        for chunk in batch {
            self.digests.update(chunk);
            match &mut self.file {
                Some((file, _)) => file.write_all(chunk)?,
                None => {
                    self.inline.extend_from_slice(chunk);
                    self.overflow()?;
                }
            }
        }
        Ok(())
    }

    fn overflow(&mut self) -> io::Result<()> {
        if self.inline.len() <= INLINE_MAX_BYTES {
            return Ok(());
        }
        let Some(room) = self.room.take() else { return Ok(()) };
        let (mut file, stored) = room.open()?;
        file.write_all(&std::mem::take(&mut self.inline))?;
        self.file = Some((file, stored));
        Ok(())
    }

    fn finish(self, size: u64) -> Result<Received, Error> {
        let (md5, checksum) = self.digests.finish();
        let contents = match self.file {
            Some((file, stored)) => {
                file.sync_data()?;
                stored.sync()?;
                Contents::Stored(stored)
            }
            None => Contents::Inline(self.inline),
        };
        Ok(Received { size, md5, checksum, contents })
    }
}
