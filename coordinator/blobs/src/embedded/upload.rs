//! Uploads in parts: begun, fed, listed and dropped. Completing one is `upload/complete.rs`.
//!
//! `uploads/<id>/` holds the upload's record and one record per part (small parts inside it); larger parts are files of
//! the blob with the upload's id, which becomes the object's blob when it is completed. So completing moves no bytes.
//! Invariants: an upload is there as long as its record is; the record goes first; whoever changes an upload takes its
//! turn.

mod complete;

pub(crate) use complete::{Completion, Named};

use super::blob::Owner;
use super::blob::{Blobs, Room};
use super::checksum::{Algorithm, Checksum, Scope};
use super::disk;
use super::entry::Attributes;
use super::error::Error;
use super::receive::{Contents, Received, Stated, receive};
use super::record;
use super::store::{Store, check};
use bytes::Bytes;
use futures::Stream;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Most parts of an upload (Amazon S3, "Multipart upload limits").
pub(crate) const PARTS_MAX: u32 = 10_000;

/// The record of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) owner: Owner,
    /// Milliseconds since the Unix epoch.
    pub(crate) begun_ms: i64,
    pub(crate) attributes: Attributes,
    /// The checksum that parts and object are to have.
    pub(crate) checksum: Option<(Algorithm, Scope)>,
}

/// The record of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) modified_ms: i64,
    pub(crate) checksum: Option<Checksum>,
    /// The file in the upload's blob, unless the bytes follow this record.
    file: Option<String>,
}

impl Store {
    fn uploads_directory(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(super) fn upload_directory(&self, id: &str) -> PathBuf {
        self.uploads_directory().join(id)
    }

    /// Begins an upload and names it.
    pub(crate) fn begin_upload(&self, upload: &Upload) -> Result<String, Error> {
        check(&upload.owner.bucket, &upload.owner.key)?;
        self.require_bucket(&upload.owner.bucket)?;
        let (id, scratch) = (Blobs::new_id(), self.scratch());
        fs::create_dir(&scratch)?;
        disk::write_new(&scratch.join("upload"), &[&record::encode(upload)?])?;
        disk::sync_directory(&scratch)?;
        fs::rename(&scratch, self.upload_directory(&id))?;
        disk::sync_directory(&self.uploads_directory())?;
        Ok(id)
    }

    /// The record of an upload of this object.
    pub(crate) fn upload(&self, owner: &Owner, id: &str) -> Result<Upload, Error> {
        let upload = self.any_upload(id)?.filter(|upload| upload.owner == *owner);
        upload.ok_or_else(|| Error::NoUpload(id.to_owned()))
    }

    pub(super) fn any_upload(&self, id: &str) -> Result<Option<Upload>, Error> {
        // What a client names becomes a path only if it looks like what we gave it.
        let ours = id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !ours {
            return Ok(None);
        }
        Ok(record::describe(&self.upload_directory(id).join("upload"))?)
    }

    /// Keeps a part that arrived, in place of an earlier one with its number.
    fn keep_part(&self, owner: &Owner, id: &str, number: u32, received: Received) -> Result<Part, Error> {
        let (inline, mut stored) = match received.contents {
            Contents::Inline(bytes) => (bytes, None),
            Contents::Stored(stored) => (Vec::new(), Some(stored)),
        };
        let part = Part {
            size: received.size,
            etag: hex::encode(received.md5),
            modified_ms: self.now().0,
            checksum: received.checksum,
            file: stored.as_ref().map(|stored| stored.name().to_owned()),
        };
        let scratch = self.scratch();
        disk::write_new(&scratch, &[&record::encode(&part)?, &inline])?;
        let _turn = self.uploads.take(&id);
        if let Err(error) = self.upload(owner, id) {
            disk::remove_file(&scratch)?;
            drop(stored);
            // The first file of a blob makes its directory, even if the upload was dropped meanwhile.
            fs::remove_dir(self.blobs.directory(id)).ok();
            return Err(error);
        }
        let path = self.part_path(id, number);
        let earlier = record::describe::<Part>(&path)?.and_then(|part| part.file);
        fs::rename(&scratch, &path)?;
        if let Some(stored) = &mut stored {
            stored.keep();
        }
        disk::sync_directory(&self.upload_directory(id))?;
        if let Some(file) = earlier {
            disk::remove_file(&self.blobs.directory(id).join(file))?;
        }
        Ok(part)
    }

    fn part_path(&self, id: &str, number: u32) -> PathBuf {
        self.upload_directory(id).join(format!("{number:05}"))
    }

    /// The parts of an upload behind a number, at most `limit`, and whether there are more.
    pub(crate) fn parts(
        &self,
        owner: &Owner,
        id: &str,
        after: u32,
        limit: usize,
    ) -> Result<(Vec<(u32, Part)>, bool), Error> {
        self.upload(owner, id)?;
        let mut numbers = Vec::new();
        for entry in fs::read_dir(self.upload_directory(id))? {
            let number = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            numbers.extend(number.filter(|number| *number > after));
        }
        numbers.sort_unstable();
        let more = numbers.len() > limit;
        let mut parts = Vec::new();
        for number in numbers.into_iter().take(limit) {
            parts.extend(record::describe(&self.part_path(id, number))?.map(|part| (number, part)));
        }
        Ok((parts, more))
    }

    /// Every upload into a bucket, by key and age.
    pub(crate) fn uploads_into(&self, bucket: &str) -> Result<Vec<(String, Upload)>, Error> {
        self.require_bucket(bucket)?;
        let mut uploads = self.all_uploads()?;
        uploads.retain(|(_, upload)| upload.owner.bucket == bucket);
        uploads.sort_by(|(one_id, one), (other_id, other)| {
            (&one.owner.key, one.begun_ms, one_id).cmp(&(&other.owner.key, other.begun_ms, other_id))
        });
        Ok(uploads)
    }

    pub(super) fn all_uploads(&self) -> Result<Vec<(String, Upload)>, Error> {
        let mut uploads = Vec::new();
        for entry in fs::read_dir(self.uploads_directory())? {
            let Ok(id) = entry?.file_name().into_string() else { continue };
            uploads.extend(self.any_upload(&id)?.map(|upload| (id, upload)));
        }
        Ok(uploads)
    }

    /// Drops an upload with its parts.
    pub(crate) fn abort_upload(&self, owner: &Owner, id: &str) -> Result<(), Error> {
        let _turn = self.uploads.take(&id);
        self.upload(owner, id)?;
        self.drop_upload(owner, id)
    }

    /// The parts go before the record, so that a crash between leaves an upload that can still be dropped.
    pub(super) fn drop_upload(&self, owner: &Owner, id: &str) -> Result<(), Error> {
        self.blobs.doubt(id, owner)?;
        self.blobs.remove(id);
        self.forget_upload(id)
    }

    /// Removes an upload's records; its blob stays.
    pub(super) fn forget_upload(&self, id: &str) -> Result<(), Error> {
        let directory = self.upload_directory(id);
        disk::remove_file(&directory.join("upload"))?;
        Ok(disk::remove_tree(&directory)?)
    }
}

/// Takes in a part. Durable when this answers.
pub(crate) async fn put_part<S, E>(
    store: &Arc<Store>,
    owner: Owner,
    id: String,
    number: u32,
    mut stated: Stated,
    body: S,
) -> Result<Part, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Display,
{
    if number == 0 || number > PARTS_MAX {
        return Err(Error::BadRequest(format!("part numbers are 1 to {PARTS_MAX}, not {number}")));
    }
    let upload = store.upload(&owner, &id)?;
    stated.algorithm = stated.algorithm.or(upload.checksum.map(|(algorithm, _)| algorithm));
    let room = Room {
        blobs: Arc::clone(&store.blobs),
        id: id.clone(),
        name: format!("{number:05}-{}", Blobs::new_id()),
        owner: None,
    };
    let received = receive(body, &stated, room).await?;
    let store = Arc::clone(store);
    let kept = tokio::task::spawn_blocking(move || store.keep_part(&owner, &id, number, received));
    kept.await.map_err(io::Error::other)?
}
