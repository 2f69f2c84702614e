//! Copies a directory tree as it is: modes, times, symbolic links as links, `.git` and other hidden files included.
//!
//! The source belongs to somebody who may go on working in it: what disappears meanwhile is noted, not an error.
//! Sockets, pipes and devices are noted too. The copy shares no inode with the source, so a build cannot change it;
//! blocks are shared where the file system can (reflinks), and holes stay holes.

mod file;
mod walk;

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use tokio_util::sync::CancellationToken;
use walk::Walk;

pub use file::clone_bytes;

/// More threads than this only queue for the same disk.
const MOST_THREADS: usize = 4;
/// Files found but not yet copied.
const QUEUE: usize = 256;

/// What was copied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files and links.
    pub files: u64,
    /// Bytes of all files, holes included.
    pub bytes: u64,
    /// What was left out and why, in order of the paths; a hundred at most.
    pub notes: Vec<String>,
}

/// Why a tree was not copied. What was copied already stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system said no.
    #[error("cannot copy {path:?}: {source}")]
    File {
        /// In the source, or the target's own path.
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The caller asked for it.
    #[error("copying was cancelled")]
    Cancelled,
}

/// Copies the contents of `from` into the directory `into`, which is made if it is missing. A copy into the source
/// itself leaves itself out. Blocking: call it from a thread that may block.
///
/// # Errors
/// See [`Error`].
pub fn copy(from: &Path, into: &Path, cancel: &CancellationToken) -> Result<Copied, Error> {
    let target = prepare(into).map_err(|source| Error::File { path: into.to_owned(), source })?;
    let walk = Walk::new(from, into, (target.dev(), target.ino()), cancel);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let (queue, files) = sync_channel(QUEUE);
    let files = Mutex::new(files);
    let directories = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| walk.copy_files(&files));
        }
        let directories = walk.find(&queue);
        // Tells the workers that nothing follows.
        drop(queue);
        directories
    });
    walk.finish(directories)
}

fn prepare(into: &Path) -> io::Result<std::fs::Metadata> {
    std::fs::create_dir_all(into)?;
    into.metadata()
}

#[cfg(test)]
mod tests;
