//! CBOR to values.
//!
//! Invariant: an announced length is never believed: memory grows with the bytes that are there, and with the limits that
//! hold for JSON, too.

use super::TIME;
use crate::ApiError;
use crate::limits::{Budget, no_structure, twice};
use crate::shape::Shape;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ciborium_ll::{Decoder, Error, Header};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// Bytes of a string that are read at once.
const CHUNK: usize = 1024;

/// Reads a body. An empty one is an empty structure.
///
/// # Errors
/// `SerializationException` for everything but one map with text keys; for bytes, text and times in each other's places.
pub fn decode(body: &[u8], shape: Option<Shape<'_>>) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut reader = Reader { decoder: Decoder::from(body), budget: Budget::new() };
    let value =
        reader.value(shape, 0).map_err(|fault| ApiError::serialization(format!("the body is no CBOR: {fault}")))?;
    if reader.decoder.offset() != body.len() {
        return Err(ApiError::serialization("the body goes on after its end"));
    }
    if value.is_object() { Ok(value) } else { Err(no_structure()) }
}

type Fault = Cow<'static, str>;

struct Reader<'a> {
    decoder: Decoder<&'a [u8]>,
    budget: Budget,
}

/// The elements or members that are still to come.
enum Rest {
    Counted(usize),
    UntilBreak,
}

impl Reader<'_> {
    fn value(&mut self, shape: Option<Shape<'_>>, depth: usize) -> Result<Value, Fault> {
        let header = self.pull()?;
        self.item(header, shape, depth)
    }

    fn item(&mut self, header: Header, shape: Option<Shape<'_>>, depth: usize) -> Result<Value, Fault> {
        self.budget.take(depth)?;
        let is_blob = shape.is_some_and(Shape::is_blob);
        match header {
            Header::Positive(number) => Ok(number.into()),
            // The wire has -1 - n.
            Header::Negative(number) => match i64::try_from(number) {
                Ok(number) => Ok((-1 - number).into()),
                Err(_) => Err("a number is out of range".into()),
            },
            Header::Float(number) => {
                Number::from_f64(number).map(Value::Number).ok_or_else(|| "a number is not finite".into())
            }
            Header::Simple(20) => Ok(false.into()),
            Header::Simple(21) => Ok(true.into()),
            // Null and undefined.
            Header::Simple(22 | 23) => Ok(Value::Null),
            Header::Text(_) if is_blob => Err("text where bytes belong".into()),
            Header::Text(length) => self.text(length).map(Value::String),
            Header::Bytes(_) if shape.is_some() && !is_blob => Err("bytes where none belong".into()),
            Header::Bytes(length) => Ok(STANDARD.encode(self.bytes(length)?).into()),
            Header::Array(length) => self.list(length, shape, depth),
            Header::Map(length) => self.structure(length, shape, depth),
            Header::Tag(tag) => self.tagged(tag, shape, depth),
            Header::Simple(_) => Err("a simple value that has no meaning".into()),
            Header::Break => Err("an end of nothing".into()),
        }
    }

    fn tagged(&mut self, tag: u64, shape: Option<Shape<'_>>, depth: usize) -> Result<Value, Fault> {
        match shape {
            Some(shape) if tag != TIME || !shape.is_time() => Err(format!("the tag {tag} in a wrong place").into()),
            // Each tag is a level: tags of tags must end, too.
            _ => self.value(shape, depth + 1),
        }
    }

    fn list(&mut self, length: Option<usize>, shape: Option<Shape<'_>>, depth: usize) -> Result<Value, Fault> {
        let mut rest = Rest::new(length);
        let mut values = Vec::new();
        while let Some(header) = rest.next(self)? {
            values.push(self.item(header, shape.and_then(Shape::element), depth + 1)?);
        }
        Ok(Value::Array(values))
    }

    fn structure(&mut self, length: Option<usize>, shape: Option<Shape<'_>>, depth: usize) -> Result<Value, Fault> {
        let mut rest = Rest::new(length);
        let mut members = Map::new();
        while let Some(header) = rest.next(self)? {
            let Header::Text(length) = header else { return Err("a member's name is no text".into()) };
            let name = self.text(length)?;
            if members.contains_key(&name) {
                return Err(twice(&name).into());
            }
            let value = self.value(shape.and_then(|shape| shape.member(&name)), depth + 1)?;
            members.insert(name, value);
        }
        members.retain(|_, value| !value.is_null());
        Ok(Value::Object(members))
    }

    fn text(&mut self, length: Option<usize>) -> Result<String, Fault> {
        let mut text = String::new();
        let mut segments = self.decoder.text(length);
        while let Some(mut segment) = segments.pull().map_err(fault)? {
            let mut chunk = [0; CHUNK];
            while let Some(part) = segment.pull(&mut chunk).map_err(fault)? {
                text.push_str(part);
            }
        }
        Ok(text)
    }

    fn bytes(&mut self, length: Option<usize>) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let mut segments = self.decoder.bytes(length);
        while let Some(mut segment) = segments.pull().map_err(fault)? {
            let mut chunk = [0; CHUNK];
            while let Some(part) = segment.pull(&mut chunk).map_err(fault)? {
                bytes.extend(part);
            }
        }
        Ok(bytes)
    }

    fn pull(&mut self) -> Result<Header, Fault> {
        self.decoder.pull().map_err(fault)
    }
}

impl Rest {
    fn new(length: Option<usize>) -> Self {
        length.map_or(Self::UntilBreak, Self::Counted)
    }

    /// The head of the next one.
    fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<Header>, Fault> {
        match self {
            Self::Counted(0) => return Ok(None),
            Self::Counted(left) => *left -= 1,
            Self::UntilBreak => {}
        }
        let header = reader.pull()?;
        Ok(if header == Header::Break && matches!(self, Self::UntilBreak) { None } else { Some(header) })
    }
}

fn fault<T>(error: Error<T>) -> Fault {
    match error {
        Error::Io(_) => "it ends early".into(),
        Error::Syntax(offset) => format!("a wrong byte at {offset}").into(),
    }
}
