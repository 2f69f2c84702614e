//! Parser events → tree, with the limits of [`crate::limits`] kept at every event.

use super::mapping;
use super::tree::{Extent, Kind, NodeId, Tree};
use crate::error::{Error, Position};
use crate::limits::{MAX_DEPTH, MAX_EXPANDED_BYTES, MAX_NODES};
use saphyr_parser::{Event, ScalarStyle, Tag};
use std::collections::HashMap;

/// Builds one document.
#[derive(Debug, Default)]
pub(super) struct Builder {
    tree: Tree,
    /// Lists and maps that have not ended, outermost first.
    open: Vec<Open>,
    /// Finished nodes by the parser's number of their anchor.
    anchors: HashMap<usize, NodeId>,
    nodes: u64,
}

#[derive(Debug)]
struct Open {
    is_mapping: bool,
    position: Position,
    anchor: usize,
    /// Items, or keys and values in turn.
    children: Vec<NodeId>,
    extent: Extent,
}

impl Builder {
    /// Takes the next event of the document.
    pub(super) fn event(&mut self, event: Event<'_>, position: Position) -> Result<(), Error> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = is_plain(style, tag.as_deref(), position)?;
                self.scalar(text.into_owned(), plain, anchor, position)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_object(tag.as_deref(), position)?;
                self.open(false, anchor, position)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_object(tag.as_deref(), position)?;
                self.open(true, anchor, position)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(id) => self.place(*id, position),
                None => Err(Error::at(position, "an anchor's value contains itself")),
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    /// The finished document.
    pub(super) fn finish(self) -> Option<Tree> {
        self.tree.is_complete().then_some(self.tree)
    }

    fn scalar(&mut self, text: String, plain: bool, anchor: usize, position: Position) -> Result<(), Error> {
        if text.contains('\0') {
            return Err(Error::at(position, "control characters are not allowed")
                .hint("the text holds a NUL, which no command, name or value can"));
        }
        let extent = Extent { nodes: 1, bytes: text.len() as u64 };
        self.add(Kind::Scalar { text, plain }, extent, anchor, position)
    }

    fn open(&mut self, is_mapping: bool, anchor: usize, position: Position) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(position));
        }
        let extent = Extent { nodes: 1, bytes: 0 };
        self.open.push(Open { is_mapping, position, anchor, children: Vec::new(), extent });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let kind = if open.is_mapping {
            Kind::Mapping(mapping::entries(&self.tree, &open.children)?)
        } else {
            Kind::Sequence(open.children)
        };
        self.add(kind, open.extent, open.anchor, open.position)
    }

    fn add(&mut self, kind: Kind, extent: Extent, anchor: usize, position: Position) -> Result<(), Error> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(too_many(position));
        }
        let id = self.tree.push(kind, position, extent);
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        self.place(id, position)
    }

    /// Puts a node below the innermost open one.
    fn place(&mut self, id: NodeId, position: Position) -> Result<(), Error> {
        let Some(parent) = self.open.last_mut() else {
            self.tree.set_root(id);
            return Ok(());
        };
        parent.children.push(id);
        parent.extent.add(self.tree.extent(id));
        if parent.extent.nodes > MAX_NODES || parent.extent.bytes > MAX_EXPANDED_BYTES {
            return Err(too_many(position));
        }
        Ok(())
    }
}

/// The complaint about too much nesting, ours and the parser's.
pub(super) fn too_deep(position: Position) -> Error {
    Error::at(position, format!("lists and maps are nested more than {MAX_DEPTH} deep"))
}

fn too_many(position: Position) -> Error {
    Error::at(position, format!("the buildspec holds over {MAX_NODES} values or {MAX_EXPANDED_BYTES} bytes of text"))
        .hint("every use of an alias counts as if its value were written there")
}

/// Whether the scalar's text may still mean null or a merge key.
fn is_plain(style: ScalarStyle, tag: Option<&Tag>, position: Position) -> Result<bool, Error> {
    refuse_object(tag, position)?;
    Ok(style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.is_yaml_core_schema() && tag.suffix != "str"))
}

/// Tags that say what a text is are harmless, and so are local ones such as `!Sub`; those of other languages' objects
/// mean that the text was not written for us.
fn refuse_object(tag: Option<&Tag>, position: Position) -> Result<(), Error> {
    const KNOWN: [&str; 8] = ["str", "int", "float", "bool", "null", "seq", "map", "merge"];
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && !KNOWN.contains(&tag.suffix.as_str()) => {
            Err(Error::at(position, format!("the tag !!{} means nothing in a buildspec", tag.suffix)))
        }
        Some(_) | None => Ok(()),
    }
}
