//! Removes mirrors that were not used for the longest time.

use super::hold::{Hold, Locks};
use super::leftovers::remove_all;
use crate::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use walkdir::WalkDir;

/// Removes what nobody used for `keep_for`, and then until at most `keep_bytes` are left. Answers the bytes removed.
pub(super) fn prune(directory: &Path, locks: &Locks, keep_bytes: u64, keep_for: Duration) -> Result<u64, Error> {
    // A clock that begins with the host cannot say what is too old.
    let too_old = SystemTime::now().checked_sub(keep_for);
    let mut mirrors = Vec::new();
    for entry in directory.read_dir().map_err(Error::file(directory))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "git") {
            mirrors.push((Hold::last_used(&path), bytes_in(&path), path));
        }
    }
    mirrors.sort();
    let mut total: u64 = mirrors.iter().map(|(_, bytes, _)| bytes).sum();
    let mut removed = 0;
    for (used, bytes, path) in mirrors {
        if total <= keep_bytes && too_old.is_none_or(|too_old| used >= too_old) {
            break;
        }
        if remove(locks, &path)? {
            total -= bytes;
            removed += bytes;
        }
    }
    Ok(removed)
}

/// Removes a mirror unless it is in use. Its lock file stays: somebody may be waiting for it.
fn remove(locks: &Locks, mirror: &Path) -> Result<bool, Error> {
    let Some(_hold) = Hold::try_exclusive(locks, mirror).map_err(Error::file(mirror))? else { return Ok(false) };
    let old: PathBuf = mirror.with_extension("old");
    remove_all(&old)?;
    // Renamed first: half a mirror must never be found under its name.
    std::fs::rename(mirror, &old).map_err(Error::file(mirror))?;
    remove_all(&old)?;
    Ok(true)
}

fn bytes_in(directory: &Path) -> u64 {
    let files = WalkDir::new(directory).into_iter().flatten();
    files.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}
