//! One pattern's walk over the file system.

use super::links::{Bounds, Link};
use super::name::entry_name;
use super::pattern::{Excludes, Pattern, Wanted};
use super::{Kind, Note, Observer, Rules, SelectError, Selected, tell};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Takes what was found.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Selected, Observer<'_>) -> Result<(), SelectError>;

/// Everything a walk needs to know.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) root: &'a Path,
    pub(super) pattern: &'a Pattern,
    pub(super) excludes: &'a Excludes,
    pub(super) rules: &'a Rules<'a>,
}

impl Walk<'_> {
    /// Gives every match that is not excluded to `sink`; answers whether there was any match at all.
    pub(super) fn run(&self, sink: Sink<'_>, observer: Observer<'_>) -> Result<bool, SelectError> {
        let Ok(start) = std::fs::canonicalize(self.root.join(&self.pattern.directory)) else { return Ok(false) };
        let named = self.pattern.leaves_base(self.root).then_some(start.as_path());
        let bounds = Bounds { root: self.root, named, rules: self.rules };
        if !bounds.hold(&start) {
            tell(observer, Note::LeadsOut(&start))?;
            return Ok(false);
        }
        match &self.pattern.wanted {
            Wanted::File(name) => self.one(&bounds, &start.join(name), name, sink, observer),
            Wanted::Tree | Wanted::Glob { .. } => self.tree(&bounds, &start, sink, observer),
        }
    }

    fn tree(
        &self,
        bounds: &Bounds<'_>,
        start: &Path,
        sink: Sink<'_>,
        observer: Observer<'_>,
    ) -> Result<bool, SelectError> {
        let depth = match &self.pattern.wanted {
            Wanted::Glob { depth, .. } => *depth,
            Wanted::File(_) | Wanted::Tree => usize::MAX,
        };
        let mut any = false;
        let walk = WalkDir::new(start).min_depth(1).max_depth(depth).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| self.enters(bounds, start, entry)) {
            let entry = match entry {
                Ok(entry) => entry,
                // A folder that went away meanwhile, or that this user may not read, is not the pattern's fault.
                Err(error) if error.depth() > 0 && error.loop_ancestor().is_none() => continue,
                Err(error) => return Err(SelectError::Io { path: start.to_owned(), source: error.into() }),
            };
            if entry.file_type().is_dir() {
                tell(observer, Note::Working)?;
                continue;
            }
            let rest = entry.path().strip_prefix(start).unwrap_or(entry.path());
            if self.wants(rest) {
                any |= self.one(bounds, entry.path(), rest, sink, observer)?;
            }
        }
        Ok(any)
    }

    fn wants(&self, rest: &Path) -> bool {
        match &self.pattern.wanted {
            Wanted::Glob { matcher, .. } => matcher.is_match(rest),
            Wanted::File(_) | Wanted::Tree => true,
        }
    }

    fn enters(&self, bounds: &Bounds<'_>, start: &Path, entry: &DirEntry) -> bool {
        if !entry.file_type().is_dir() || entry.depth() == 0 {
            return true;
        }
        let rest = entry.path().strip_prefix(start).unwrap_or(entry.path());
        !bounds.avoid(entry.path()) && !self.excludes.excludes_tree(&self.name(rest))
    }

    /// Gives the file or link at `path` to `sink`, unless it is excluded or no file.
    fn one(
        &self,
        bounds: &Bounds<'_>,
        path: &Path,
        rest: &Path,
        sink: Sink<'_>,
        observer: Observer<'_>,
    ) -> Result<bool, SelectError> {
        let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(false) };
        let name = self.name(rest);
        if self.excludes.excludes(&name) {
            return Ok(true);
        }
        let (path, kind) = if metadata.is_file() {
            (path.to_owned(), Kind::File { size_bytes: metadata.len() })
        } else if metadata.is_symlink() {
            match bounds.look(path) {
                Link::File(target, size_bytes) => (target, Kind::File { size_bytes }),
                Link::Kept(kind) => (path.to_owned(), kind),
                Link::Directory => return Ok(false),
                Link::Out => return tell(observer, Note::LeadsOut(path)).map(|()| false),
            }
        } else {
            return Ok(false);
        };
        sink(Selected { path, name: self.flat(name), kind }, observer)?;
        Ok(true)
    }

    fn name(&self, rest: &Path) -> String {
        entry_name(self.root, &self.pattern.directory, rest)
    }

    fn flat(&self, name: String) -> String {
        if !self.rules.discard_paths {
            return name;
        }
        let last = PathBuf::from(&name);
        last.file_name().map_or(name, |last| last.to_string_lossy().into_owned())
    }
}
