//! How a value breaks its shape, in AWS's words (reference 12.1).
//!
//! Invariant: a message stays small whatever the value is, and shows nothing that is secret.

use super::{Kind, Shapes, Type};
use crate::ApiError;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::{self, Display, Formatter, Write};

/// Characters of a value or a name that a message shows.
const SHOWN: usize = 256;
/// Violations that are counted; more tell nobody anything.
pub(super) const COUNTED: usize = 50;

/// How a document breaks its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violations {
    /// A member had another type, so that the document could not be read at all.
    Mistyped(String),
    /// The constraints that were broken, each a sentence; never empty.
    Constraints(Vec<String>),
}

impl Violations {
    /// As a service tells it whose exception for broken constraints is `code`.
    pub fn into_error(self, code: &'static str) -> ApiError {
        match self {
            Self::Mistyped(message) => ApiError::serialization(message),
            Self::Constraints(_) => ApiError::new(Cow::Borrowed(code), self.to_string()),
        }
    }
}

impl Display for Violations {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mistyped(message) => f.write_str(message),
            Self::Constraints(broken) => {
                let plural = if broken.len() == 1 { "" } else { "s" };
                write!(f, "{} validation error{plural} detected: {}", broken.len(), broken.join("; "))
            }
        }
    }
}

/// One broken constraint: `Value '…' at 'projectName' failed to satisfy constraint: Member must …`.
pub(super) fn constraint(shapes: &Shapes, shape: &Type, value: &Value, path: &[Step<'_>], rule: &str) -> String {
    let mut text = String::from("Value ");
    if value.is_null() {
        text.push_str("null ");
    } else if !shape.secret {
        let mut shown = Shown { text: String::new(), left: SHOWN };
        // Ends early when it is long enough.
        show(shapes, shape, value, &mut shown).ok();
        text.extend(["'", &shown.text, "' "]);
    }
    text.extend(["at '", &place(path), "' failed to satisfy constraint: Member must ", rule]);
    text
}

/// One step down into a document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Member(&'a str),
    /// From 0; told from 1.
    Element(usize),
    Key(&'a str),
}

/// `secondarySources.1.member.type`.
pub(super) fn place(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        if !text.is_empty() {
            text.push('.');
        }
        // Writing to a string cannot fail.
        match step {
            Step::Member(name) => text.push_str(name),
            Step::Element(index) => write!(text, "{}.member", index + 1).unwrap_or_default(),
            Step::Key(key) => {
                text.extend(key.chars().take(64));
                text.push_str(".member");
            }
        }
    }
    text
}

struct Shown {
    text: String,
    left: usize,
}

impl Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.left == 0 {
                self.text.push('…');
                return Err(fmt::Error);
            }
            self.left -= 1;
            self.text.push(character);
        }
        Ok(())
    }
}

/// Goes down with the shape, so that it meets what is secret; members without a shape are not shown.
fn show(shapes: &Shapes, shape: &Type, value: &Value, out: &mut Shown) -> fmt::Result {
    if shape.secret {
        return out.write_str("***");
    }
    match (&shape.kind, value) {
        (Kind::List(element), Value::Array(values)) => {
            for (index, value) in values.iter().enumerate() {
                out.write_str(if index == 0 { "[" } else { ", " })?;
                show(shapes, element, value, out)?;
            }
            out.write_str(if values.is_empty() { "[]" } else { "]" })
        }
        (Kind::Structure(_) | Kind::Map(..), Value::Object(members)) => {
            out.write_char('{')?;
            let place = super::Shape { shapes, shape };
            let known = members.iter().filter_map(|(name, value)| Some((name, value, place.member(name)?.shape)));
            for (index, (name, value, shape)) in known.enumerate() {
                out.write_str(if index == 0 { "" } else { ", " })?;
                out.write_str(name)?;
                out.write_char('=')?;
                show(shapes, shape, value, out)?;
            }
            out.write_char('}')
        }
        (_, Value::String(text)) => out.write_str(text),
        (_, Value::Number(number)) => write!(out, "{number}"),
        (_, Value::Bool(flag)) => write!(out, "{flag}"),
        (_, Value::Null) => out.write_str("null"),
        (_, Value::Array(_) | Value::Object(_)) => out.write_str("…"),
    }
}
