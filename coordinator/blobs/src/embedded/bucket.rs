//! Buckets: a directory with a record and a tree of keys. A bucket appears and goes by one rename.

use super::disk;
use super::error::Error;
use super::record;
use super::store::{Store, check_bucket};
use super::walk::{Passed, Walk};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::PoisonError;

/// What is recorded of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    /// Milliseconds since the Unix epoch.
    pub(crate) created_ms: i64,
}

impl Store {
    pub(super) fn bucket(&self, bucket: &str) -> PathBuf {
        self.root.join("buckets").join(bucket)
    }

    /// Fails with `NoBucket` when it is not there.
    pub(crate) fn require_bucket(&self, bucket: &str) -> Result<(), Error> {
        check_bucket(bucket)?;
        if self.bucket(bucket).join("bucket").try_exists()? { Ok(()) } else { Err(Error::NoBucket(bucket.to_owned())) }
    }

    /// Creates a bucket.
    pub(crate) fn create_bucket(&self, bucket: &str) -> Result<(), Error> {
        check_bucket(bucket)?;
        let scratch = self.scratch();
        fs::create_dir_all(scratch.join("keys"))?;
        let description = record::encode(&BucketRecord { created_ms: self.now().0 })?;
        disk::write_new(&scratch.join("bucket"), &[&description])?;
        disk::sync_directory(&scratch)?;
        let moved = fs::rename(&scratch, self.bucket(bucket));
        if let Err(error) = moved {
            disk::remove_tree(&scratch)?;
            let exists = matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists);
            return Err(if exists { Error::BucketExists(bucket.to_owned()) } else { error.into() });
        }
        Ok(disk::sync_directory(&self.root.join("buckets"))?)
    }

    /// Deletes a bucket that holds no object. Uploads into it can no longer be completed.
    pub(crate) fn delete_bucket(&self, bucket: &str) -> Result<(), Error> {
        self.require_bucket(bucket)?;
        let scratch = self.scratch();
        {
            let _all = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
            if Walk::new(&self.tree(bucket), "", Passed::Key(Vec::new())).next()?.is_some() {
                return Err(Error::BucketNotEmpty(bucket.to_owned()));
            }
            fs::rename(self.bucket(bucket), &scratch)?;
            disk::sync_directory(&self.root.join("buckets"))?;
        }
        Ok(disk::remove_tree(&scratch)?)
    }

    /// All buckets, by name.
    pub(crate) fn list_buckets(&self) -> Result<Vec<(String, BucketRecord)>, Error> {
        let mut buckets = Vec::new();
        for entry in fs::read_dir(self.root.join("buckets"))? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            if let Some(description) = record::describe(&self.bucket(&name).join("bucket"))? {
                buckets.push((name, description));
            }
        }
        buckets.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(buckets)
    }
}
