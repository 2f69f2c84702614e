//! Copies one file, link or directory of a tree: bytes the cheapest way the file system knows, then mode and times.

use rustix::fs::{AtFlags, CWD, Mode, OFlags, SeekFrom, Timespec, Timestamps, copy_file_range, ioctl_ficlone};
use rustix::io::Errno;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The most one call of `copy_file_range` is asked for.
const RANGE_BYTES: usize = 64 << 20;
/// Up to here reading and writing costs less than asking the file system for anything cleverer.
const SMALL_BYTES: u64 = 128 << 10;
/// `st_blocks` counts these.
const BLOCK_BYTES: u64 = 512;

/// Access and modification time.
pub(super) struct Times(Timestamps);

impl Times {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
        Self(Timestamps {
            last_access: time(metadata.atime(), metadata.atime_nsec()),
            last_modification: time(metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

/// Copies a regular file to a new one and returns its length.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    // It was a file when it was listed. If it is a link or a pipe by now, opening must neither follow nor wait.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let source = File::from(rustix::fs::open(from, flags, Mode::empty())?);
    let metadata = source.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it changed while it was copied: try again"));
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let target = File::from(rustix::fs::open(to, flags, Mode::RUSR | Mode::WUSR)?);
    fill(&source, &target, &metadata)?;
    rustix::fs::fchmod(&target, Mode::from_raw_mode(metadata.mode() & 0o7777))?;
    rustix::fs::futimens(&target, &Times::of(&metadata).0)?;
    Ok(metadata.len())
}

/// Copies a symbolic link as it is.
pub(super) fn copy_link(from: &Path, to: &Path, times: &Times) -> io::Result<()> {
    std::os::unix::fs::symlink(std::fs::read_link(from)?, to)?;
    Ok(rustix::fs::utimensat(CWD, to, &times.0, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Makes a directory that only the owner may enter until [`dress_directory`].
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::mkdirat(CWD, path, Mode::RWXU)?)
}

/// Gives a finished directory the mode and times of its original.
pub(super) fn dress_directory(path: &Path, original: &Metadata) -> io::Result<()> {
    rustix::fs::chmodat(CWD, path, Mode::from_raw_mode(original.mode() & 0o7777), AtFlags::empty())?;
    Ok(rustix::fs::utimensat(CWD, path, &Times::of(original).0, AtFlags::empty())?)
}

/// Fills an empty file with the contents of another: by sharing blocks, in the kernel, or through memory.
///
/// # Errors
/// What the file system says.
pub fn clone_bytes(source: &File, target: &File) -> io::Result<()> {
    fill(source, target, &source.metadata()?)
}

fn fill(source: &File, target: &File, metadata: &Metadata) -> io::Result<()> {
    if metadata.len() <= SMALL_BYTES {
        return through_memory(source, target, metadata.len());
    }
    if ioctl_ficlone(target, source).is_ok() {
        return Ok(());
    }
    if metadata.blocks() * BLOCK_BYTES >= metadata.len() {
        return copy_span(source, target, 0, u64::MAX);
    }
    target.set_len(metadata.len())?;
    let mut position = 0;
    while let Some((start, end)) = next_data(source, position)? {
        copy_span(source, target, start, end - start)?;
        position = end;
    }
    Ok(())
}

/// The next stretch of a sparse file that is not a hole.
fn next_data(source: &File, from: u64) -> io::Result<Option<(u64, u64)>> {
    let start = match rustix::fs::seek(source, SeekFrom::Data(from)) {
        Ok(start) => start,
        Err(Errno::NXIO) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let end = rustix::fs::seek(source, SeekFrom::Hole(start))?;
    Ok(Some((start, end)))
}

/// Copies up to `length` bytes at the same position of both files.
fn copy_span(source: &File, target: &File, start: u64, length: u64) -> io::Result<()> {
    let (mut from, mut to, mut left) = (start, start, length);
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(RANGE_BYTES).min(RANGE_BYTES);
        match copy_file_range(source, Some(&mut from), target, Some(&mut to), count) {
            Ok(0) => return Ok(()),
            Ok(copied) => left -= copied as u64,
            Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM | Errno::IO) => {
                return stream(source, target, from, left);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A small file in one piece.
fn through_memory(mut source: &File, mut target: &File, length: u64) -> io::Result<()> {
    // One byte more, so that the end is seen by the same call.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    source.read_to_end(&mut bytes)?;
    target.write_all(&bytes)
}

/// For file systems that cannot copy by themselves.
fn stream(mut source: &File, mut target: &File, start: u64, length: u64) -> io::Result<()> {
    source.seek(io::SeekFrom::Start(start))?;
    target.seek(io::SeekFrom::Start(start))?;
    io::copy(&mut source.take(length), &mut target).map(drop)
}
