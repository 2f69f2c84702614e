//! A map whose keys are known: each is taken by name, and what is left is unknown.

use super::unknown::Document;
use super::value::Value;
use crate::error::{Error, Position};
use crate::yaml::NodeId;

/// The keys of a map that were not taken yet, in the order of the text.
#[derive(Debug)]
pub(super) struct Fields<'d> {
    document: &'d Document,
    path: String,
    position: Position,
    rest: Vec<(NodeId, NodeId)>,
}

impl<'d> Fields<'d> {
    pub(super) fn new(document: &'d Document, path: String, position: Position, rest: Vec<(NodeId, NodeId)>) -> Self {
        Self { document, path, position, rest }
    }

    /// Where the map begins.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// The map's own path, for messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The key's value, null or not.
    pub(super) fn take_even_null(&mut self, key: &str) -> Option<Value<'d>> {
        let at = self.rest.iter().position(|(name, _)| self.document.tree.key(*name) == key)?;
        let (_, value) = self.rest.remove(at);
        Some(Value::new(self.document, value, self.path_to(key)))
    }

    /// The key's value; a null counts as absent.
    pub(super) fn take(&mut self, key: &str) -> Option<Value<'d>> {
        self.take_even_null(key).filter(|value| !value.is_null())
    }

    /// The key's value, or an error that it is missing.
    pub(super) fn required(&mut self, key: &str) -> Result<Value<'d>, Error> {
        self.take(key).ok_or_else(|| {
            Error::at(self.position, format!("{} is required, but missing from the map", self.path_to(key)))
        })
    }

    /// Text as written.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, Error> {
        self.take(key).map(|value| value.text().map(str::to_owned)).transpose()
    }

    /// A boolean; absent is false.
    pub(super) fn flag(&mut self, key: &str) -> Result<bool, Error> {
        Ok(self.optional_flag(key)?.unwrap_or_default())
    }

    pub(super) fn optional_flag(&mut self, key: &str) -> Result<Option<bool>, Error> {
        self.take(key).map(|value| value.flag()).transpose()
    }

    /// A list of strings; absent is empty.
    pub(super) fn strings(&mut self, key: &str) -> Result<Vec<String>, Error> {
        self.take(key).map_or_else(|| Ok(Vec::new()), |value| value.strings())
    }

    /// A map below this one.
    pub(super) fn fields(&mut self, key: &str) -> Result<Option<Self>, Error> {
        self.take(key).map(|value| value.fields()).transpose()
    }

    /// Every key that was not taken yet, with its value, null or not.
    pub(super) fn take_all(&mut self) -> Vec<(Value<'d>, Value<'d>)> {
        let rest = std::mem::take(&mut self.rest);
        let pair = |(key, value)| {
            let path = self.path_to(self.document.tree.key(key));
            (Value::new(self.document, key, path.clone()), Value::new(self.document, value, path))
        };
        rest.into_iter().map(pair).collect()
    }

    /// Remembers what was not taken as unknown.
    pub(super) fn finish(mut self) {
        for (key, _) in self.take_all() {
            self.document.remember(key.path().to_owned(), key.position());
        }
    }

    fn path_to(&self, key: &str) -> String {
        let key = super::value::shortened(key);
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}
