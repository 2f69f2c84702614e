//! CloudWatch Logs' filter patterns ("Filter pattern syntax"): terms, `{ … }` over JSON, `[ … ]` over fields between
//! spaces. Pure. Reading a pattern never panics; matching takes time in proportion to the message.

mod cursor;
mod glob;
mod json;
mod number;
mod space;
mod terms;
#[cfg(test)]
mod tests;

use json::Json;
use space::Space;
use terms::Terms;

/// Longest pattern in characters (model: FilterPattern).
const LONGEST: usize = 1024;

/// Which messages are wanted.
#[derive(Debug)]
pub(super) enum Pattern {
    Everything,
    Terms(Terms),
    Json(Json),
    Space(Space),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().count() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        match text.chars().next() {
            None => Ok(Self::Everything),
            Some('{') => Json::parse(text).map(Self::Json),
            Some('[') => Space::parse(text).map(Self::Space),
            Some(_) => Terms::parse(text).map(Self::Terms),
        }
    }

    /// Whether a message is wanted.
    pub(super) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Terms(terms) => terms.matches(message),
            Self::Json(json) => json.matches(message),
            Self::Space(space) => space.matches(message),
        }
    }
}
