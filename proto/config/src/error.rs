//! What is wrong with a configuration, said with file, line and key.

use super::locate;
use std::path::{Path, PathBuf};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, or one that it names, could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The text is not the TOML that is expected.
    #[error("{}:{line}: {}{problem}", path.display(), key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
    Syntax { path: PathBuf, line: usize, key: Option<String>, problem: String },
    /// A value cannot be used.
    #[error("{}{key}: {problem}", place.as_ref().map(|(path, line)| format!("{}:{line}: ", path.display())).unwrap_or_default())]
    Invalid {
        /// File and line, where the value came from a file.
        place: Option<(PathBuf, usize)>,
        key: String,
        problem: String,
    },
}

impl ConfigError {
    /// `key` (dotted) holds something that cannot be used.
    pub fn invalid(key: &str, problem: &str) -> Self {
        Self::Invalid { place: None, key: key.to_owned(), problem: problem.to_owned() }
    }

    /// The TOML reader's complaint.
    pub(super) fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        Self::Syntax {
            path: path.to_owned(),
            line: locate::line_at(text, start),
            key: locate::key_at(text, start),
            problem: error.message().replace('\n', " "),
        }
    }

    /// The same error with the place of its key in the file, if the file has that key.
    pub fn located(self, path: &Path, text: &str) -> Self {
        match self {
            Self::Invalid { place: None, key, problem } => {
                let place = locate::line_of(text, &key).map(|line| (path.to_owned(), line));
                Self::Invalid { place, key, problem }
            }
            other => other,
        }
    }
}
