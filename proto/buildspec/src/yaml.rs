//! YAML text → a tree of raw scalars, lists and maps with their places.
//!
//! Knows YAML and its dangers (depth, size, aliases, tags), nothing of buildspecs. Scalars keep the text as it was
//! written: `3.10`, `007` and `yes` are not interpreted. Aliases share nodes instead of copying them, so a tree is never
//! bigger than its text, and what it would be when written out is bounded too.

mod builder;
mod mapping;
mod repair;
mod tree;
mod wording;

pub(crate) use tree::{Kind, NodeId, Tree};

use crate::error::{Error, Position};
use builder::Builder;
use repair::Repaired;
use saphyr_parser::{Event, Parser, ScanError};

/// Reads the only document of the text; `None` when it holds none.
pub(crate) fn read(text: &str) -> Result<Option<Tree>, Error> {
    let mut repaired = Repaired::new(text);
    loop {
        match read_once(&repaired) {
            Ok(tree) => return Ok(tree),
            Err(Failure::Said(error)) => return Err(error),
            Err(Failure::Scan(error)) if repaired.mend(&error) => {}
            Err(Failure::Scan(error)) => {
                return Err(wording::error(text, error.info(), repaired.position(*error.marker())));
            }
        }
    }
}

/// Why one pass over the text ended early.
enum Failure {
    /// The parser's own complaint.
    Scan(ScanError),
    /// Ours.
    Said(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

fn read_once(repaired: &Repaired) -> Result<Option<Tree>, Failure> {
    let mut builder = Builder::default();
    let mut tree = None;
    let mut document = Position { line: 1, column: 1 };
    for event in Parser::new_from_str(repaired.text()) {
        let (event, span) = event.map_err(Failure::Scan)?;
        let position = repaired.position(span.start);
        match event {
            Event::DocumentStart(_) => document = position,
            Event::DocumentEnd => keep_only(&mut tree, std::mem::take(&mut builder).finish(), document)?,
            event => builder.event(event, position)?,
        }
    }
    Ok(tree)
}

/// A buildspec is one document; an empty one beside it (a last `---`) does no harm.
fn keep_only(kept: &mut Option<Tree>, next: Option<Tree>, at: Position) -> Result<(), Error> {
    match next {
        Some(next) if !next.is_null(next.root()) => {
            if kept.replace(next).is_some() {
                return Err(Error::at(at, "the buildspec holds a second YAML document"));
            }
            Ok(())
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
