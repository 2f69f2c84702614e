//! Bytes that are too many for a record: immutable files in a directory per blob, `blobs/<2 hex>/<id>/`.
//!
//! Invariants: a blob is durable before a record names it; a blob that no record names (its PUT died, its object was
//! replaced or deleted) has a note in `doubts/` with the key it belonged to, so that `recover` finds it without reading
//! the world; a blob that is being read is removed when its last reader is done.

use super::disk;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whose blob it is, or was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// All blobs of a data directory.
#[derive(Debug)]
pub(crate) struct Blobs {
    blobs: PathBuf,
    doubts: PathBuf,
    scratch: PathBuf,
    uses: Mutex<Uses>,
}

#[derive(Debug, Default)]
struct Uses {
    readers: HashMap<String, usize>,
    /// To be removed by the last reader.
    doomed: HashSet<String>,
    /// Being removed now.
    going: HashSet<String>,
}

/// Keeps a blob from being removed while it is read.
#[derive(Debug)]
pub(crate) struct Pin {
    blobs: Arc<Blobs>,
    id: String,
}

impl Blobs {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let (blobs, doubts) = (root.join("blobs"), root.join("doubts"));
        std::fs::create_dir_all(&blobs)?;
        std::fs::create_dir_all(&doubts)?;
        Ok(Self { blobs, doubts, scratch: root.join("tmp"), uses: Mutex::default() })
    }

    /// A name for a new blob.
    pub(crate) fn new_id() -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }

    pub(crate) fn directory(&self, id: &str) -> PathBuf {
        self.blobs.join(id.get(..2).unwrap_or("00")).join(id)
    }

    /// Creates a blob without files, unless it is there.
    pub(crate) fn create(&self, id: &str) -> io::Result<()> {
        disk::create_directories(&self.blobs, &self.directory(id), &mut Vec::new())
    }

    /// Creates a file in a blob, and the blob with its first.
    pub(crate) fn create_file(&self, id: &str, name: &str) -> io::Result<File> {
        self.create(id)?;
        OpenOptions::new().write(true).create_new(true).open(self.directory(id).join(name))
    }

    /// Makes the names of a blob's files durable, and its own.
    pub(crate) fn sync(&self, id: &str) -> io::Result<()> {
        let directory = self.directory(id);
        disk::sync_directory(&directory)?;
        if let Some(shard) = directory.parent() {
            disk::sync_directory(shard)?;
        }
        disk::sync_directory(&self.blobs)
    }

    /// Notes that perhaps no record names this blob. Losing the note in a crash loses disk space, never bytes.
    pub(crate) fn doubt(&self, id: &str, owner: &Owner) -> io::Result<()> {
        let scratch = self.scratch.join(Self::new_id());
        std::fs::write(&scratch, serde_json::to_vec(owner)?)?;
        std::fs::rename(&scratch, self.doubts.join(id))
    }

    /// A record names the blob.
    pub(crate) fn settle(&self, id: &str) {
        if let Err(error) = disk::remove_file(&self.doubts.join(id)) {
            tracing::warn!(blob.id = id, %error, "a note about a blob could not be removed; the next start tries again");
        }
    }

    /// Blobs with a note, and whose they were: `None` for a note that cannot be read.
    pub(crate) fn doubts(&self) -> io::Result<Vec<(String, Option<Owner>)>> {
        let mut doubts = Vec::new();
        for entry in std::fs::read_dir(&self.doubts)? {
            let entry = entry?;
            let Ok(id) = entry.file_name().into_string() else { continue };
            doubts.push((id, serde_json::from_slice(&std::fs::read(entry.path())?).ok()));
        }
        Ok(doubts)
    }

    /// Keeps a blob while it is read; `None` when it is being removed.
    pub(crate) fn pin(self: &Arc<Self>, id: &str) -> Option<Pin> {
        let mut uses = self.uses();
        if uses.going.contains(id) {
            return None;
        }
        *uses.readers.entry(id.to_owned()).or_default() += 1;
        Some(Pin { blobs: Arc::clone(self), id: id.to_owned() })
    }

    /// Removes a blob that no record names any more, at once or behind its last reader.
    pub(crate) fn remove(&self, id: &str) {
        let mut uses = self.uses();
        if uses.readers.contains_key(id) {
            uses.doomed.insert(id.to_owned());
            return;
        }
        uses.going.insert(id.to_owned());
        drop(uses);
        self.purge(id);
    }

    fn purge(&self, id: &str) {
        match disk::remove_tree(&self.directory(id)) {
            Ok(()) => self.settle(id),
            Err(error) => {
                tracing::warn!(blob.id = id, %error, "a blob could not be removed; the next start tries again");
            }
        }
        self.uses().going.remove(id);
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut uses = self.blobs.uses();
        let left = uses.readers.get(&self.id).map_or(0, |readers| readers - 1);
        if left > 0 {
            uses.readers.insert(self.id.clone(), left);
            return;
        }
        uses.readers.remove(&self.id);
        if !uses.doomed.remove(&self.id) {
            return;
        }
        uses.going.insert(self.id.clone());
        drop(uses);
        let (blobs, id) = (Arc::clone(&self.blobs), std::mem::take(&mut self.id));
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || blobs.purge(&id))),
            Err(_) => blobs.purge(&id),
        }
    }
}

/// Where a body goes when it is too large for a record.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whose the blob is to be; absent for the parts of an upload, which has its own record.
    pub(crate) owner: Option<Owner>,
}

/// A file in a blob that goes away again unless it is kept.
#[derive(Debug)]
pub(crate) struct Stored {
    room: Room,
    kept: bool,
}

impl Room {
    /// Creates the file.
    pub(crate) fn open(self) -> io::Result<(File, Stored)> {
        if let Some(owner) = &self.owner {
            self.blobs.doubt(&self.id, owner)?;
        }
        let file = self.blobs.create_file(&self.id, &self.name)?;
        Ok((file, Stored { room: self, kept: false }))
    }
}

impl Stored {
    pub(crate) fn blob(&self) -> &str {
        &self.room.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.room.name
    }

    /// Makes the file's name durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.room.blobs.sync(&self.room.id)
    }

    /// From here on the file stays.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if self.room.owner.is_some() {
            self.room.blobs.remove(&self.room.id);
        } else if let Err(error) = disk::remove_file(&self.room.blobs.directory(&self.room.id).join(&self.room.name)) {
            tracing::warn!(blob.id = self.room.id, %error, "a part that was not finished could not be removed");
        }
    }
}
