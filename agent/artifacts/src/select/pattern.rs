//! A pattern taken apart: the folder in which its search begins, and the glob for what lies below it.

use super::SelectError;
use super::name::normalised;
use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use std::path::{Path, PathBuf};

/// A pattern, ready for the walk.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The pattern's leading parts without wildcards, normalised: relative to the base directory, or absolute.
    pub(super) directory: PathBuf,
    /// What has to be found below the directory.
    pub(super) wanted: Wanted,
}

/// What a pattern asks for below its directory.
#[derive(Debug)]
pub(super) enum Wanted {
    /// The one file or link of this name.
    File(PathBuf),
    /// Everything.
    Tree,
    /// What the glob matches, at most so many levels deep.
    Glob { matcher: GlobMatcher, depth: usize },
}

impl Pattern {
    /// Takes `text` apart. Looks at the file system only to learn whether it names something literally.
    pub(super) fn new(root: &Path, text: &str) -> Result<Self, SelectError> {
        let path = normalised(Path::new(text));
        let literal = root.join(&path);
        // An empty text, the value of a variable perhaps, must not mean everything.
        if literal.is_dir() && !text.is_empty() {
            return Ok(Self { directory: path, wanted: Wanted::Tree });
        }
        if literal.symlink_metadata().is_ok() || !is_glob(text) {
            return Ok(Self::file(&path));
        }
        let mut directory = PathBuf::new();
        let mut rest = PathBuf::new();
        for part in path.components() {
            if rest.as_os_str().is_empty() && !is_glob(&part.as_os_str().to_string_lossy()) {
                directory.push(part);
            } else {
                rest.push(part);
            }
        }
        let rest = rest.to_string_lossy();
        let depth = if rest.contains("**") { usize::MAX } else { rest.split('/').count() };
        Ok(Self { directory, wanted: Wanted::Glob { matcher: glob(text, &rest)?.compile_matcher(), depth } })
    }

    fn file(path: &Path) -> Self {
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        Self { directory, wanted: Wanted::File(name) }
    }

    /// Whether the pattern says by itself that it leaves the base directory.
    pub(super) fn leaves_base(&self, root: &Path) -> bool {
        self.directory.starts_with("..") || (self.directory.is_absolute() && !self.directory.starts_with(root))
    }
}

/// Whether the text has a wildcard in it.
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// One glob in CodeBuild's meaning. `whole` is the pattern as written, for the error.
pub(super) fn glob(whole: &str, text: &str) -> Result<Glob, SelectError> {
    GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| SelectError::Pattern { pattern: whole.to_owned(), reason: error.kind().to_string() })
}

/// `exclude-paths`.
#[derive(Debug)]
pub(super) struct Excludes {
    files: GlobSet,
    /// Folders of which everything is excluded: a walk need not enter them.
    trees: GlobSet,
}

impl Excludes {
    pub(super) fn new(texts: &[String]) -> Result<Self, SelectError> {
        let mut files = GlobSetBuilder::new();
        let mut trees = GlobSetBuilder::new();
        for text in texts {
            let pattern = normalised(Path::new(text)).to_string_lossy().into_owned();
            files.add(glob(text, &pattern)?);
            let head = pattern.strip_suffix("/**/*").or_else(|| pattern.strip_suffix("/**"));
            if let Some(head) = head {
                trees.add(glob(text, head)?);
            }
        }
        let built = |set: GlobSetBuilder| {
            let pattern = || texts.join(" ");
            set.build().map_err(|error| SelectError::Pattern { pattern: pattern(), reason: error.kind().to_string() })
        };
        Ok(Self { files: built(files)?, trees: built(trees)? })
    }

    /// Whether the file of this name (relative to the base directory) is left out.
    pub(super) fn excludes(&self, name: &str) -> bool {
        self.files.is_match(name)
    }

    /// Whether nothing below the folder of this name can be chosen.
    pub(super) fn excludes_tree(&self, name: &str) -> bool {
        self.trees.is_match(name)
    }
}
