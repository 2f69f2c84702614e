//! The data directory's lock: one agent process per directory, for as long as the value lives.

use fs2::FileExt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("data directory {} is in use by another agent (process {process}); stop that one or set another data_dir", path.display())]
    InUse { path: PathBuf, process: String },
    /// It cannot be made or written to.
    #[error("cannot use data directory {}: {source}", path.display())]
    Unusable { path: PathBuf, source: std::io::Error },
}

/// The held lock.
#[derive(Debug)]
pub(crate) struct DataLock(#[expect(dead_code, reason = "its life is the lock")] File);

impl DataLock {
    /// Makes `directory` if need be, for this user only, and locks it.
    pub(crate) fn take(directory: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { path: directory.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(directory.join("lock"))
            .map_err(unusable)?;
        if let Err(error) = file.try_lock_exclusive() {
            if error.kind() != fs2::lock_contended_error().kind() {
                return Err(unusable(error));
            }
            let mut process = String::new();
            file.read_to_string(&mut process).map_err(unusable)?;
            return Err(LockError::InUse { path: directory.to_owned(), process: process.trim().to_owned() });
        }
        file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(unusable)?;
        writeln!(file, "{}", std::process::id()).map_err(unusable)?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_in_use_is_refused_until_it_is_let_go() {
        let directory = tempfile::tempdir().unwrap();
        let held = DataLock::take(directory.path()).unwrap();
        let error = DataLock::take(directory.path()).unwrap_err().to_string();
        assert!(error.contains("is in use by another agent (process "), "{error}");
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        drop(held);
        DataLock::take(directory.path()).unwrap();
    }
}
