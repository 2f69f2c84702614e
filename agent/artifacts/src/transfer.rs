//! Moves bytes between files on the host and storage, by presigned URLs.
//!
//! Owns requests, retries and memory: whatever the size, a transfer holds a few buffers. Knows nothing of gRPC: URLs
//! come from a seam. Invariant: a URL's query string is a credential and appears in no error and no log.

mod client;
pub mod download;
mod error;
mod stall;
#[cfg(test)]
mod testing;
pub mod upload;

pub use client::http_client;
pub use error::{Error, ObjectName};

use std::io;
use std::sync::Arc;

/// How far a transfer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files that are done.
    pub files: u64,
    /// Bytes that are done, in whole parts.
    pub bytes: u64,
}

/// Called when something is done, from several tasks. It must not block.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// Runs file access on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
