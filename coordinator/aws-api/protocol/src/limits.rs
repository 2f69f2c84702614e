//! How large and how deep a document may be, whatever protocol it comes in.
//!
//! Its bytes are limited before it is read; this is against small bytes that become large values.

use crate::ApiError;
use std::cell::Cell;

/// Lists and structures within each other.
const DEPTH: usize = 64;
/// Values of a document, each list and structure counted as one.
const VALUES: usize = 100_000;

/// What is left to a document that is being read.
#[derive(Debug)]
pub(crate) struct Budget {
    values: Cell<usize>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { values: Cell::new(VALUES) }
    }

    /// Takes one value that lies under `depth` lists and structures; a sentence when that is too much.
    pub(crate) fn take(&self, depth: usize) -> Result<(), &'static str> {
        if depth > DEPTH {
            return Err("the document is nested too deeply");
        }
        let left = self.values.get().checked_sub(1).ok_or("the document has too many values")?;
        self.values.set(left);
        Ok(())
    }
}

/// A name for a message.
pub(crate) fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

/// What both protocols say about a name that a structure has twice: which one counts would depend on the reader.
pub(crate) fn twice(name: &str) -> String {
    format!("the member '{}' is there twice", short(name))
}

/// What both protocols say about a document that is no structure.
pub(crate) fn no_structure() -> ApiError {
    ApiError::serialization("the body is not a structure")
}
