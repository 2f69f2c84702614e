//! Unpacks a ZIP that nobody vouches for into an empty directory: all of it, or nothing.
//!
//! First every name, kind and link target is judged ([`plan`]), then files are written, and links last, so no file can
//! be written through a link of the archive. Sizes are counted while unpacking, as the archive's own may lie. Set-user
//! and set-group bits are dropped; devices, pipes and encrypted entries are refused.

mod directory;
mod plan;
mod unpack;
mod window;

use plan::Plan;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;
use zip::ZipArchive;

/// What an archive may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files, directories and links together.
    pub entries: u64,
    /// Bytes of all files, unpacked.
    pub total_bytes: u64,
    /// Unpacked bytes for each byte of the archive, looked at beyond `ratio_free_bytes`.
    pub ratio: u64,
    /// Bytes that may be unpacked whatever the ratio.
    pub ratio_free_bytes: u64,
    /// Bytes of the archive's table of contents, which is held in memory.
    pub directory_bytes: u64,
    /// Whether links may point out of the archive. Nothing is ever written through a link; whoever reads what was
    /// unpacked must not follow them.
    pub outward_links: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 1_000_000,
            total_bytes: 100 << 30,
            ratio: 1000,
            ratio_free_bytes: 100 << 20,
            directory_bytes: 256 << 20,
            outward_links: false,
        }
    }
}

/// What was unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files and links.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Why nothing was unpacked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive is hostile, or larger than allowed. The same archive will be refused again.
    #[error("the ZIP is refused: {0}")]
    Refused(String),
    /// The archive cannot be read: cut short, corrupt, or of a compression that is not supported.
    #[error("the ZIP is damaged: {0}")]
    Damaged(String),
    /// The file system said no.
    #[error("cannot unpack {path:?}: {source}")]
    Write {
        /// Relative to the target directory.
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The target directory has contents.
    #[error("cannot unpack into {0:?}: the directory is not empty")]
    NotEmpty(PathBuf),
    /// The caller asked for it.
    #[error("unpacking was cancelled")]
    Cancelled,
}

/// Whether a file begins as ZIPs do (an empty one is only its closing record).
///
/// # Errors
/// When the file cannot be read.
pub fn is_zip(file: &File) -> io::Result<bool> {
    let mut magic = [0; 4];
    match file.read_exact_at(&mut magic, 0) {
        Ok(()) => Ok(matches!(&magic, b"PK\x03\x04" | b"PK\x05\x06")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Unpacks `archive` into the directory `into`, which is made if it is missing and must be empty. Blocking: call it
/// from a thread that may block. After an error the directory is empty again.
///
/// # Errors
/// See [`Error`].
pub fn unpack(archive: File, into: &Path, limits: &Limits, cancel: &CancellationToken) -> Result<Unpacked, Error> {
    let write_error = |source| Error::Write { path: into.to_owned(), source };
    std::fs::create_dir_all(into).map_err(write_error)?;
    if into.read_dir().map_err(write_error)?.next().is_some() {
        return Err(Error::NotEmpty(into.to_owned()));
    }
    let archive_bytes = archive.metadata().map_err(|error| Error::Damaged(error.to_string()))?.len();
    let mut archive = open(archive, archive_bytes, limits)?;
    let plan = Plan::of(&mut archive, limits)?;
    let unpacked = unpack::Unpack::new(into, limits, archive_bytes, cancel)?.run(&mut archive, &plan);
    if unpacked.is_err() {
        empty(into);
    }
    unpacked
}

fn open(archive: File, bytes: u64, limits: &Limits) -> Result<ZipArchive<window::Window>, Error> {
    let declared = directory::declared_entries(&archive, bytes).map_err(|error| Error::Damaged(error.to_string()))?;
    if declared > limits.entries {
        return Err(Error::Refused(format!("it has {declared} entries, more than the {} allowed", limits.entries)));
    }
    let (reader, budget) = window::Window::new(archive, bytes, limits.directory_bytes);
    // An archive begins where its file begins: nothing is searched for, so other readers see the same entries.
    let config = zip::read::Config { archive_offset: zip::read::ArchiveOffset::Known(0) };
    let archive = ZipArchive::with_config(config, reader).map_err(|error| {
        if budget.is_spent() {
            Error::Refused(format!("its table of contents is larger than {} bytes", limits.directory_bytes))
        } else {
            Error::Damaged(error.to_string())
        }
    })?;
    budget.lift();
    Ok(archive)
}

/// Takes back what was written. Failures are left to whoever removes the directory itself.
fn empty(directory: &Path) {
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_directory { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "cannot remove a half unpacked file");
        }
    }
}

#[cfg(test)]
mod tests;
