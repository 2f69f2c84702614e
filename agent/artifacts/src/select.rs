//! Which files an artifact is made of: base directories, patterns, exclusions, symbolic links (reference 6.3).
//!
//! Owns the choice and the names; leaves packing to [`crate::archive`] and every log line to the caller, who is told
//! through [`Note`]s. Invariant: a [`Selected`] path has no symbolic link in it, and a relative pattern never leads out
//! of the base directory (or one of [`Rules::within`]) through a link.

mod base;
mod links;
mod name;
mod pattern;
mod walk;

#[cfg(test)]
mod tests;

pub use base::base_directories;

use pattern::{Excludes, Pattern};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What to choose, and where links may lead. Patterns are CodeBuild's: `*` stops at `/`, `**` crosses it, dot files
/// are ordinary files. A pattern that names an existing file or directory is taken literally; a directory stands for
/// everything below it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules<'a> {
    /// Relative to the base directory, or absolute.
    pub patterns: &'a [String],
    /// Relative to the base directory.
    pub excludes: &'a [String],
    /// Every file's name is its last part only.
    pub discard_paths: bool,
    /// Links that stay inside the base directory are chosen as links instead of being followed.
    pub keep_symlinks: bool,
    /// Folders that links may lead into, besides the base directory. Canonical paths.
    pub within: &'a [PathBuf],
    /// Folders that are never entered. Canonical paths.
    pub avoid: &'a [PathBuf],
}

/// What an entry of the artifact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file with its size (bytes, when it was chosen).
    File { size_bytes: u64 },
    /// A link, with its target relative to the link's own folder.
    Symlink { target: String },
}

/// One entry of the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Where it lies; no part of the path is a link, except the last one of a [`Kind::Symlink`].
    pub path: PathBuf,
    /// Its name in the artifact: relative, normalised, without `..`, `/` between the parts.
    pub name: String,
    /// A file or a link.
    pub kind: Kind,
}

/// What the caller may want to log, in the order in which it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note<'a> {
    /// A pattern's turn has come.
    Expanding(&'a str),
    /// The pattern chose nothing at all.
    Unmatched(&'a str),
    /// A link that points outside, or to nothing, was left out.
    LeadsOut(&'a Path),
    /// Another file with this name was chosen before; this one is left out.
    Duplicate(&'a str),
    /// Work goes on: a chance to break off.
    Working,
}

/// Told about everything; breaks off with [`SelectError::Interrupted`] by answering `Break`.
pub type Observer<'a> = &'a mut dyn FnMut(Note<'_>) -> ControlFlow<()>;

/// Why nothing could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The pattern is no glob: the user's mistake.
    #[error("invalid pattern {pattern}: {reason}")]
    Pattern { pattern: String, reason: String },
    /// A folder could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// The observer asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Chooses the files below `base` (an existing directory), sorted by name, each name once.
pub fn select(base: &Path, rules: &Rules<'_>, observer: Observer<'_>) -> Result<Vec<Selected>, SelectError> {
    let root = canonical(base)?;
    let excludes = Excludes::new(rules.excludes)?;
    let mut chosen = Chosen::default();
    for text in rules.patterns {
        tell(observer, Note::Expanding(text))?;
        let pattern = Pattern::new(&root, text)?;
        let walk = walk::Walk { root: &root, pattern: &pattern, excludes: &excludes, rules };
        let matched = walk.run(&mut |entry, observer: Observer<'_>| chosen.add(entry, observer), observer)?;
        if !matched {
            tell(observer, Note::Unmatched(text))?;
        }
    }
    Ok(chosen.by_name.into_values().collect())
}

/// What was chosen so far. The first file of a name wins.
#[derive(Debug, Default)]
struct Chosen {
    by_name: BTreeMap<String, Selected>,
}

impl Chosen {
    fn add(&mut self, entry: Selected, observer: Observer<'_>) -> Result<(), SelectError> {
        match self.by_name.get(&entry.name) {
            None => {
                self.by_name.insert(entry.name.clone(), entry);
                Ok(())
            }
            Some(earlier) if earlier.path == entry.path => Ok(()),
            Some(_) => tell(observer, Note::Duplicate(&entry.name)),
        }
    }
}

fn tell(observer: Observer<'_>, note: Note<'_>) -> Result<(), SelectError> {
    match observer(note) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(SelectError::Interrupted),
    }
}

fn canonical(path: &Path) -> Result<PathBuf, SelectError> {
    std::fs::canonicalize(path).map_err(|source| SelectError::Io { path: path.to_owned(), source })
}
