//! The shapes of a service: what its operations take and give, as a compact text of our own (`shape/parse.rs` explains the
//! notation). Checking values is `check`'s; turning them into bytes is the protocols'.
//!
//! Invariant: every name that a parsed text uses is defined in it, and every pattern compiles.

mod check;
#[cfg(any(test, feature = "testing"))]
mod examples;
mod notation;
mod parse;
mod token;
mod violation;

#[cfg(any(test, feature = "testing"))]
pub use examples::Broken;
pub use parse::ParseError;
pub use violation::Violations;

use regex::Regex;
use std::collections::BTreeMap;

/// A service's operations, structures and enums.
#[derive(Debug, Default)]
pub struct Shapes {
    operations: BTreeMap<String, Signature>,
    structures: Vec<Structure>,
    enums: Vec<Enumeration>,
}

/// What one operation takes and gives: two structures.
#[derive(Debug)]
struct Signature {
    input: Type,
    output: Type,
}

#[derive(Debug, Default)]
struct Structure {
    name: String,
    members: Vec<Member>,
}

#[derive(Debug, Default)]
struct Enumeration {
    name: String,
    values: Vec<String>,
}

#[derive(Debug)]
struct Member {
    name: String,
    required: bool,
    /// In the documentation and not yet in the model that SDKs are made of.
    newer: bool,
    shape: Type,
}

/// A type with its limits.
#[derive(Debug)]
struct Type {
    kind: Kind,
    /// Of a number its value; of a string its characters; of a blob its bytes; of a list or map its entries.
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<Pattern>,
    /// Must not be seen in messages or logs.
    secret: bool,
}

#[derive(Debug)]
enum Kind {
    Str,
    Int,
    Long,
    Double,
    Bool,
    Time,
    Blob,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    /// Places in `Shapes`.
    Structure(usize),
    Enum(usize),
}

#[derive(Debug)]
struct Pattern {
    /// As in the service's model.
    text: String,
    /// For the whole string.
    regex: Regex,
}

/// A type at its place in a document. The protocols go down with it beside the value.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    shapes: &'a Shapes,
    shape: &'a Type,
}

impl Shapes {
    /// The operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    /// What an operation takes.
    pub fn input(&self, operation: &str) -> Option<Shape<'_>> {
        self.operations.get(operation).map(|found| Shape { shapes: self, shape: &found.input })
    }

    /// What an operation gives.
    pub fn output(&self, operation: &str) -> Option<Shape<'_>> {
        self.operations.get(operation).map(|found| Shape { shapes: self, shape: &found.output })
    }

    fn structure(&self, place: usize) -> &[Member] {
        self.structures.get(place).map_or(&[], |found| &found.members)
    }

    fn values(&self, place: usize) -> &[String] {
        self.enums.get(place).map_or(&[], |found| &found.values)
    }
}

impl<'a> Shape<'a> {
    /// The shape of a structure's member or of a map's values.
    pub fn member(self, name: &str) -> Option<Shape<'a>> {
        let shape = match &self.shape.kind {
            Kind::Structure(place) => {
                self.shapes.structure(*place).iter().find(|member| member.name == name).map(|member| &member.shape)?
            }
            Kind::Map(_, value) => value,
            _ => return None,
        };
        Some(Shape { shape, ..self })
    }

    /// The shape of a list's elements.
    pub fn element(self) -> Option<Shape<'a>> {
        match &self.shape.kind {
            Kind::List(element) => Some(Shape { shape: element, ..self }),
            _ => None,
        }
    }

    /// Bytes; base64 in JSON.
    pub fn is_blob(self) -> bool {
        matches!(self.shape.kind, Kind::Blob)
    }

    /// Seconds since the epoch.
    pub fn is_time(self) -> bool {
        matches!(self.shape.kind, Kind::Time)
    }

    /// A number that may have a fraction.
    pub fn is_double(self) -> bool {
        matches!(self.shape.kind, Kind::Double)
    }
}

#[cfg(test)]
mod tests;
