//! Who may use a mirror: one that changes it, or any number that read it, in this process and in others.

use crate::error::Error;
use crate::fetcher::blocking;
use rustix::fs::{FlockOperation, flock};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The locks of this process, by mirror. There are as many as there are repositories.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<HashMap<PathBuf, Arc<RwLock<()>>>>);

impl Locks {
    pub(super) fn of(&self, mirror: &Path) -> Arc<RwLock<()>> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(mirror.to_owned()).or_default())
    }
}

/// Leave to use a mirror, given back when dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    /// Its lock is the operating system's, so it ends with the process.
    file: File,
    /// Waited for without a thread; the file's lock is then contended only by other processes.
    _guard: Guard,
}

#[derive(Debug)]
enum Guard {
    Exclusive { _guard: OwnedRwLockWriteGuard<()> },
    Shared { _guard: OwnedRwLockReadGuard<()> },
}

impl Hold {
    /// Waits until nobody uses the mirror.
    pub(super) async fn exclusive(locks: &Locks, mirror: &Path) -> Result<Self, Error> {
        let guard = locks.of(mirror).write_owned().await;
        let path = lock_file(mirror);
        let file = blocking(move |_| {
            let file = open(&path).map_err(Error::file(&path))?;
            flock(&file, FlockOperation::LockExclusive).map_err(io::Error::from).map_err(Error::file(&path))?;
            Ok(file)
        })
        .await?;
        // The file's time tells when the mirror was last used.
        file.set_modified(SystemTime::now()).map_err(Error::file(mirror))?;
        Ok(Self { file, _guard: Guard::Exclusive { _guard: guard } })
    }

    /// Lets others read, and waits for none of them.
    pub(super) async fn shared(self) -> Result<Self, Error> {
        let Self { file, _guard: guard } = self;
        let file = blocking(move |_| {
            flock(&file, FlockOperation::LockShared).map_err(io::Error::from).map_err(Error::file("lock"))?;
            Ok(file)
        })
        .await?;
        let guard = match guard {
            Guard::Exclusive { _guard: guard } => Guard::Shared { _guard: guard.downgrade() },
            shared @ Guard::Shared { .. } => shared,
        };
        Ok(Self { file, _guard: guard })
    }

    /// Takes a mirror that nobody uses right now.
    pub(super) fn try_exclusive(locks: &Locks, mirror: &Path) -> io::Result<Option<Self>> {
        let Ok(guard) = locks.of(mirror).try_write_owned() else { return Ok(None) };
        let file = open(&lock_file(mirror))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { file, _guard: Guard::Exclusive { _guard: guard } })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// When the mirror was used before this hold.
    pub(super) fn last_used(mirror: &Path) -> SystemTime {
        lock_file(mirror).metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

fn lock_file(mirror: &Path) -> PathBuf {
    mirror.with_extension("lock")
}

fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(path)
}
