//! A folder as a ZIP: its work tree as it is, `.git` and everything ignored included. Symbolic links stay links, modes
//! and times to two seconds are kept; sockets, pipes and devices are left out and named.

use crate::failure::Failure;
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What was packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Files and links.
    pub(crate) files: u64,
    /// Bytes of the files, unpacked.
    pub(crate) bytes: u64,
    /// What has no place in a ZIP.
    pub(crate) left_out: Vec<PathBuf>,
}

/// Packs `folder` into `into` and tells `progress` each file's size. Blocking. The ZIP's own file may not be inside.
pub(crate) fn pack<W: Write + Seek>(folder: &Path, into: W, progress: impl Fn(u64)) -> Result<Packed, Failure> {
    let mut zip = ZipWriter::new(BufWriter::with_capacity(256 * 1024, into));
    let mut packed = Packed::default();
    for entry in WalkDir::new(folder).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| walk_failure(folder, error))?;
        let before = packed.bytes;
        add(&mut zip, folder, &entry, &mut packed)?;
        progress(packed.bytes - before);
    }
    let done = zip.finish().map_err(|error| zip_failure(folder, error))?;
    done.into_inner().map_err(|error| Failure::file("pack", folder)(error.into_error()))?;
    Ok(packed)
}

fn add<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    root: &Path,
    entry: &DirEntry,
    packed: &mut Packed,
) -> Result<(), Failure> {
    let path = entry.path();
    let name = entry_name(root, path)?;
    let metadata = entry.metadata().map_err(|error| walk_failure(path, error))?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        return zip.add_directory(name, options(&metadata)).map_err(|error| zip_failure(path, error));
    }
    if kind.is_symlink() {
        let target = std::fs::read_link(path).map_err(Failure::file("read the link", path))?;
        let target = utf8(&target)?.to_owned();
        packed.files += 1;
        return zip.add_symlink(name, target, options(&metadata)).map_err(|error| zip_failure(path, error));
    }
    if !kind.is_file() {
        packed.left_out.push(path.to_owned());
        return Ok(());
    }
    let mut file = File::open(path).map_err(Failure::file("read", path))?;
    zip.start_file(name, options(&metadata)).map_err(|error| zip_failure(path, error))?;
    packed.bytes += io::copy(&mut file, zip).map_err(Failure::file("pack", path))?;
    packed.files += 1;
    Ok(())
}

fn options(metadata: &Metadata) -> SimpleFileOptions {
    // Sources are sent once and read once: the quickest level, and ZIP64 before a file could outgrow its header.
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .unix_permissions(metadata.mode() & 0o7777)
        .last_modified_time(modified(metadata).unwrap_or_default())
        .large_file(metadata.len() >= 0xF000_0000)
}

fn modified(metadata: &Metadata) -> Option<DateTime> {
    let at = time::OffsetDateTime::from_unix_timestamp(metadata.mtime()).ok()?;
    let year = u16::try_from(at.year()).ok()?;
    DateTime::from_date_and_time(year, at.month().into(), at.day(), at.hour(), at.minute(), at.second()).ok()
}

fn entry_name(root: &Path, path: &Path) -> Result<String, Failure> {
    Ok(utf8(path.strip_prefix(root).unwrap_or(path))?.to_owned())
}

fn utf8(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| {
        Failure::call(format!("cannot send {}: its name is not UTF-8; rename it, or use a git source", path.display()))
    })
}

fn walk_failure(path: &Path, error: walkdir::Error) -> Failure {
    let path = error.path().unwrap_or(path).to_owned();
    Failure::file("read", &path)(error.into_io_error().unwrap_or_else(|| io::Error::other("the folder holds itself")))
}

fn zip_failure(path: &Path, error: zip::result::ZipError) -> Failure {
    Failure::file("pack", path)(error.into())
}

#[cfg(test)]
mod tests;
