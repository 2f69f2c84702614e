//! A stretch of a log in memory: bytes and times.

use super::super::chunk::Chunk;
use super::super::index::{LiveLog, Piece};
use super::cut::View;
use crate::{Error, Kind, Service};
use buildyard_model::Timestamp;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use std::ops::Range;
use std::sync::Arc;

/// Chunks that one reader fetches at once.
const AT_ONCE: usize = 8;

/// Bytes from `base` on, with marks.
#[derive(Debug, Default)]
pub(crate) struct Window {
    pub(crate) base: u64,
    pub(crate) bytes: Bytes,
    /// By offset. The first is the time at `base`.
    marks: Vec<(u64, Timestamp)>,
}

impl Window {
    pub(crate) fn empty(base: u64) -> Self {
        Self { base, ..Self::default() }
    }

    pub(crate) fn view(&self, whole: bool) -> View<'_> {
        View { base: self.base, bytes: &self.bytes, whole }
    }

    pub(crate) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// The time of the mark that covers the byte at `offset`.
    pub(crate) fn time(&self, offset: u64) -> Timestamp {
        let behind = self.marks.partition_point(|(at, _)| *at <= offset);
        self.marks.get(behind.saturating_sub(1)).map_or(Timestamp(0), |(_, time)| *time)
    }

    pub(crate) fn slice(&self, range: Range<u64>) -> &[u8] {
        let index = |offset: u64| usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.bytes.get(index(range.start)..index(range.end)).unwrap_or_default()
    }

    fn take(&mut self, whole: &mut BytesMut, piece: &Piece, chunk: &Chunk) -> Result<(), Error> {
        let index = |offset: u64| usize::try_from(offset - piece.start).unwrap_or(usize::MAX);
        let bytes = chunk.bytes.get(index(piece.range.start)..index(piece.range.end));
        let short = || Error::new(Kind::Internal, format!("log chunk {} is shorter than its name says", piece.key));
        whole.extend_from_slice(bytes.ok_or_else(short)?);
        let covering = chunk.marks.partition_point(|mark| piece.start + u64::from(mark.at) <= piece.range.start);
        for mark in chunk.marks.get(covering.saturating_sub(1)..).unwrap_or_default() {
            let at = (piece.start + u64::from(mark.at)).max(piece.range.start);
            if at < piece.range.end {
                self.marks.push((at, mark.time));
            }
        }
        Ok(())
    }
}

impl Service {
    /// The bytes of a log in `wanted`, as far as they are stored.
    pub(super) async fn window(&self, log: &Arc<LiveLog>, wanted: Range<u64>) -> Result<Window, Error> {
        let pieces = log.pieces(wanted.clone());
        let fetch = |piece: Piece| {
            let (service, log) = (self.clone(), log.clone());
            async move { Ok::<_, Error>((service.chunk(&log, &piece).await?, piece)) }
        };
        let chunks: Vec<(Arc<Chunk>, Piece)> = stream::iter(pieces).map(fetch).buffered(AT_ONCE).try_collect().await?;
        let mut window = Window::empty(wanted.start);
        let mut whole = BytesMut::with_capacity(usize::try_from(wanted.end - wanted.start).unwrap_or(0));
        for (chunk, piece) in &chunks {
            window.take(&mut whole, piece, chunk)?;
        }
        window.bytes = whole.freeze();
        Ok(window)
    }

    /// Lets the times of a log that is taken up again go on from its newest.
    pub(in super::super) async fn take_up_time(&self, log: &Arc<LiveLog>) -> Result<(), Error> {
        let end = log.committed();
        if !log.timed() && end > 0 {
            let last = self.window(log, end - 1..end).await?;
            log.steady(last.time(end));
        }
        Ok(())
    }
}
