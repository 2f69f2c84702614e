//! `runtimes.yml`. Keys are taken as they are written: `3.10` stays `3.10`.

use saphyr_parser::{Event, Parser};
use std::collections::BTreeMap;

/// Nothing in the file is deeper.
const MAX_DEPTH: usize = 16;

/// The image's runtimes by name.
pub(crate) type Catalog = BTreeMap<String, BTreeMap<String, Recipe>>;

/// How one version of a runtime is put in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Recipe {
    /// Run one after the other in the build's shell.
    pub(crate) commands: Vec<String>,
    /// Runtimes that this one needs, with the versions that will do, the preferred one first.
    pub(crate) requires: Vec<(String, Vec<String>)>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Reads the file.
pub(crate) fn parse(text: &str) -> Result<Catalog, String> {
    let mut events = Parser::new_from_str(text).filter_map(|event| match event {
        Ok((
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing,
            _,
        )) => None,
        Ok((event, _)) => Some(Ok(event)),
        Err(error) => Some(Err(error.to_string())),
    });
    let Some(first) = events.next() else { return Ok(Catalog::new()) };
    let root = node(first?, &mut events, 0)?;
    let runtimes = root.get("runtimes").ok_or("it has no key runtimes")?;
    Ok(runtimes.entries().map(|(name, runtime)| (name.clone(), versions(runtime))).collect())
}

fn versions(runtime: &Node) -> BTreeMap<String, Recipe> {
    let versions = runtime.get("versions");
    versions
        .into_iter()
        .flat_map(Node::entries)
        .map(|(version, recipe)| (version.clone(), self::recipe(recipe)))
        .collect()
}

fn recipe(node: &Node) -> Recipe {
    let requires = node.get("requires").into_iter().flat_map(Node::entries);
    Recipe {
        commands: node.get("commands").map(Node::texts).unwrap_or_default(),
        requires: requires.map(|(name, versions)| (name.clone(), versions.texts())).collect(),
    }
}

type Events<'a, 'e> = &'e mut dyn Iterator<Item = Result<Event<'a>, String>>;

fn next<'a>(rest: Events<'a, '_>) -> Result<Event<'a>, String> {
    rest.next().unwrap_or_else(|| Err("it ends too early".into()))
}

fn node<'a>(event: Event<'a>, rest: Events<'a, '_>, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err("it is nested too deeply".into());
    }
    match event {
        Event::Scalar(text, ..) => Ok(Node::Text(text.into_owned())),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match next(rest)? {
                    Event::SequenceEnd => return Ok(Node::List(items)),
                    event => items.push(node(event, rest, depth + 1)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut entries = Vec::new();
            loop {
                let key = match next(rest)? {
                    Event::MappingEnd => return Ok(Node::Map(entries)),
                    Event::Scalar(key, ..) => key.into_owned(),
                    _ => return Err("a key is no plain text".into()),
                };
                let value = next(rest)?;
                entries.push((key, node(value, rest, depth + 1)?));
            }
        }
        _ => Ok(Node::Text(String::new())),
    }
}

impl Node {
    fn entries(&self) -> impl Iterator<Item = &(String, Node)> {
        match self {
            Self::Map(entries) => entries.iter(),
            Self::Text(_) | Self::List(_) => [].iter(),
        }
    }

    fn get(&self, key: &str) -> Option<&Node> {
        self.entries().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The texts of a list; one text is a list of one.
    fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::List(items) => items.iter().flat_map(Node::texts).collect(),
            Self::Map(_) => Vec::new(),
        }
    }
}
