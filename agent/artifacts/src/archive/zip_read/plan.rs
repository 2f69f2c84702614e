//! Judges every entry of a ZIP before one is written: names, kinds, clashes, link targets, declared sizes.

use super::{Error, Limits};
use crate::entry_name::{self, Origin};
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{Read, Seek};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use zip::{System, ZipArchive};

const TYPE_BITS: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
/// Longest target of a link that Linux takes, less its closing NUL.
const LONGEST_TARGET: u64 = 4095;

/// What is to be done, in the archive's order; links apart, as they come last.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) links: Vec<(PathBuf, OsString)>,
}

/// One file or directory.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) index: usize,
    pub(super) path: PathBuf,
    pub(super) is_directory: bool,
    /// Permission bits; absent when the archive gives none.
    pub(super) mode: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    Link,
}

impl Plan {
    /// # Errors
    /// [`Error::Refused`] or [`Error::Damaged`].
    pub(super) fn of<R: Read + Seek>(archive: &mut ZipArchive<R>, limits: &Limits) -> Result<Self, Error> {
        if archive.len() as u64 > limits.entries {
            return Err(Error::Refused(format!("it has more than {} entries", limits.entries)));
        }
        if archive.has_duplicate_names() {
            return Err(Error::Refused("two entries have the same name".to_owned()));
        }
        if archive.has_overlapping_entries().map_err(|error| Error::Damaged(error.to_string()))? {
            return Err(Error::Refused("entries overlap".to_owned()));
        }
        let mut plan = Self::default();
        let mut kinds = HashMap::with_capacity(archive.len());
        let mut declared_bytes = 0_u64;
        for index in 0..archive.len() {
            declared_bytes = declared_bytes.saturating_add(plan.add(archive, index, &mut kinds, limits)?);
            if declared_bytes > limits.total_bytes {
                return Err(Error::Refused(format!("it unpacks to more than {} bytes", limits.total_bytes)));
            }
        }
        nothing_beneath_a_file(&kinds)?;
        Ok(plan)
    }

    /// Takes up one entry and returns its declared size.
    fn add<R: Read + Seek>(
        &mut self,
        archive: &mut ZipArchive<R>,
        index: usize,
        kinds: &mut HashMap<PathBuf, Kind>,
        limits: &Limits,
    ) -> Result<u64, Error> {
        let entry = archive.by_index_data(index).map_err(|error| Error::Damaged(error.to_string()))?;
        let raw = entry.name_raw();
        let refused = |reason: &str| Error::Refused(format!("the name {:?} {reason}", String::from_utf8_lossy(raw)));
        let origin = match entry.system() {
            System::Dos | System::WindowsNTFS | System::VFAT | System::Os2 => Origin::Dos,
            _ => Origin::Unix,
        };
        let path = entry_name::relative(raw, origin).map_err(refused)?;
        if entry.encrypted() {
            return Err(refused("is that of an encrypted entry"));
        }
        let ends_as_directory = raw.ends_with(b"/") || (origin == Origin::Dos && raw.ends_with(b"\\"));
        let kind = kind(ends_as_directory, entry.unix_mode())
            .ok_or_else(|| refused("is that of a device, a pipe or a socket"))?;
        let (mode, size) = (entry.unix_mode().map(|mode| mode & 0o777).filter(|mode| *mode != 0), entry.size());
        if path.as_os_str().is_empty() {
            return if kind == Kind::Directory { Ok(0) } else { Err(refused("is empty")) };
        }
        if kinds.insert(path.clone(), kind).is_some() {
            return Err(refused("is used twice"));
        }
        if kind == Kind::Link {
            let target = link_target(archive, index)?;
            if !limits.outward_links && !entry_name::link_stays_inside(&path, target.as_bytes()) {
                return Err(Error::Refused(format!("the link {path:?} points to {target:?}, outside the archive")));
            }
            self.links.push((path, target));
            return Ok(0);
        }
        self.steps.push(Step { index, path, is_directory: kind == Kind::Directory, mode });
        Ok(size)
    }
}

fn kind(ends_as_directory: bool, mode: Option<u32>) -> Option<Kind> {
    match mode.map_or(0, |mode| mode & TYPE_BITS) {
        _ if ends_as_directory => Some(Kind::Directory),
        0 | REGULAR => Some(Kind::File),
        DIRECTORY => Some(Kind::Directory),
        LINK => Some(Kind::Link),
        _ => None,
    }
}

fn link_target<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize) -> Result<OsString, Error> {
    let damaged = |error: String| Error::Damaged(format!("link {index}: {error}"));
    let entry = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
    let mut target = Vec::new();
    entry.take(LONGEST_TARGET + 1).read_to_end(&mut target).map_err(|error| damaged(error.to_string()))?;
    Ok(OsString::from_vec(target))
}

/// No entry may lie beneath a file or, worse, a link.
fn nothing_beneath_a_file(kinds: &HashMap<PathBuf, Kind>) -> Result<(), Error> {
    for path in kinds.keys() {
        let above = path.ancestors().skip(1);
        if let Some(parent) = above.into_iter().find(|above| kinds.get(*above).is_some_and(|k| *k != Kind::Directory)) {
            return Err(Error::Refused(format!("{path:?} lies beneath {parent:?}, which is not a directory")));
        }
    }
    Ok(())
}
