//! Where a symbolic link may lead.

use super::{Kind, Rules};
use std::path::{Path, PathBuf};

/// A link that was looked at.
#[derive(Debug)]
pub(super) enum Link {
    /// It leads to this regular file, of this many bytes.
    File(PathBuf, u64),
    /// It is to be chosen as a link.
    Kept(Kind),
    /// It leads to a folder, which is not walked a second time.
    Directory,
    /// It points outside, to nothing, or to something that is no file.
    Out,
}

/// The folders that links of one walk may lead into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'a> {
    /// The base directory, canonical.
    pub(super) root: &'a Path,
    /// The folder in which the walk began, when the pattern itself named one outside of the base directory.
    pub(super) named: Option<&'a Path>,
    /// The caller's rules.
    pub(super) rules: &'a Rules<'a>,
}

impl Bounds<'_> {
    /// Whether what lies at this canonical path may be read.
    pub(super) fn hold(&self, target: &Path) -> bool {
        let inside = target.starts_with(self.root)
            || self.named.is_some_and(|folder| target.starts_with(folder))
            || self.rules.within.iter().any(|folder| target.starts_with(folder));
        inside && !self.avoid(target)
    }

    /// Whether this canonical path is out of bounds whatever the pattern says.
    pub(super) fn avoid(&self, path: &Path) -> bool {
        self.rules.avoid.iter().any(|folder| path.starts_with(folder))
    }

    /// Looks where the link at `path` leads; `path`'s folder is canonical.
    pub(super) fn look(&self, path: &Path) -> Link {
        let Ok(target) = std::fs::canonicalize(path) else { return Link::Out };
        if self.rules.keep_symlinks && target.starts_with(self.root) {
            let folder = path.parent().unwrap_or(Path::new("/"));
            let target = super::name::relative_target(folder, &target).to_string_lossy().into_owned();
            return Link::Kept(Kind::Symlink { target });
        }
        if !self.hold(&target) {
            return Link::Out;
        }
        match std::fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_file() => Link::File(target, metadata.len()),
            Ok(metadata) if metadata.is_dir() => Link::Directory,
            _ => Link::Out,
        }
    }
}
