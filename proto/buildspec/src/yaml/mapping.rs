//! What a map holds in the end: no key twice, and the maps that `<<` names merged in below its own keys.

use super::tree::{Kind, NodeId, Tree};
use crate::error::Error;
use std::collections::HashMap;

/// The entries of a map whose keys and values come in turn. Own keys win over merged ones, earlier merged maps over
/// later ones.
pub(super) fn entries(tree: &Tree, children: &[NodeId]) -> Result<Vec<(NodeId, NodeId)>, Error> {
    let mut entries = Vec::with_capacity(children.len() / 2);
    let mut seen: HashMap<&str, NodeId> = HashMap::with_capacity(children.len() / 2);
    let mut merged = Vec::new();
    for pair in children.chunks_exact(2) {
        let &[key, value] = pair else { continue };
        if is_merge_key(tree, key) {
            collect_merged(tree, value, &mut merged)?;
            continue;
        }
        let Some(text) = tree.scalar(key) else {
            return Err(Error::at(tree.position(key), "a map's key must be text: found a list or map"));
        };
        if let Some(first) = seen.insert(text, key) {
            return Err(duplicate(tree, first, key));
        }
        entries.push((key, value));
    }
    for (key, value) in merged {
        if let std::collections::hash_map::Entry::Vacant(vacant) = seen.entry(tree.key(key)) {
            vacant.insert(key);
            entries.push((key, value));
        }
    }
    Ok(entries)
}

fn is_merge_key(tree: &Tree, key: NodeId) -> bool {
    matches!(tree.kind(key), Kind::Scalar { text, plain: true } if text == "<<")
}

fn collect_merged(tree: &Tree, value: NodeId, merged: &mut Vec<(NodeId, NodeId)>) -> Result<(), Error> {
    let fault = || Error::at(tree.position(value), "map merge requires map or sequence of maps as the value");
    match tree.kind(value) {
        Kind::Mapping(entries) => merged.extend_from_slice(entries),
        Kind::Sequence(maps) => {
            for map in maps {
                let Kind::Mapping(entries) = tree.kind(*map) else { return Err(fault()) };
                merged.extend_from_slice(entries);
            }
        }
        Kind::Scalar { .. } => return Err(fault()),
    }
    Ok(())
}

fn duplicate(tree: &Tree, first: NodeId, second: NodeId) -> Error {
    let (first_at, second_at) = (tree.position(first), tree.position(second));
    let name = shortened(tree.key(second));
    Error::new(format!("key \"{name}\" at line {} already set at line {}", second_at.line, first_at.line))
        .positioned(second_at)
}

fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}
