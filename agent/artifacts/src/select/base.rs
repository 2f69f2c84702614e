//! `base-directory`: a directory, or a glob of directories.

use super::pattern::{Pattern, Wanted};
use super::{Note, Observer, SelectError, tell};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The directories that `pattern` (relative to `root`, or absolute) stands for, sorted; none when there is no such
/// directory. The paths are as the pattern says, links not resolved.
pub fn base_directories(
    root: &Path,
    pattern: &str,
    avoid: &[PathBuf],
    observer: Observer<'_>,
) -> Result<Vec<PathBuf>, SelectError> {
    let parsed = Pattern::new(root, pattern)?;
    let start = root.join(&parsed.directory);
    let (matcher, depth) = match parsed.wanted {
        Wanted::Tree => return Ok(vec![start]),
        Wanted::File(_) => return Ok(Vec::new()),
        Wanted::Glob { matcher, depth } => (matcher, depth),
    };
    let mut found = Vec::new();
    let walk = WalkDir::new(&start).min_depth(1).max_depth(depth).sort_by_file_name();
    let entered = walk.into_iter().filter_entry(|entry| !avoid.iter().any(|folder| entry.path() == folder));
    for entry in entered.filter_map(Result::ok) {
        tell(observer, Note::Working)?;
        let rest = entry.path().strip_prefix(&start).unwrap_or(entry.path());
        if matcher.is_match(rest) && entry.path().is_dir() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}
