//! What an interrupted fetch leaves in a mirror: lock files that would stop the next one, and half written packs.
//!
//! A mark says that a fetch is under way. Whoever holds the mirror alone and finds it knows that it was interrupted.

use crate::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

fn mark_file(mirror: &Path) -> PathBuf {
    mirror.join("fetch-under-way")
}

pub(super) fn mark(mirror: &Path) -> io::Result<()> {
    std::fs::write(mark_file(mirror), "")
}

pub(super) fn unmark(mirror: &Path) -> io::Result<()> {
    std::fs::remove_file(mark_file(mirror))
}

/// Clears up after an interrupted fetch; does nothing after others.
pub(super) fn clear(mirror: &Path) -> Result<(), Error> {
    if !mark_file(mirror).exists() {
        return Ok(());
    }
    for entry in WalkDir::new(mirror).contents_first(true).into_iter().flatten() {
        let name = entry.file_name().to_string_lossy();
        let is_leftover = name.ends_with(".lock") || name.starts_with("tmp_");
        if is_leftover {
            remove_all(entry.path())?;
        }
    }
    unmark(mirror).map_err(Error::file(mirror))
}

/// Removes a file or directory; none is fine too.
pub(super) fn remove_all(path: &Path) -> Result<(), Error> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interrupted_fetch_is_cleared_up() {
        let mirror = tempfile::tempdir().unwrap();
        let path = mirror.path();
        for directory in ["objects/pack", "objects/tmp_objdir-incoming-x", "refs/heads"] {
            std::fs::create_dir_all(path.join(directory)).unwrap();
        }
        let leftovers =
            ["shallow.lock", "refs/heads/main.lock", "objects/pack/tmp_pack_x", "objects/tmp_objdir-incoming-x/y"];
        for file in leftovers.iter().chain(&["objects/pack/pack-1.pack"]) {
            std::fs::write(path.join(file), "").unwrap();
        }
        clear(path).unwrap();
        assert!(leftovers.iter().all(|file| path.join(file).exists()));
        mark(path).unwrap();
        clear(path).unwrap();
        assert!(leftovers.iter().all(|file| !path.join(file).exists()));
        assert!(path.join("objects/pack/pack-1.pack").exists());
        assert!(!path.join("objects/tmp_objdir-incoming-x").exists());
    }
}
