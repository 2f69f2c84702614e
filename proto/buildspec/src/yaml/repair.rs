//! Layouts that CodeBuild's parser takes and ours refuses, though they have only one meaning: then the text is changed
//! in white space that means nothing there, and read again. Places keep meaning the text as it was given.
//!
//! Two layouts are known: a flow collection or a quoted text that goes on at or left of its key's column
//! (`files: [` with its `]` right below `files`) or after a tab, and a tab after a key's colon.

use crate::error::Position;
use crate::limits::{MAX_REPARSED_BYTES, MAX_TEXT_BYTES};
use crate::text::lines;
use saphyr_parser::{Marker, ScanError};
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

/// Columns that a line may be moved by.
const MAX_PAD: usize = 256;

/// A text with its changes.
#[derive(Debug)]
pub(super) struct Repaired {
    text: String,
    /// First line (from 1) of those moved together → the last one, and the columns they were moved by.
    pads: BTreeMap<usize, (usize, usize)>,
    /// Bytes that may still be read again.
    budget: usize,
}

impl Repaired {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), pads: BTreeMap::new(), budget: MAX_REPARSED_BYTES }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The place in the text as it was given.
    pub(super) fn position(&self, marker: Marker) -> Position {
        Position { line: marker.line(), column: marker.col().saturating_sub(self.pad(marker.line())) + 1 }
    }

    /// Changes the text so that the parser gets past the error; false when it is a real one or the budget is spent.
    pub(super) fn mend(&mut self, error: &ScanError) -> bool {
        let Some(budget) = self.budget.checked_sub(self.text.len()) else { return false };
        self.budget = budget;
        let at = error.marker();
        match error.info() {
            "invalid indentation" | "invalid indentation in flow construct" | "tab cannot be used as indentation" => {
                self.move_right(at.line()..=at.line())
            }
            "invalid indentation in quoted scalar" => {
                self.last_line_of_quoted(at).is_some_and(|last| self.move_right(at.line() + 1..=last))
            }
            "':' must be followed by a valid YAML whitespace" => self.replace_tabs(at),
            _ => false,
        }
    }

    fn pad(&self, line: usize) -> usize {
        let group = self.pads.range(..=line).next_back();
        group.filter(|(_, (last, _))| line <= *last).map_or(0, |(_, (_, pad))| *pad)
    }

    /// Moves lines to the right of every block that begins before them.
    fn move_right(&mut self, moved: RangeInclusive<usize>) -> bool {
        let pad = (self.deepest_block(*moved.start()) + 1).min(MAX_PAD);
        let added = pad.saturating_mul(moved.clone().count());
        if moved.is_empty() || self.pad(*moved.start()) > 0 || added > MAX_TEXT_BYTES {
            return false;
        }
        let mut text = String::with_capacity(self.text.len() + added);
        let mut rest = 0;
        for (number, range) in (1..).zip(lines(&self.text)) {
            if moved.contains(&number) {
                text.push_str(self.text.get(rest..range.start).unwrap_or_default());
                text.push_str(&" ".repeat(pad));
                rest = range.start;
            }
        }
        text.push_str(self.text.get(rest..).unwrap_or_default());
        self.text = text;
        self.pads.insert(*moved.start(), (*moved.end(), pad));
        true
    }

    /// The column of the rightmost block that may have begun before the line or on it.
    fn deepest_block(&self, line: usize) -> usize {
        let column = |range: Range<usize>| {
            let line = self.text.get(range).unwrap_or_default();
            line.len() - line.trim_start_matches([' ', '-', '?']).len()
        };
        lines(&self.text).take(line).map(column).max().unwrap_or_default()
    }

    /// The line on which the quoted text ends that begins at the marker.
    fn last_line_of_quoted(&self, start: &Marker) -> Option<usize> {
        let text = self.text.get(self.offset(start)?..)?;
        let length = quoted_length(text)?;
        Some(start.line() + lines(text.get(..length)?).count() - 1)
    }

    /// Makes the tabs that end just before the marker spaces.
    fn replace_tabs(&mut self, end: &Marker) -> bool {
        let Some(end) = self.offset(end) else { return false };
        let before = self.text.get(..end).unwrap_or_default();
        let tabs = before.trim_end_matches('\t').len()..end;
        let spaces = " ".repeat(tabs.len());
        self.text.replace_range(tabs, &spaces);
        !spaces.is_empty()
    }

    /// The byte that the marker points at.
    fn offset(&self, marker: &Marker) -> Option<usize> {
        let line = lines(&self.text).nth(marker.line().checked_sub(1)?)?;
        let column = self.text.get(line.clone())?.char_indices().nth(marker.col()).map(|(at, _)| at);
        Some(column.map_or(line.end, |column| line.start + column))
    }
}

/// Bytes up to and with the closing quote of a text that begins with its opening one.
fn quoted_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.first()?;
    let mut at = 1;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', _) if quote == b'"' => at += 2,
            (b'\'', Some(b'\'')) if quote == b'\'' => at += 2,
            (byte, _) if *byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}
