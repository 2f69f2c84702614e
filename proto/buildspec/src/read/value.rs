//! One value of the document, read as what its place expects.

use super::fields::Fields;
use super::unknown::Document;
use crate::error::{Error, Position};
use crate::yaml::{Kind, NodeId};
use std::fmt;

/// A value and the keys on the way to it.
#[derive(Debug, Clone)]
pub(super) struct Value<'d> {
    document: &'d Document,
    id: NodeId,
    path: String,
}

impl<'d> Value<'d> {
    pub(super) fn new(document: &'d Document, id: NodeId, path: String) -> Self {
        Self { document, id, path }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn position(&self) -> Position {
        self.document.tree.position(self.id)
    }

    pub(super) fn is_null(&self) -> bool {
        self.document.tree.is_null(self.id)
    }

    /// An error about this value.
    pub(super) fn fault(&self, message: impl fmt::Display) -> Error {
        Error::at(self.position(), message)
    }

    /// The text as written; nothing for lists and maps.
    pub(super) fn scalar(&self) -> Option<&'d str> {
        self.document.tree.scalar(self.id)
    }

    /// The text as written: `1.10` stays `1.10`, `yes` stays `yes`. Null is an empty text.
    pub(super) fn text(&self) -> Result<&'d str, Error> {
        match self.scalar() {
            Some(_) if self.is_null() => Ok(""),
            Some(text) => Ok(text),
            None => Err(self.unexpected("to be of string type")),
        }
    }

    /// yes, no, true, false, on, off, in any case, quoted or not (reference 1.8).
    pub(super) fn flag(&self) -> Result<bool, Error> {
        let Some(text) = self.scalar() else { return Err(self.unexpected("to be yes or no")) };
        match text.trim().to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" => Ok(true),
            "no" | "false" | "off" => Ok(false),
            _ => Err(self.fault(format_args!("Expected {} to be yes or no: found '{}'", self.path, shortened(text)))),
        }
    }

    /// A list of strings, or one string.
    pub(super) fn strings(&self) -> Result<Vec<String>, Error> {
        self.strings_called(&self.path)
    }

    /// [`Value::strings`] with another name in its errors. Null items are passed over, though they count in the index.
    pub(super) fn strings_called(&self, name: &str) -> Result<Vec<String>, Error> {
        let tree = &self.document.tree;
        match tree.kind(self.id) {
            Kind::Scalar { .. } if self.is_null() => Ok(Vec::new()),
            Kind::Scalar { text, .. } => Ok(vec![text.clone()]),
            Kind::Mapping(_) => Err(self
                .fault(format_args!("Expected {name} to be a list of strings: found subkeys instead"))
                .hint("write each string on its own line after `- `")),
            Kind::Sequence(items) => items
                .iter()
                .enumerate()
                .filter(|(_, item)| !tree.is_null(**item))
                .map(|(index, item)| match tree.scalar(*item) {
                    Some(text) => Ok(text.to_owned()),
                    None => Err(self.not_a_string(*item, name, index)),
                })
                .collect(),
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Result<Vec<Value<'d>>, Error> {
        let Kind::Sequence(items) = self.document.tree.kind(self.id) else {
            return Err(self.unexpected("to be a list"));
        };
        let item = |(index, id): (usize, &NodeId)| Value::new(self.document, *id, format!("{}[{index}]", self.path));
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// A map whose keys are known.
    pub(super) fn fields(&self) -> Result<Fields<'d>, Error> {
        match self.document.tree.kind(self.id) {
            Kind::Mapping(entries) => {
                Ok(Fields::new(self.document, self.path.clone(), self.position(), entries.clone()))
            }
            Kind::Scalar { .. } | Kind::Sequence(_) => Err(self.unexpected("to be a map")),
        }
    }

    fn unexpected(&self, expected: &str) -> Error {
        let found = match self.document.tree.kind(self.id) {
            Kind::Scalar { .. } => "a string",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "subkeys",
        };
        self.fault(format_args!("Expected {} {expected}: found {found} instead", self.path))
    }

    /// CodeBuild's error about a command that is a map (reference 1.7), and its like for lists.
    fn not_a_string(&self, item: NodeId, name: &str, index: usize) -> Error {
        let tree = &self.document.tree;
        let position = tree.position(item);
        let line = position.line;
        let Kind::Mapping(entries) = tree.kind(item) else {
            return Error::at(position, format!("Expected {name}[{index}] to be of string type: found a list instead"));
        };
        let key = entries.first().map(|(key, _)| shortened(tree.key(*key))).unwrap_or_default();
        Error::new(format!(
            "Expected {name}[{index}] to be of string type: found subkeys instead at line {line}, \
             value of the key tag on line {} might be empty",
            line.saturating_sub(1)
        ))
        .positioned(position)
        .hint(format!(
            "YAML reads a colon and a space as a key with its value, here the key `{key}`: \
             put the whole line in quotes, or on a line of its own below `- |`"
        ))
    }
}

/// Text from the buildspec, short enough for a message.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut short: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
