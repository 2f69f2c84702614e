//! One coordinator for each data directory: a lock that the kernel lets go when its holder ends (reliability F16).

use super::connect::cannot;
use crate::roles::Error;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

/// Held as long as the file is open.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

/// Takes the directory, or says who has it and what to do.
pub(super) fn acquire(dir: &Path) -> Result<DirectoryLock, Error> {
    let path = dir.join("coordinator.lock");
    let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(|error| cannot("open", &path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use(dir, file)),
        Err(TryLockError::Error(error)) => return Err(cannot("lock", &path, &error)),
    }
    // The number is for people; who holds the lock is the kernel's to say.
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(|error| cannot("write", &path, &error))?;
    Ok(DirectoryLock { _file: file })
}

fn in_use(dir: &Path, file: File) -> Error {
    let mut holder = String::new();
    let process = match file.take(20).read_to_string(&mut holder) {
        Ok(_) if !holder.trim().is_empty() => format!(" (process {})", holder.trim()),
        Ok(_) | Err(_) => String::new(),
    };
    Error::InUse(format!(
        "the data directory {} is in use by another coordinator{process}: stop that one first, or give this one a directory of its own",
        dir.display()
    ))
}
