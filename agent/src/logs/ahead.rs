//! Reads a log ahead of what is sent: waits for it to grow, keeps file access off the threads that must not block.

use super::Sealed;
use super::spool::{Mark, Next, Parts, Piece, Spool};
use crate::bell::Bell;
use buildyard_model::LogOffset;
use std::io;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Pieces read but not yet taken.
const PIECES: usize = 2;

/// What a reader gives.
#[derive(Debug)]
pub(super) enum Read {
    Piece(Piece),
    /// The log's length.
    End(LogOffset),
    Failed(io::Error),
}

/// A reader on its own task, for as long as the value lives.
#[derive(Debug)]
pub(super) struct Ahead {
    pieces: mpsc::Receiver<Read>,
    task: JoinHandle<()>,
}

impl Ahead {
    /// Begins to read behind `from`, which lies at or behind `mark`.
    pub(super) fn start(
        parts: Parts,
        mark: Mark,
        from: LogOffset,
        bell: &Bell,
        sealed: watch::Receiver<Sealed>,
    ) -> Self {
        let (give, pieces) = mpsc::channel(PIECES);
        let task = tokio::spawn(read(Spool::new(parts, mark, from), bell.clone(), sealed, give));
        Self { pieces, task }
    }

    /// The next piece; waits for it. Safe to drop half-way.
    pub(super) async fn next(&mut self) -> Read {
        let gone = || Read::Failed(io::Error::other("the log's reader ended"));
        self.pieces.recv().await.unwrap_or_else(gone)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(mut spool: Spool, bell: Bell, sealed: watch::Receiver<Sealed>, give: mpsc::Sender<Read>) {
    let mut listener = bell.listen();
    loop {
        // Before looking: whatever is written or sealed from here on rings.
        listener.reset();
        let seals = *sealed.borrow();
        let looked = tokio::task::spawn_blocking(move || {
            let next = spool.next(seals);
            (spool, next)
        });
        let Ok((back, next)) = looked.await else { return };
        spool = back;
        let (read, over) = match next {
            Ok(Next::Bytes(piece)) => (Read::Piece(piece), false),
            Ok(Next::End(total)) => (Read::End(total), true),
            Err(error) => (Read::Failed(error), true),
            Ok(Next::Wait) => {
                listener.heard().await;
                continue;
            }
        };
        if give.send(read).await.is_err() || over {
            return;
        }
    }
}
