//! Writes what the plan says: files as new files beneath the target, then links, then the directories' own modes.

use super::plan::{Plan, Step};
use super::{Error, Limits, Unpacked};
use crate::beneath::Root;
use rustix::fs::{Mode, Timespec, Timestamps, UTIME_OMIT};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;
use zip::ZipArchive;

const BUFFER_BYTES: usize = 64 << 10;
/// For entries that carry no mode.
const FILE_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;

/// One archive being written.
pub(super) struct Unpack<'a> {
    root: Root,
    /// The directory last written to: archives list a directory's files together.
    parent: (PathBuf, Root),
    limits: &'a Limits,
    archive_bytes: u64,
    cancel: &'a CancellationToken,
    done: Unpacked,
    buffer: Vec<u8>,
}

impl<'a> Unpack<'a> {
    pub(super) fn new(
        into: &Path,
        limits: &'a Limits,
        archive_bytes: u64,
        cancel: &'a CancellationToken,
    ) -> Result<Self, Error> {
        let open = || Ok((Root::open(into)?, Root::open(into)?));
        let (root, parent) = open().map_err(|source| Error::Write { path: into.to_owned(), source })?;
        let (parent, buffer) = ((PathBuf::new(), parent), vec![0; BUFFER_BYTES]);
        Ok(Self { root, parent, limits, archive_bytes, cancel, done: Unpacked::default(), buffer })
    }

    pub(super) fn run<R: Read + Seek>(mut self, archive: &mut ZipArchive<R>, plan: &Plan) -> Result<Unpacked, Error> {
        for step in &plan.steps {
            if self.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            if step.is_directory {
                self.root.create_directories(&step.path).map_err(|source| write_error(&step.path, source))?;
            } else {
                self.file(archive, step)?;
            }
        }
        for (path, target) in &plan.links {
            self.enter_parent(path)?;
            let name = path.file_name().unwrap_or_default();
            self.parent.1.symlink(target, Path::new(name)).map_err(|source| write_error(path, source))?;
            self.done.files += 1;
        }
        for step in plan.steps.iter().rev().filter(|step| step.is_directory) {
            self.directory_mode(step).map_err(|source| write_error(&step.path, source))?;
        }
        Ok(self.done)
    }

    fn file<R: Read + Seek>(&mut self, archive: &mut ZipArchive<R>, step: &Step) -> Result<(), Error> {
        let damaged = |error: String| Error::Damaged(format!("{:?}: {error}", step.path));
        self.enter_parent(&step.path)?;
        let name = step.path.file_name().unwrap_or_default();
        let mut file = self.parent.1.create(Path::new(name)).map_err(|source| write_error(&step.path, source))?;
        let mut entry = archive.by_index(step.index).map_err(|error| damaged(error.to_string()))?;
        let written = self.copy(&mut entry, &mut file, step)?;
        if written != entry.size() {
            return Err(damaged(format!("unpacked to {written} bytes instead of {}", entry.size())));
        }
        finish(&file, step.mode, entry.last_modified()).map_err(|source| write_error(&step.path, source))?;
        self.done.files += 1;
        Ok(())
    }

    fn copy(&mut self, from: &mut impl Read, to: &mut File, step: &Step) -> Result<u64, Error> {
        let mut written = 0;
        loop {
            let count = match from.read(&mut self.buffer) {
                Ok(0) => return Ok(written),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::Damaged(format!("{:?}: {error}", step.path))),
            };
            written += count as u64;
            self.done.bytes += count as u64;
            self.check_bomb()?;
            if self.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let bytes = self.buffer.get(..count).unwrap_or_default();
            to.write_all(bytes).map_err(|source| write_error(&step.path, source))?;
        }
    }

    fn check_bomb(&self) -> Result<(), Error> {
        let (bytes, limits) = (self.done.bytes, self.limits);
        if bytes > limits.total_bytes {
            return Err(Error::Refused(format!("it unpacks to more than {} bytes", limits.total_bytes)));
        }
        if bytes > limits.ratio_free_bytes && bytes / limits.ratio.max(1) > self.archive_bytes {
            return Err(Error::Refused(format!("it unpacks to more than {} times its size", limits.ratio)));
        }
        Ok(())
    }

    fn enter_parent(&mut self, path: &Path) -> Result<(), Error> {
        let parent = path.parent().unwrap_or(Path::new(""));
        if self.parent.0 != parent {
            let open = || {
                self.root.create_directories(parent)?;
                self.root.directory(parent)
            };
            let directory = open().map_err(|source| write_error(path, source))?;
            self.parent = (parent.to_owned(), directory);
        }
        Ok(())
    }

    /// The owner keeps every right to a directory: otherwise nobody but root could remove the workspace.
    fn directory_mode(&self, step: &Step) -> io::Result<()> {
        let mode = step.mode.unwrap_or(DIRECTORY_MODE) | 0o700;
        Ok(rustix::fs::fchmod(self.root.directory(&step.path)?, Mode::from_raw_mode(mode))?)
    }
}

fn finish(file: &File, mode: Option<u32>, modified: Option<zip::DateTime>) -> io::Result<()> {
    if let Some(seconds) = modified.and_then(unix_seconds) {
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let last_modification = Timespec { tv_sec: seconds, tv_nsec: 0 };
        rustix::fs::futimens(file, &Timestamps { last_access: omit, last_modification })?;
    }
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode.unwrap_or(FILE_MODE)))?)
}

/// ZIP times have no zone; UTC is what CI systems write.
fn unix_seconds(at: zip::DateTime) -> Option<i64> {
    let month = time::Month::try_from(at.month()).ok()?;
    let date = time::Date::from_calendar_date(i32::from(at.year()), month, at.day()).ok()?;
    Some(date.with_hms(at.hour(), at.minute(), at.second()).ok()?.assume_utc().unix_timestamp())
}

fn write_error(path: &Path, source: io::Error) -> Error {
    Error::Write { path: path.to_owned(), source }
}
