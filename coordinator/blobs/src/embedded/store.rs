//! Objects on the data directory: reading, committing and deleting records.
//!
//! ```text
//! buckets/<name>/bucket          the bucket's record
//! buckets/<name>/keys/…          a record per object, see `key`
//! blobs/<2 hex>/<id>/…           bytes of larger objects, see `blob`
//! uploads/<id>/…                 uploads in parts, see `upload`
//! doubts/<id>                    notes about blobs that no record may name
//! tmp/                           records being written; emptied at start
//! ```
//!
//! Invariants: an object appears, changes and goes by one `rename` or `unlink`, durably before anyone is told; writers of
//! one key take turns, so that conditions hold and no replaced blob is forgotten; readers take no lock. All of this
//! blocks: callers are on threads that may.

use super::blob::{Blobs, Owner, Stored};
use super::condition::Conditions;
use super::disk;
use super::entry::Entry;
use super::error::Error;
use super::key;
use super::record;
use super::source::Source;
use buildyard_model::{Clock, Timestamp};
use std::fs;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// How often a race with the removal of an empty directory, or of a replaced blob, is run again.
const TRIES: usize = 16;

/// The data directory.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) root: PathBuf,
    pub(super) blobs: Arc<Blobs>,
    keys: Turns,
    pub(super) uploads: Turns,
    /// Shared by those who write in buckets, exclusive for removing one.
    pub(super) buckets: RwLock<()>,
    clock: Arc<dyn Clock>,
}

impl Store {
    /// Opens a data directory, creating what is missing.
    pub(crate) fn open(root: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        for part in ["buckets", "uploads", "tmp"] {
            fs::create_dir_all(root.join(part))?;
        }
        let blobs = Arc::new(Blobs::open(root)?);
        disk::sync_directory(root)?;
        let (keys, uploads) = (Turns::default(), Turns::default());
        Ok(Self { root: root.to_path_buf(), blobs, keys, uploads, buckets: RwLock::default(), clock })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// A path for a record that is being written.
    pub(super) fn scratch(&self) -> PathBuf {
        self.root.join("tmp").join(Blobs::new_id())
    }

    pub(super) fn tree(&self, bucket: &str) -> PathBuf {
        self.bucket(bucket).join("keys")
    }

    fn record_of(&self, bucket: &str, key: &str) -> PathBuf {
        self.tree(bucket).join(key::path_of(key))
    }

    /// The record of an object, `None` when there is no such object. The bucket is not looked at.
    pub(super) fn find(&self, bucket: &str, key: &str) -> Result<Option<Entry>, Error> {
        Ok(record::describe(&self.record_of(bucket, key))?)
    }

    /// What is recorded of an object.
    pub(crate) fn entry(&self, bucket: &str, key: &str) -> Result<Entry, Error> {
        check(bucket, key)?;
        match self.find(bucket, key)? {
            Some(entry) => Ok(entry),
            None => Err(self.absent(bucket, key)),
        }
    }

    /// Opens an object to be read.
    pub(crate) fn open_object(&self, bucket: &str, key: &str) -> Result<(Entry, Source), Error> {
        check(bucket, key)?;
        let path = self.record_of(bucket, key);
        for _ in 0..TRIES {
            let Some(opened) = record::open::<Entry>(&path)? else { return Err(self.absent(bucket, key)) };
            if let Some(found) = Source::open(&self.blobs, opened)? {
                return Ok(found);
            }
        }
        Err(io::Error::other(format!("the bytes of {key} in bucket {bucket} are missing")).into())
    }

    /// Makes an object visible: `entry`, with `inline` bytes or those in `stored` or in the entry's blob.
    pub(crate) fn commit(
        &self,
        owner: &Owner,
        entry: &Entry,
        inline: &[u8],
        stored: Option<Stored>,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        let scratch = self.scratch();
        let result = disk::write_new(&scratch, &[&record::encode(entry)?, inline])
            .map_err(Error::from)
            .and_then(|()| self.replace(owner, &scratch, stored, conditions));
        if result.is_err() {
            disk::remove_file(&scratch).ok();
        }
        result
    }

    fn replace(
        &self,
        owner: &Owner,
        scratch: &Path,
        stored: Option<Stored>,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        let replaced = {
            let _bucket = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
            let _turn = self.keys.take(owner);
            let current = self.find(&owner.bucket, &owner.key)?;
            if !conditions.write(current.as_ref()) {
                return Err(self.unmet(owner, current.as_ref(), conditions));
            }
            let replaced = current.and_then(|entry| entry.blob).map(|blob| blob.id);
            if let Some(id) = &replaced {
                self.blobs.doubt(id, owner)?;
            }
            self.place(owner, scratch, stored)?;
            replaced
        };
        if let Some(id) = replaced {
            self.blobs.remove(&id);
        }
        Ok(())
    }

    fn place(&self, owner: &Owner, scratch: &Path, stored: Option<Stored>) -> Result<(), Error> {
        let path = self.record_of(&owner.bucket, &owner.key);
        let tree = self.tree(&owner.bucket);
        let directory = path.parent().unwrap_or(&tree);
        let mut changed = Vec::new();
        for _ in 0..TRIES {
            let moved =
                disk::create_directories(&tree, directory, &mut changed).and_then(|()| fs::rename(scratch, &path));
            match moved {
                Ok(()) => {
                    // The record is visible: whatever fails now, its bytes must stay.
                    if let Some(mut stored) = stored {
                        stored.keep();
                        self.blobs.settle(stored.blob());
                    }
                    disk::sync_directory(directory)?;
                    return Ok(changed.iter().try_for_each(|parent| disk::sync_directory(parent))?);
                }
                // Another writer pruned the directory; unless it is the bucket that is gone.
                Err(error) if error.kind() == ErrorKind::NotFound => self.require_bucket(&owner.bucket)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::other(format!("the directory of {} keeps going away", owner.key)).into())
    }

    /// Deletes an object; `false` when it was not there.
    pub(crate) fn delete(&self, bucket: &str, key: &str, conditions: &Conditions) -> Result<bool, Error> {
        check(bucket, key)?;
        let owner = Owner { bucket: bucket.to_owned(), key: key.to_owned() };
        let path = self.record_of(bucket, key);
        let removed = {
            let _bucket = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
            let _turn = self.keys.take(&owner);
            let current = self.find(bucket, key)?;
            if current.is_none() {
                self.require_bucket(bucket)?;
            }
            if !conditions.write(current.as_ref()) {
                return Err(self.unmet(&owner, current.as_ref(), conditions));
            }
            let Some(entry) = current else { return Ok(false) };
            if let Some(blob) = &entry.blob {
                self.blobs.doubt(&blob.id, &owner)?;
            }
            disk::remove_file(&path)?;
            let tree = self.tree(bucket);
            let directory = path.parent().unwrap_or(&tree);
            disk::sync_removal(&tree, directory)?;
            disk::prune(&tree, directory);
            entry
        };
        if let Some(blob) = removed.blob {
            self.blobs.remove(&blob.id);
        }
        Ok(true)
    }

    fn absent(&self, bucket: &str, key: &str) -> Error {
        self.require_bucket(bucket).err().unwrap_or_else(|| Error::NoKey(key.to_owned()))
    }

    /// `If-Match` on nothing is "not found", not "failed" (Amazon S3, "Conditional writes").
    fn unmet(&self, owner: &Owner, current: Option<&Entry>, conditions: &Conditions) -> Error {
        match current {
            None if conditions.matches.is_some() => self.absent(&owner.bucket, &owner.key),
            _ => Error::PreconditionFailed,
        }
    }
}

/// Refuses names that cannot be an object's.
pub(crate) fn check(bucket: &str, key: &str) -> Result<(), Error> {
    check_bucket(bucket)?;
    if key.is_empty() || key.len() > key::KEY_MAX_BYTES { Err(Error::BadKey) } else { Ok(()) }
}

/// Refuses names that cannot be a bucket's; so a bucket's name is safe as a file name.
pub(crate) fn check_bucket(bucket: &str) -> Result<(), Error> {
    if s3s::path::check_bucket_name(bucket) { Ok(()) } else { Err(Error::BadBucketName(bucket.to_owned())) }
}

/// Turns for those who write the same thing: a fixed number of locks, shared by hash.
#[derive(Debug)]
pub(crate) struct Turns(Box<[Mutex<()>]>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..256).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    pub(crate) fn take(&self, of: &impl Hash) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(of);
        let index = usize::try_from(hash % self.0.len() as u64).unwrap_or_default();
        self.0[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
