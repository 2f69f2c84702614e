//! The few file operations that make a change durable. What is written, and in which order, is its callers' business.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Makes a removal durable: in the directory, or, when somebody else pruned that, in the nearest one above it.
pub(crate) fn sync_removal(base: &Path, directory: &Path) -> io::Result<()> {
    match sync_directory(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound && directory != base => match directory.parent() {
            Some(parent) => sync_removal(base, parent),
            None => Err(error),
        },
        other => other,
    }
}

/// Writes a new file and makes its bytes durable; its name becomes durable with its directory.
pub(crate) fn write_new(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    for piece in pieces {
        file.write_all(piece)?;
    }
    file.sync_data()
}

/// Creates `directory` and what is missing above it, at most up to `base` itself, and collects the directories in which
/// a name was added. Fails with `NotFound` when what holds `base` is not there.
pub(crate) fn create_directories(base: &Path, directory: &Path, changed: &mut Vec<PathBuf>) -> io::Result<()> {
    match fs::create_dir(directory) {
        Ok(()) => {
            changed.extend(directory.parent().map(Path::to_path_buf));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound && directory != base => {
            let Some(parent) = directory.parent() else { return Err(error) };
            create_directories(base, parent, changed)?;
            match fs::create_dir(directory) {
                Ok(()) => changed.push(parent.to_path_buf()),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Removes empty directories from `directory` up to, not including, `base`.
pub(crate) fn prune(base: &Path, directory: &Path) {
    let mut current = directory;
    while current != base && current.starts_with(base) && fs::remove_dir(current).is_ok() {
        let Some(parent) = current.parent() else { return };
        current = parent;
    }
}

/// Removes a file; one that is not there is success.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_file(path))
}

/// Removes a directory with all in it; one that is not there is success.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_dir_all(path))
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
