//! What a start finds after a crash, and what a day leaves behind: settled, without reading the world.
//!
//! Only three places can hold leftovers: `tmp` (records that never appeared), `doubts` (blobs whose last word was lost)
//! and `uploads` (completed but not yet forgotten, or stale).

use super::disk;
use super::error::Error;
use super::store::Store;
use std::fs;
use std::time::Duration;

/// How long an upload may stay open (reliability F61).
pub(crate) const UPLOAD_MAX_AGE: Duration = Duration::from_hours(24);

impl Store {
    /// Before anything else uses the data directory.
    pub(crate) fn recover(&self) -> Result<(), Error> {
        for entry in fs::read_dir(self.root.join("tmp"))? {
            let path = entry?.path();
            if path.is_dir() { disk::remove_tree(&path)? } else { disk::remove_file(&path)? }
        }
        self.settle_doubts()?;
        self.sweep_uploads()?;
        for entry in fs::read_dir(self.root.join("uploads"))? {
            let path = entry?.path();
            if !path.join("upload").try_exists()? {
                disk::remove_tree(&path)?;
            }
        }
        Ok(())
    }

    fn settle_doubts(&self) -> Result<(), Error> {
        for (id, owner) in self.blobs.doubts()? {
            let Some(owner) = owner else {
                // Power failed before the note was on the disk. Its blob may be somebody's.
                tracing::warn!(blob.id = id, "a note about a blob is damaged; the blob is kept");
                self.blobs.settle(&id);
                continue;
            };
            let blob = self.find(&owner.bucket, &owner.key)?.and_then(|entry| entry.blob);
            if blob.is_some_and(|blob| blob.id == id) {
                self.blobs.settle(&id);
            } else {
                self.blobs.remove(&id);
            }
        }
        Ok(())
    }

    /// Drops uploads that are older than a day, and the records of those that were completed.
    pub(crate) fn sweep_uploads(&self) -> Result<(), Error> {
        let now = self.now();
        for (id, _) in self.all_uploads()? {
            let _turn = self.uploads.take(&id.as_str());
            let Some(upload) = self.any_upload(&id)? else { continue };
            let made = self.find(&upload.owner.bucket, &upload.owner.key)?.and_then(|entry| entry.upload);
            if made.as_deref() == Some(id.as_str()) {
                self.forget_upload(&id)?;
            } else if now.since(buildyard_model::Timestamp(upload.begun_ms)) > UPLOAD_MAX_AGE {
                tracing::info!(
                    upload.id = id,
                    bucket = upload.owner.bucket,
                    "dropping an upload that was not completed in a day"
                );
                self.drop_upload(&upload.owner, &id)?;
            }
        }
        Ok(())
    }
}
