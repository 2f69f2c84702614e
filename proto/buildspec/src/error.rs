//! What is wrong with a buildspec: CodeBuild's words for the build's phase context, and a pointed-at line for people.
//!
//! Lines and columns count from 1 and are those of the text as it was given. (CodeBuild's own numbers are often one too
//! low, as they are the 0-based ones of its parser; ours name the line that an editor shows.)

mod excerpt;

use std::fmt::{self, Write as _};

/// The status code of a buildspec that cannot be used (reference 1.7).
pub const YAML_FILE_ERROR: &str = "YAML_FILE_ERROR";

/// The status code of an invalid `batch` section (reference 1.7).
pub const BATCH_SPEC_VALIDATION_ERROR: &str = "BATCH_SPEC_VALIDATION_ERROR";

/// A place in the text; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is not a buildspec. `Display` is the phase context's message, CodeBuild's own where it is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// CodeBuild's message.
    pub message: String,
    /// Where; absent when the text as a whole is at fault.
    pub position: Option<Position>,
    code: &'static str,
    hint: Option<String>,
    excerpt: Option<String>,
}

impl Error {
    /// An error with exactly this message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), position: None, code: YAML_FILE_ERROR, hint: None, excerpt: None }
    }

    /// An error whose message ends in ` at line N`, as CodeBuild's do.
    pub(crate) fn at(position: Position, message: impl fmt::Display) -> Self {
        Self::new(format!("{message} at line {}", position.line)).positioned(position)
    }

    pub(crate) fn positioned(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Makes it a failure of the `batch` section, in CodeBuild's form.
    pub(crate) fn in_batch(mut self) -> Self {
        self.message = format!("BatchSpec has invalid values.. {}", self.message);
        self.code = BATCH_SPEC_VALIDATION_ERROR;
        self
    }

    /// Keeps the source line for [`Error::diagnostic`].
    pub(crate) fn pointing_into(mut self, text: &str) -> Self {
        self.excerpt = self.position.and_then(|position| excerpt::excerpt(text, position));
        self
    }

    /// CodeBuild's status code of the failed phase.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Several lines for a person: code and message, line and column, the source line with a mark under the place,
    /// and what to do. Ends without a line break; holds no control characters of the text.
    pub fn diagnostic(&self) -> String {
        let mut text = format!("{}: {}", self.code, self.message);
        if let Some(position) = self.position {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n --> {position}");
        }
        if let Some(excerpt) = &self.excerpt {
            let _ = write!(text, "\n{excerpt}");
        }
        if let Some(hint) = &self.hint {
            let _ = write!(text, "\n = help: {hint}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_names_the_place_and_shows_it() {
        let error = Error::at(Position { line: 2, column: 4 }, "it is wrong").hint("put it right");
        assert_eq!(error.to_string(), "it is wrong at line 2");
        assert_eq!(
            error.pointing_into("a: 1\nb: c\n").diagnostic(),
            "YAML_FILE_ERROR: it is wrong at line 2\n --> line 2, column 4\n  |\n2 | b: c\n  |    ^\n = help: put it right"
        );
    }

    #[test]
    fn a_diagnostic_without_a_place_is_one_line() {
        assert_eq!(Error::new("it is empty").diagnostic(), "YAML_FILE_ERROR: it is empty");
    }
}
