//! Writes the ZIP of an artifact in one pass, with its checksums.
//!
//! Owns the format's choices: order as given, unix modes, modification times, zip64 where needed, links as links.
//! Memory is flat whatever the files' sizes. Leaves the choice of files to [`crate::select`].

use crate::select::{Kind, Selected};
use md5::Md5;
use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Sizes from here on are written as zip64. Below 4 GiB, so that a file may still grow while it is being read.
const LARGE: u64 = 3 << 30;
const BUFFER: usize = 256 * 1024;

/// The finished ZIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Of the ZIP itself.
    pub size_bytes: u64,
    /// Entries in it.
    pub files: u64,
    /// Lower-case hex of the ZIP.
    pub sha256sum: String,
    /// Lower-case hex of the ZIP.
    pub md5sum: String,
}

/// Why there is no ZIP; what was written of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// A file that was chosen cannot be read (any more).
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The ZIP cannot be written: a full disk, most likely.
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// `go_on` said no.
    #[error("interrupted")]
    Interrupted,
}

/// Writes the entries to a new file at `target`. `go_on` is asked before each entry and every 256 KiB.
pub fn write_zip<'a>(
    target: &Path,
    entries: impl IntoIterator<Item = &'a Selected>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Written, ZipError> {
    let failed = |source: io::Error| ZipError::Write { path: target.to_owned(), source };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(target).map_err(failed)?;
    let mut zip = ZipWriter::new_stream(BufWriter::with_capacity(BUFFER, Hashing::new(file)));
    let mut files = 0;
    for entry in entries {
        match &entry.kind {
            Kind::File { .. } => add_file(&mut zip, entry, target, go_on)?,
            Kind::Symlink { target: link } => {
                let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
                zip.add_symlink(entry.name.as_str(), link, options).map_err(|error| failed(error.into()))?;
            }
        }
        files += 1;
    }
    let buffered = zip.finish().map_err(|error| failed(error.into()))?.into_inner();
    let hashing = buffered.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(hashing.written(files))
}

type Zip = ZipWriter<StreamWriter<BufWriter<Hashing>>>;

fn add_file(zip: &mut Zip, entry: &Selected, target: &Path, go_on: &mut dyn FnMut() -> bool) -> Result<(), ZipError> {
    let unread = |source: io::Error| ZipError::Read { path: entry.path.clone(), source };
    let unwritten = |source: io::Error| ZipError::Write { path: target.to_owned(), source };
    let (mut file, metadata) = open(&entry.path).map_err(unread)?;
    zip.start_file(entry.name.as_str(), options(&metadata)).map_err(|error| unwritten(error.into()))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        if !go_on() {
            return Err(ZipError::Interrupted);
        }
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => zip.write_all(&buffer[..count]).map_err(unwritten)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unread(error)),
        }
    }
}

/// Opens a regular file; a link or pipe that was put in its place meanwhile is refused.
fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(io::Error::other("it is no regular file any more")) }
}

fn options(metadata: &Metadata) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(metadata.mode() & 0o777)
        .last_modified_time(modified(metadata.mtime()))
        .large_file(metadata.len() >= LARGE)
}

/// ZIP knows the years 1980 to 2107; other times become its first moment.
fn modified(unix_seconds: i64) -> DateTime {
    let at = time::OffsetDateTime::from_unix_timestamp(unix_seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let year = u16::try_from(at.year()).unwrap_or(0);
    DateTime::from_date_and_time(year, at.month().into(), at.day(), at.hour(), at.minute(), at.second())
        .unwrap_or_default()
}

/// Counts and hashes what passes through.
struct Hashing {
    file: File,
    size_bytes: u64,
    sha256: Sha256,
    md5: Md5,
}

impl Hashing {
    fn new(file: File) -> Self {
        Self { file, size_bytes: 0, sha256: Sha256::new(), md5: Md5::new() }
    }

    fn written(self, files: u64) -> Written {
        Written {
            size_bytes: self.size_bytes,
            files,
            sha256sum: hex::encode(self.sha256.finalize()),
            md5sum: hex::encode(self.md5.finalize()),
        }
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.size_bytes += count as u64;
        self.sha256.update(&bytes[..count]);
        self.md5.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests;
