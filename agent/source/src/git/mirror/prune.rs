//! Removes mirrors that were not used for the longest time.

use super::hold::{Hold, Locks};
use super::leftovers::remove_all;
use crate::error::Error;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Removes until at most `keep_bytes` are left, and answers the bytes removed.
pub(super) fn prune(directory: &Path, locks: &Locks, keep_bytes: u64) -> Result<u64, Error> {
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
    for (_, bytes, path) in mirrors {
        if total <= keep_bytes {
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
