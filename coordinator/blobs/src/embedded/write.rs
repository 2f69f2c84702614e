//! Whole objects from one body, and copies.

use super::blob::{Blobs, Owner, Room};
use super::condition::Conditions;
use super::entry::{Attributes, BlobFile, BlobRef, Entry};
use super::error::Error;
use super::receive::{Contents, Received, Stated, receive};
use super::store::{Store, check};
use bytes::Bytes;
use futures::Stream;
use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::sync::Arc;

/// An object to be written.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) owner: Owner,
    pub(crate) attributes: Attributes,
    pub(crate) stated: Stated,
    pub(crate) conditions: Conditions,
}

impl Put {
    /// Without attributes, expectations or conditions.
    pub(crate) fn plain(bucket: &str, key: &str) -> Self {
        let owner = Owner { bucket: bucket.to_owned(), key: key.to_owned() };
        Self { owner, attributes: Attributes::default(), stated: Stated::default(), conditions: Conditions::default() }
    }
}

/// Writes an object from a body. Visible and durable when this answers.
pub(crate) async fn put<S, E>(store: &Arc<Store>, put: Put, body: S) -> Result<Entry, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Display,
{
    check(&put.owner.bucket, &put.owner.key)?;
    store.require_bucket(&put.owner.bucket)?;
    let room = Room {
        blobs: Arc::clone(&store.blobs),
        id: Blobs::new_id(),
        name: "whole".into(),
        owner: Some(put.owner.clone()),
    };
    let received = receive(body, &put.stated, room).await?;
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || store.commit_received(&put, received)).await.map_err(io::Error::other)?
}

impl Store {
    fn commit_received(&self, put: &Put, received: Received) -> Result<Entry, Error> {
        let mut entry = Entry {
            size: received.size,
            etag: hex::encode(received.md5),
            modified_ms: self.now().0,
            attributes: put.attributes.clone(),
            checksum: received.checksum,
            blob: None,
            upload: None,
        };
        let (inline, stored) = match received.contents {
            Contents::Inline(bytes) => (bytes, None),
            Contents::Stored(stored) => {
                let files = vec![BlobFile { name: stored.name().to_owned(), size: received.size }];
                entry.blob = Some(BlobRef { id: stored.blob().to_owned(), files });
                (Vec::new(), Some(stored))
            }
        };
        self.commit(&put.owner, &entry, &inline, stored, &put.conditions)?;
        Ok(entry)
    }

    /// Copies an object without moving its bytes: a blob's files are linked, small contents are written again.
    /// `attributes` replace those of the source when given.
    pub(crate) fn copy(
        &self,
        from: &Owner,
        to: &Owner,
        attributes: Option<Attributes>,
        allowed: impl FnOnce(&Entry) -> Result<(), Error>,
    ) -> Result<Entry, Error> {
        check(&to.bucket, &to.key)?;
        self.require_bucket(&to.bucket)?;
        let (mut entry, source) = self.open_object(&from.bucket, &from.key)?;
        allowed(&entry)?;
        entry.modified_ms = self.now().0;
        entry.upload = None;
        if let Some(attributes) = attributes {
            entry.attributes = attributes;
        }
        let linked = entry.blob.take().map(|blob| self.link(&blob, to)).transpose()?;
        let inline = if linked.is_none() { source.read_all()? } else { Bytes::new() };
        entry.blob = linked;
        let committed = self.commit(to, &entry, &inline, None, &Conditions::default());
        if let Some(blob) = &entry.blob {
            match &committed {
                Ok(()) => self.blobs.settle(&blob.id),
                Err(_) => self.drop_unless_named(&blob.id, to)?,
            }
        }
        committed.map(|()| entry)
    }

    fn drop_unless_named(&self, blob: &str, owner: &Owner) -> Result<(), Error> {
        let named = self.find(&owner.bucket, &owner.key)?.and_then(|entry| entry.blob);
        if named.is_none_or(|named| named.id != blob) {
            self.blobs.remove(blob);
        }
        Ok(())
    }

    fn link(&self, blob: &BlobRef, to: &Owner) -> Result<BlobRef, Error> {
        let id = Blobs::new_id();
        self.blobs.doubt(&id, to)?;
        let (source, target) = (self.blobs.directory(&blob.id), self.blobs.directory(&id));
        self.blobs.create(&id)?;
        for file in &blob.files {
            let (from, to) = (source.join(&file.name), target.join(&file.name));
            // Not every file system links, and none without end.
            if fs::hard_link(&from, &to).is_err() {
                fs::copy(&from, &to)?;
                File::open(&to)?.sync_data()?;
            }
        }
        self.blobs.sync(&id)?;
        Ok(BlobRef { id, files: blob.files.clone() })
    }
}
