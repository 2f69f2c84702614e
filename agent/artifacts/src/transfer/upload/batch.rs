//! Cuts the stream of files into batches for the coordinator.
//!
//! A batch ends at 200 files (the contract's limit) or at so many bytes that its URLs will not expire before their turn.

use super::{Error, Outgoing};
use futures::{Stream, StreamExt};
use std::pin::Pin;

/// The contract's limit (transfers.proto).
const MOST_FILES: usize = 200;
/// A batch that holds more than one file holds at most this.
const MOST_BYTES: u64 = 4 << 30;

/// Batches in order, none of them empty. After an error nothing follows.
pub(super) fn batches<'a, S>(files: S) -> impl Stream<Item = Result<Vec<Outgoing>, Error>> + Send + 'a
where
    S: Stream<Item = Result<Outgoing, Error>> + Send + 'a,
{
    let state = State { files: Box::pin(files), held_over: None, ended: false };
    futures::stream::unfold(state, |mut state| async move { state.next().await.map(|batch| (batch, state)) })
}

struct State<'a> {
    files: Pin<Box<dyn Stream<Item = Result<Outgoing, Error>> + Send + 'a>>,
    /// The file that did not fit into the batch before.
    held_over: Option<Outgoing>,
    ended: bool,
}

impl State<'_> {
    async fn next(&mut self) -> Option<Result<Vec<Outgoing>, Error>> {
        let mut batch = Vec::from_iter(self.held_over.take());
        let mut bytes = batch.first().map_or(0, |file| file.size_bytes);
        while !self.ended && batch.len() < MOST_FILES {
            match self.files.next().await {
                Some(Ok(file)) if !batch.is_empty() && bytes.saturating_add(file.size_bytes) > MOST_BYTES => {
                    self.held_over = Some(file);
                    break;
                }
                Some(Ok(file)) => {
                    bytes = bytes.saturating_add(file.size_bytes);
                    batch.push(file);
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => self.ended = true,
            }
        }
        (!batch.is_empty()).then_some(Ok(batch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beneath::Root;
    use std::sync::Arc;

    async fn sizes_of(files: &[u64]) -> Vec<usize> {
        let root = Arc::new(Root::open(std::path::Path::new("/")).unwrap());
        let file = |size_bytes: &u64| {
            let (bucket, key, root) = ("b".to_owned(), "k".to_owned(), Arc::clone(&root));
            Ok(Outgoing { bucket, key, root, path: "x".into(), size_bytes: *size_bytes })
        };
        let files: Vec<_> = files.iter().map(file).collect();
        batches(futures::stream::iter(files)).map(|batch| batch.unwrap().len()).collect().await
    }

    #[tokio::test]
    async fn batches_are_limited_by_files_and_by_bytes() {
        assert_eq!(sizes_of(&[]).await, [0; 0]);
        assert_eq!(sizes_of(&[1; 450]).await, [200, 200, 50]);
        assert_eq!(sizes_of(&[0; 200]).await, [200]);
        assert_eq!(sizes_of(&[3 << 30, 3 << 30, 1, 9 << 30, 1]).await, [1, 2, 1, 1]);
    }
}
