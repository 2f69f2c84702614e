//! The document while it is read, and the keys that nobody asked for.

use super::fields::Fields;
use super::value::Value;
use super::version;
use crate::error::{Error, Position};
use crate::yaml::{Kind, Tree};
use std::cell::RefCell;
use std::fmt;

/// A key that means nothing where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The keys on the way to it: `artifacts.fiels`.
    pub path: String,
    pub position: Position,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown key '{}' at {}", self.path, self.position)
    }
}

/// A tree, and what was found in it that has no meaning.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) tree: Tree,
    unknown: RefCell<Vec<UnknownKey>>,
}

impl Document {
    pub(super) fn new(tree: Tree) -> Self {
        Self { tree, unknown: RefCell::default() }
    }

    /// The outermost map.
    pub(super) fn top(&self) -> Result<Fields<'_>, Error> {
        let root = self.tree.root();
        match self.tree.kind(root) {
            Kind::Mapping(_) => Value::new(self, root, String::new()).fields(),
            Kind::Scalar { .. } | Kind::Sequence(_) => Err(version::malformed(self.tree.position(root))
                .hint("a buildspec is a map that begins with `version: 0.2`")),
        }
    }

    pub(super) fn remember(&self, path: String, position: Position) {
        self.unknown.borrow_mut().push(UnknownKey { path, position });
    }

    /// The unknown keys in the order of the text.
    pub(super) fn into_unknown(self) -> Vec<UnknownKey> {
        let mut unknown = self.unknown.into_inner();
        unknown.sort_by_key(|key| key.position);
        unknown
    }
}
