//! The walk of a tree copy: one thread finds and makes directories in order, others copy what lies in them.

use super::file::{self, Times};
use super::{Copied, Error};
use std::fs::{FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use walkdir::WalkDir;

/// Notes beyond this are left out: they go to a person.
const MOST_NOTES: usize = 100;

/// A directory, file or link: its path relative to the source.
pub(super) type Found = (PathBuf, Metadata);

/// One copy under way.
pub(super) struct Walk<'a> {
    from: &'a Path,
    into: &'a Path,
    /// Device and inode of the target, which is never copied into itself.
    target: (u64, u64),
    cancel: &'a CancellationToken,
    files: AtomicU64,
    bytes: AtomicU64,
    notes: Mutex<Vec<(PathBuf, &'static str)>>,
    failure: Mutex<Option<Error>>,
    failed: AtomicBool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(from: &'a Path, into: &'a Path, target: (u64, u64), cancel: &'a CancellationToken) -> Self {
        Self {
            from,
            into,
            target,
            cancel,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            notes: Mutex::default(),
            failure: Mutex::default(),
            failed: AtomicBool::new(false),
        }
    }

    /// Makes directories, queues everything in them, and answers the directories in the order they were made.
    pub(super) fn find(&self, queue: &SyncSender<Found>) -> Vec<Found> {
        let mut directories = Vec::new();
        let entries = WalkDir::new(self.from).follow_root_links(true).sort_by_file_name().into_iter();
        let is_target = |metadata: &Metadata| (metadata.dev(), metadata.ino()) == self.target;
        for entry in entries.filter_entry(|e| !e.file_type().is_dir() || !e.metadata().is_ok_and(|m| is_target(&m))) {
            if self.stopped() {
                break;
            }
            match entry.and_then(|entry| entry.metadata().map(|metadata| (entry, metadata))) {
                Ok((entry, metadata)) => {
                    let path = entry.path().strip_prefix(self.from).unwrap_or(entry.path()).to_owned();
                    if metadata.is_dir() {
                        self.make(&path);
                        directories.push((path, metadata));
                    } else if queue.send((path, metadata)).is_err() {
                        break;
                    }
                }
                Err(error) => self.walk_failed(error),
            }
        }
        directories
    }

    /// A worker: copies what is queued until the walk is over.
    pub(super) fn copy_files(&self, queue: &Mutex<Receiver<Found>>) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((path, metadata)) = next else { return };
            // After a failure the queue is drained, so that the walk is never left waiting for room in it.
            if !self.stopped() {
                self.copy_one(path, &metadata);
            }
        }
    }

    /// Gives directories their own modes and times, deepest first, and sums up.
    pub(super) fn finish(self, directories: Vec<Found>) -> Result<Copied, Error> {
        if let Some(error) = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        for (path, metadata) in directories.into_iter().rev() {
            let target = self.into.join(&path);
            // The target's own mode is its owner's business.
            if !path.as_os_str().is_empty() {
                file::dress_directory(&target, &metadata).map_err(|source| Error::File { path: target, source })?;
            }
        }
        let mut notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        notes.sort();
        Ok(Copied {
            files: self.files.into_inner(),
            bytes: self.bytes.into_inner(),
            notes: notes.into_iter().map(|(path, why)| format!("{} was left out: {why}", path.display())).collect(),
        })
    }

    fn make(&self, path: &Path) {
        if path.as_os_str().is_empty() {
            return;
        }
        let target = self.into.join(path);
        if let Err(source) = file::make_directory(&target) {
            self.fail(Error::File { path: target, source });
        }
    }

    fn copy_one(&self, path: PathBuf, metadata: &Metadata) {
        if let Some(why) = left_out(metadata.file_type()) {
            return self.note(path, why);
        }
        let (source, target) = (self.from.join(&path), self.into.join(&path));
        let copied = if metadata.is_symlink() {
            file::copy_link(&source, &target, &Times::of(metadata)).map(|()| 0)
        } else {
            file::copy(&source, &target)
        };
        match copied {
            Ok(bytes) => {
                self.files.fetch_add(1, Ordering::Relaxed);
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.note(path, "it disappeared meanwhile"),
            Err(error) => self.fail(Error::File { path: source, source: error }),
        }
    }

    fn walk_failed(&self, error: walkdir::Error) {
        let path = error.path().unwrap_or(self.from).to_owned();
        let is_root = error.depth() == 0;
        let source = error.into_io_error().unwrap_or_else(|| io::Error::other("the directory contains itself"));
        if source.kind() == io::ErrorKind::NotFound && !is_root {
            let path = path.strip_prefix(self.from).unwrap_or(&path).to_owned();
            self.note(path, "it disappeared meanwhile");
        } else {
            self.fail(Error::File { path, source });
        }
    }

    fn note(&self, path: PathBuf, why: &'static str) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < MOST_NOTES {
            notes.push((path, why));
        }
    }

    /// The first failure counts.
    fn fail(&self, error: Error) {
        self.failed.store(true, Ordering::Relaxed);
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn stopped(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.cancel.is_cancelled()
    }
}

fn left_out(kind: FileType) -> Option<&'static str> {
    if kind.is_socket() {
        Some("it is a socket")
    } else if kind.is_fifo() {
        Some("it is a named pipe")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("it is a device")
    } else {
        None
    }
}
