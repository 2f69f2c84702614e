//! What is wrong with a policy document, and where.

use std::fmt;
use thiserror::Error;

/// A refused document: `Statement[0].Action[1]: …`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("policy document{}: {reason}", if place.is_empty() { String::new() } else { format!(", {place}") })]
pub struct PolicyError {
    /// The path in the JSON; empty for the document as a whole.
    pub place: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl PolicyError {
    pub(super) fn new(place: &Place, reason: impl Into<String>) -> Self {
        Self { place: place.to_string(), reason: reason.into() }
    }
}

/// Where in a document something is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Place(String);

impl Place {
    /// A member of the object here. Names come from the document: they are cut to a bearable length.
    pub(super) fn member(&self, name: &str) -> Self {
        let name: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
        Self(if self.0.is_empty() { name } else { format!("{}.{name}", self.0) })
    }

    /// An item of the list here.
    pub(super) fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
